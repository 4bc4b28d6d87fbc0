package openapitest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"community-images/shared/query/querytest"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestOpenAPIIsValidAndTrue(t *testing.T) {
	t.Parallel()
	w := querytest.NewSmallRegion(t)
	h := w.Handler()
	rec := querytest.Get(h, "/openapi.json")
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
		base := strings.NewReplacer("{ImageId}", "m-cent79", "{Name}", "newest").Replace(pattern)
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
			if pattern == "/v1/diff" && p.Value.Name != "from" && p.Value.Name != "at" && p.Value.Name != "with" {
				target += "&from=1"
			}
			if pattern == "/v1/diff" && (p.Value.Name == "ClusterId" || p.Value.Name == "InstanceType") {
				target = strings.Replace(target, "%2A", "_any", 1)
			}
			if pattern == "/v1/diff" && p.Value.Name == "at" {
				target += "&ClusterId=ehpc-a&with=ehpc-b"
			}
			if pattern == "/v1/diff" && p.Value.Name == "with" {
				target += "&ClusterId=ehpc-a"
			}
			if p.Value.Name == "bom" {
				target += "&format=csv"
			}
			if rec := querytest.Get(h, target); rec.Code == 400 || rec.Code == 500 {
				t.Errorf("the example %s gives %d %s", target, rec.Code, rec.Body)
			}
			tried++
		}
		if example, ok := item.Get.Extensions["x-example"].(string); ok {
			if rec := querytest.Get(h, example); rec.Code != 200 {
				t.Errorf("the example %s gives %d %s", example, rec.Code, rec.Body)
			}
		}
		if content := item.Get.Responses.Value("200").Value.Content.Get("application/json"); content != nil &&
			pattern != "/openapi.json" && pattern != "/" {
			checkBodySchema(t, h, pattern, content.Schema)
		}
	}
	if tried < 300 {
		t.Errorf("only %d examples were tried", tried)
	}
}

// exampleQueries are queries by route. Their answers together have every member of
// the route's schema.
var exampleQueries = map[string][]string{
	"/v1/images": {"", "?ClusterId=*&facets=Status&limit=1",
		"?ClusterId=ehpc-a&InstanceType=ecs.c7.large,_any", "?fields=ImageId", "?ClusterId=ehpc-b"},
	"/v1/images/{ImageId}":         {"", "?ClusterId=ehpc-b&at=1"},
	"/v1/images/{ImageId}/history": {"", "?limit=1"},
	"/v1/clusters":                 {"", "?ClusterId=ehpc-new", "?at=1"},
	"/v1/changes":                  {"", "?since=1", "?since=3"},
	"/v1/diff":                     {"?from=1&ClusterId=ehpc-a", "?ClusterId=ehpc-a&with=ehpc-b"},
	"/v1/matrix":                   {"", "?ClusterId=ehpc-a&InstanceType=_any,ecs.c7.large", "?q=none"},
	"/v1/aliases":                  {"", "?at=1"},
	"/v1/aliases/{Name}":           {"", "?at=2"},
	"/v1/status":                   {"", "?RegionId=cn-hangzhou"},
	"/healthz":                     {""},
}

// checkBodySchema checks that answers keep their schema, and that each member is
// documented.
func checkBodySchema(t *testing.T, h http.Handler, pattern string, schema *openapi3.SchemaRef) {
	t.Helper()
	if len(exampleQueries[pattern]) == 0 {
		t.Errorf("no answer of %s is held against its schema", pattern)
	}
	for _, query := range exampleQueries[pattern] {
		for _, id := range []string{"m-cent79", "m-ubuntu"} {
			target := strings.NewReplacer("{ImageId}", id, "{Name}", "newest").Replace(pattern) + query
			rec := querytest.Get(h, target)
			var body any
			if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
				t.Fatalf("%s: %v", target, err)
			}
			if id != "m-cent79" && rec.Code == 404 {
				continue // the image is not in this scope
			}
			if err := schema.Value.VisitJSON(body); err != nil || rec.Code != 200 {
				t.Errorf("%s: %d, does not keep its schema: %v", target, rec.Code, err)
			}
			checkNoUndocumentedMember(t, target, body, schema.Value)
		}
	}
}

// TestErrorsKeepTheirSchema checks errors that together have every documented member.
func TestErrorsKeepTheirSchema(t *testing.T) {
	t.Parallel()
	h := querytest.NewSmallRegion(t).Handler()
	schema := loadDocument(t, h).Components.Schemas["Error"].Value
	met := map[string]bool{}
	for _, target := range []string{"/v1/images?x=1", "/v1/images/m-none", "/v1/images/m-win",
		"/v1/images?ClusterId=ehpc-new", "/v1/image"} {
		var body map[string]any
		if err := json.Unmarshal(querytest.Get(h, target).Body.Bytes(), &body); err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		if err := schema.VisitJSON(body); err != nil {
			t.Errorf("%s does not keep its schema: %v", target, err)
		}
		checkNoUndocumentedMember(t, target, body, schema)
		for name := range body {
			met[name] = true
		}
	}
	for name := range schema.Properties {
		if !met[name] {
			t.Errorf("no error has the documented member %s", name)
		}
	}
}

// checkNoUndocumentedMember reports members that are not documented, at every depth.
func checkNoUndocumentedMember(t *testing.T, where string, body any, schema *openapi3.Schema) {
	t.Helper()
	switch body := body.(type) {
	case []any:
		for _, item := range body {
			checkNoUndocumentedMember(t, where+"[]", item, schema.Items.Value)
		}
	case map[string]any:
		if schema.Properties == nil && schema.AdditionalProperties.Schema == nil {
			return // any object
		}
		for name, value := range body {
			switch property := schema.Properties[name]; {
			case property != nil:
				checkNoUndocumentedMember(t, where+"."+name, value, property.Value)
			case schema.AdditionalProperties.Schema != nil:
				checkNoUndocumentedMember(t, where+"."+name, value, schema.AdditionalProperties.Schema.Value)
			case schema.AdditionalProperties.Has == nil:
				t.Errorf("%s has the undocumented member %s", where, name)
			}
		}
	}
}

// loadDocument loads /openapi.json.
func loadDocument(t *testing.T, h http.Handler) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(querytest.Get(h, "/openapi.json").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
