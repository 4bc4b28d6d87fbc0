package page

import (
	"go/ast"
	"go/constant"
	"go/types"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// TestEveryTextIsTranslated compares the texts of pages with their Chinese translations: none is missing, none is of no use, and both have the same verbs.
func TestEveryTextIsTranslated(t *testing.T) {
	t.Parallel()
	used := textsOfPages(t)
	for _, text := range used {
		translated, ok := chineseMessages[text]
		if !ok {
			t.Errorf("chinese.go has no translation of %q", text)
			continue
		}
		if !regexp.MustCompile(`\p{Han}`).MatchString(translated) && !slices.Contains(sameInBoth, text) {
			t.Errorf("%q is translated as %q, which has no Chinese character", text, translated)
		}
		if got, want := verbsOf(translated), verbsOf(string(text)); !slices.Equal(got, want) {
			t.Errorf("%q has the verbs %q, and its translation %q", text, want, got)
		}
	}
	for text := range chineseMessages {
		if !slices.Contains(used, text) {
			t.Errorf("no page has the text %q of chinese.go", text)
		}
	}
}

// sameInBoth are texts that have no Chinese words.
var sameInBoth = []message{", "}

// verbsOf returns the verbs of a format, in the order of their arguments.
func verbsOf(text string) []string {
	verbs := regexp.MustCompile(`%(\[\d+\])?[a-z]`).FindAllString(text, -1)
	slices.Sort(verbs)
	for i := range verbs { // "%[2]s" of a translation is the second of the English text
		verbs[i] = "%" + verbs[i][len(verbs[i])-1:]
	}
	slices.Sort(verbs)
	return verbs
}

// textsOfPages returns the constants of the type message in this package, sorted.
func textsOfPages(t *testing.T) []message {
	t.Helper()
	mode := packages.NeedName | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedSyntax | packages.NeedImports
	loaded, err := packages.Load(&packages.Config{Context: t.Context(), Mode: mode}, ".")
	if err != nil || len(loaded) != 1 || len(loaded[0].Errors) > 0 {
		t.Fatal(err, loaded)
	}
	var texts []message
	for expr, value := range loaded[0].TypesInfo.Types {
		named, ok := value.Type.(*types.Named)
		if !ok || named.Obj().Name() != "message" || value.Value == nil || isKey(expr, loaded[0]) {
			continue
		}
		texts = append(texts, message(constant.StringVal(value.Value)))
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// isKey reports whether an expression stands in the table of translations.
func isKey(expr ast.Expr, p *packages.Package) bool {
	return strings.HasPrefix(filepath.Base(p.Fset.Position(expr.Pos()).Filename), "chinese")
}
