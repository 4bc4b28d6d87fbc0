package query_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestOpenAPIIsValidAndTrue(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler()
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
		if content := item.Get.Responses.Value("200").Value.Content.Get("application/json"); content != nil && pattern != "/openapi.json" && pattern != "/" {
			checkBody(t, h, pattern, content.Schema)
		}
	}
	if tried < 300 {
		t.Errorf("only %d examples were tried", tried)
	}
}

// bodies are questions whose answers have every member of their schemas
// between them.
var bodies = map[string][]string{
	"/v1/images":                   {"", "?ClusterId=*&facets=Status&limit=1", "?ClusterId=ehpc-a&InstanceType=ecs.c7.large,_any", "?fields=ImageId", "?ClusterId=ehpc-b"},
	"/v1/images/{ImageId}":         {"", "?ClusterId=ehpc-b&at=1"},
	"/v1/images/{ImageId}/history": {"", "?limit=1"},
	"/v1/clusters":                 {"", "?ClusterId=ehpc-new", "?at=1"},
	"/v1/changes":                  {"", "?since=1", "?since=c3.0"},
	"/v1/diff":                     {"?from=1&ClusterId=ehpc-a", "?ClusterId=ehpc-a,ehpc-b"},
	"/v1/matrix":                   {"", "?ClusterId=ehpc-a&InstanceType=_any,ecs.c7.large"},
	"/v1/status":                   {"", "?RegionId=cn-hangzhou"},
	"/healthz":                     {""},
}

// checkBody holds answers against their schema, and every member that they
// have against the documented ones.
func checkBody(t *testing.T, h http.Handler, pattern string, schema *openapi3.SchemaRef) {
	t.Helper()
	if len(bodies[pattern]) == 0 {
		t.Errorf("no answer of %s is held against its schema", pattern)
	}
	for _, query := range bodies[pattern] {
		for _, id := range []string{"m-cent79", "m-ubuntu"} {
			target := strings.Replace(pattern, "{ImageId}", id, 1) + query
			rec := get(h, target)
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
			checkMembers(t, target, body, schema.Value)
		}
	}
}

// TestErrorsKeepTheirSchema, with every member that they have.
func TestErrorsKeepTheirSchema(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	schema := document(t, h).Components.Schemas["Error"].Value
	met := map[string]bool{}
	for _, target := range []string{"/v1/images?x=1", "/v1/images/m-none", "/v1/images/m-win", "/v1/images?ClusterId=ehpc-new", "/v1/image"} {
		var body map[string]any
		if err := json.Unmarshal(get(h, target).Body.Bytes(), &body); err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		if err := schema.VisitJSON(body); err != nil {
			t.Errorf("%s does not keep its schema: %v", target, err)
		}
		checkMembers(t, target, body, schema)
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

// checkMembers looks for members that are not documented, all the way down.
func checkMembers(t *testing.T, where string, body any, schema *openapi3.Schema) {
	t.Helper()
	switch body := body.(type) {
	case []any:
		for _, item := range body {
			checkMembers(t, where+"[]", item, schema.Items.Value)
		}
	case map[string]any:
		if schema.Properties == nil && schema.AdditionalProperties.Schema == nil {
			return // any object
		}
		for name, value := range body {
			switch property := schema.Properties[name]; {
			case property != nil:
				checkMembers(t, where+"."+name, value, property.Value)
			case schema.AdditionalProperties.Schema != nil:
				checkMembers(t, where+"."+name, value, schema.AdditionalProperties.Schema.Value)
			case schema.AdditionalProperties.Has == nil:
				t.Errorf("%s has the undocumented member %s", where, name)
			}
		}
	}
}

// document is /openapi.json.
func document(t *testing.T, h http.Handler) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(get(h, "/openapi.json").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// documentedNames are the parameters of all routes, and the operators.
func documentedNames(t *testing.T, h http.Handler) (names []string) {
	for _, item := range document(t, h).Paths.Map() {
		for _, p := range item.Get.Parameters {
			field, op, isFilter := strings.Cut(p.Value.Name, "__")
			switch {
			case isFilter && strings.HasPrefix(op, "i") || op == "eq": // told by the words around
			case isFilter:
				names = append(names, "__"+op)
			default:
				names = append(names, strings.Split(field, ".")[0])
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestErrorCodesAreDocumentedAndTested holds the codes in the sources against
// those in /openapi.json, and each of these against the tests.
func TestErrorCodesAreDocumentedAndTested(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	inCode := map[string]bool{}
	for _, dir := range []string{".", "../fcrun", "../../functions/query"} {
		eachString(t, dir, func(name, value string) {
			if strings.HasPrefix(name, "code") || name == "Code" {
				inCode[value] = true
			}
		})
	}
	tests := ""
	for _, pattern := range []string{"*_test.go", "testdata/*.txtar", "../fcrun/*_test.go", "../../functions/query/*_test.go"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			tests += string(data)
		}
	}
	enum := document(t, w.Handler()).Components.Schemas["Error"].Value.Properties["Code"].Value.Enum
	for _, value := range enum {
		code := value.(string)
		if !inCode[code] {
			t.Errorf("%s is documented and not in the code", code)
		}
		if !strings.Contains(tests, code) {
			t.Errorf("%s is in no test", code)
		}
		delete(inCode, code)
	}
	for code := range inCode {
		t.Errorf("%s is in the code and not documented", code)
	}
	if len(enum) < 20 {
		t.Errorf("only %d codes are documented", len(enum))
	}
}

// eachString shows the string constants of a directory, and the strings that
// are given to the fields of structs, by their names.
func eachString(t *testing.T, dir string, show func(name, value string)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no sources in ", dir, err)
	}
	literal := func(name string, e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == gotoken.STRING {
			if value, err := strconv.Unquote(lit.Value); err == nil {
				show(name, value)
			}
		}
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(gotoken.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if i < len(n.Values) {
						literal(name.Name, n.Values[i])
					}
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok {
					literal(key.Name, n.Value)
				}
			}
			return true
		})
	}
}
