package query_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// openAPIDocument is what these tests read of /openapi.json. Package openapitest
// checks the document against OpenAPI itself.
type openAPIDocument struct {
	Paths map[string]struct {
		Get struct {
			Parameters []struct {
				Name  string `json:"name"`
				In    string `json:"in"`
				Style string `json:"style"` // form: the parameter takes a list
			} `json:"parameters"`
			Responses map[string]struct {
				Content map[string]struct {
					Schema struct {
						Ref string `json:"$ref"`
					} `json:"schema"`
				} `json:"content"`
			} `json:"responses"`
		} `json:"get"`
	} `json:"paths"`
	Components struct {
		Parameters map[string]struct{} `json:"parameters"` // filters, by their names
		Schemas    struct {
			Error struct {
				Properties struct {
					Code struct {
						Enum []string `json:"enum"`
					}
				} `json:"properties"`
			}
		} `json:"schemas"`
	} `json:"components"`
}

// readOpenAPIDocument reads /openapi.json of a handler.
func readOpenAPIDocument(t *testing.T, h http.Handler) openAPIDocument {
	t.Helper()
	var document openAPIDocument
	if err := json.Unmarshal(get(h, "/openapi.json").Body.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	return document
}

// documentedNames returns the paths and the parameters of all routes, the fields without
// their members, and the operators.
func documentedNames(t *testing.T, h http.Handler) (names []string) {
	t.Helper()
	document := readOpenAPIDocument(t, h)
	for path, item := range document.Paths {
		names = append(names, path)
		for _, p := range item.Get.Parameters {
			names = append(names, p.Name)
		}
	}
	for filter := range document.Components.Parameters {
		field, op, hasOperator := strings.Cut(filter, "__")
		switch {
		case strings.HasPrefix(op, "i") || op == "eq": // the README's prose names these
		case hasOperator:
			names = append(names, "__"+op)
		default:
			names = append(names, strings.Split(field, ".")[0])
		}
	}
	for _, want := range []string{"/v1/images", "sort", "OsTag", "__glob"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not documented", want)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestEveryJSONBodyIsDescribed: each route that answers JSON has a schema for it. The body of
// /openapi.json is described by OpenAPI itself.
func TestEveryJSONBodyIsDescribed(t *testing.T) {
	t.Parallel()
	described := 0
	for path, item := range readOpenAPIDocument(t, newSmallRegion(t).Handler()).Paths {
		body, isJSON := item.Get.Responses["200"].Content["application/json"]
		switch {
		case !isJSON || path == "/openapi.json":
		case body.Schema.Ref == "":
			t.Errorf("the JSON of %s has no schema", path)
		default:
			described++
		}
	}
	if described < 10 {
		t.Errorf("only %d routes have a schema", described)
	}
}

// TestErrorCodesAreDocumentedAndTested compares the codes in the sources with
// those in /openapi.json, and checks that a test names each of them.
func TestErrorCodesAreDocumentedAndTested(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	inCode := map[string]bool{}
	for _, dir := range []string{".", "fault", "../fcrun", "../../functions/query"} {
		eachString(t, dir, func(name, value string) {
			if strings.HasPrefix(name, "code") || strings.HasPrefix(name, "Code") {
				inCode[value] = true
			}
		})
	}
	tests := ""
	for _, pattern := range []string{"*_test.go", "*/*_test.go", "testdata/*.txtar", "../fcrun/*_test.go",
		"../../functions/query/*_test.go"} {
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
	enum := readOpenAPIDocument(t, w.Handler()).Components.Schemas.Error.Properties.Code.Enum
	for _, code := range enum {
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
