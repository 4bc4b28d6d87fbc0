package operate_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// logged finds every message that the functions log, with its level.
func logged(t *testing.T) map[string]string {
	t.Helper()
	levels := map[string]string{"Debug": "debug", "Info": "info", "Warn": "warn", "Error": "error", "DPanic": "dpanic",
		"Panic": "panic", "Fatal": "fatal"}
	found := map[string]string{}
	for _, root := range []string{top + "functions", top + "shared"} {
		err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() && (entry.Name() == "testdata" || strings.HasSuffix(entry.Name(), "test")) {
				return filepath.SkipDir
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil || !slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool {
				return i.Path.Value == `"go.uber.org/zap"`
			}) {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) == 0 {
					return true
				}
				method, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || levels[method.Sel.Name] == "" {
					return true
				}
				literal, ok := call.Args[0].(*ast.BasicLit)
				if receiver, isName := method.X.(*ast.Ident); !ok && isName && receiver.Name == "zap" {
					return true // zap.Error(err), a field
				}
				if !ok {
					t.Errorf("%s logs a message that is not a constant", path)
					return true
				}
				message, _ := strconv.Unquote(literal.Value)
				found[message] = levels[method.Sel.Name]
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestEveryLogMessageIsDocumented(t *testing.T) {
	t.Parallel()
	found := logged(t)
	if len(found) < 15 {
		t.Fatalf("the source logs only %v", found)
	}
	documented := map[string]string{}
	for line := range strings.Lines(readDocument(t).section(t, "## Log messages")) {
		cells := strings.Split(line, "|")
		if len(cells) > 4 && strings.HasPrefix(cells[1], " `") {
			documented[strings.Trim(cells[1], " `")] = strings.TrimSpace(cells[2])
		}
	}
	if diff := cmp.Diff(found, documented); diff != "" {
		t.Errorf("the source (-) and the table of log messages (+) differ:\n%s", diff)
	}
}
