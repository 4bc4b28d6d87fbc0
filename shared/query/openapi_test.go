package query_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestOpenAPIIsValidAndTrue(t *testing.T) {
	t.Parallel()
	w := small(t)
	h := w.handler()
	rec := get(h, "/openapi.json")
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(rec.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for pattern, item := range doc.Paths.Map() {
		base := strings.Replace(pattern, "{ImageId}", "m-cent79", 1)
		for _, p := range item.Get.Parameters {
			if p.Value.In == "path" || p.Value.Example == nil {
				continue
			}
			value := fmt.Sprint(p.Value.Example)
			if list, ok := p.Value.Example.([]any); ok {
				var parts []string
				for _, v := range list {
					parts = append(parts, fmt.Sprint(v))
				}
				value = strings.Join(parts, ",")
			}
			target := base + "?" + url.QueryEscape(p.Value.Name) + "=" + url.QueryEscape(value)
			if pattern == "/v1/diff" && p.Value.Name != "from" && p.Value.Name != "at" {
				target += "&from=1"
			}
			if pattern == "/v1/diff" && (p.Value.Name == "ClusterId" || p.Value.Name == "InstanceType") {
				target = strings.Replace(target, "%2A", "_any", 1)
			}
			if pattern == "/v1/diff" && p.Value.Name == "at" {
				target += "&ClusterId=ehpc-a,ehpc-b"
			}
			if rec := get(h, target); rec.Code == 400 || rec.Code == 500 {
				t.Errorf("the example %s gives %d %s", target, rec.Code, rec.Body)
			}
			tried++
		}
		if example, ok := item.Get.Extensions["x-example"].(string); ok {
			if rec := get(h, example); rec.Code != 200 {
				t.Errorf("the example %s gives %d %s", example, rec.Code, rec.Body)
			}
		}
		if content := item.Get.Responses.Value("200").Value.Content.Get("application/json"); content != nil && pattern != "/openapi.json" {
			checkBody(t, h, base, pattern, content.Schema.Value)
		}
	}
	if tried < 300 {
		t.Errorf("only %d examples were tried", tried)
	}
}

// checkBody holds an answer against its schema, and every member that the
// answer has against the documented ones.
func checkBody(t *testing.T, h http.Handler, base, pattern string, schema *openapi3.Schema) {
	t.Helper()
	target := base
	if pattern == "/v1/diff" {
		target += "?from=1"
	}
	var body any
	if err := json.Unmarshal(get(h, target).Body.Bytes(), &body); err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	if err := schema.VisitJSON(body); err != nil {
		t.Errorf("%s does not keep its schema: %v", target, err)
	}
	for name := range body.(map[string]any) {
		if schema.Properties != nil && schema.Properties[name] == nil {
			t.Errorf("%s has the undocumented member %s", target, name)
		}
	}
}
