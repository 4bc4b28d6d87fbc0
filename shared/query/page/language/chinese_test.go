package language

import (
	"go/ast"
	"go/constant"
	"go/types"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// TestEveryTextIsTranslated compares the texts of pages with their Chinese translations: none
// is missing, none is of no use, and both have the same verbs.
func TestEveryTextIsTranslated(t *testing.T) {
	t.Parallel()
	used := textsOfPages(t)
	for _, text := range used {
		translated, ok := chineseMessages()[text]
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
	for text := range chineseMessages() {
		if !slices.Contains(used, text) {
			t.Errorf("no page has the text %q of chinese.go", text)
		}
	}
}

// sameInBoth are texts that have no Chinese words.
var sameInBoth = []Message{", ", " ", ": ", "%s."}

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

// The packages that may have texts: query with all below it, and the marks between texts.
const (
	query = "community-images/shared/query"
	marks = "community-images/shared/message"
)

// textsOfPages returns the constants of the type Message in query and all packages below it,
// sorted. Each package of pages must have some, so that none is left out.
func textsOfPages(t *testing.T) []Message {
	t.Helper()
	texts := map[Message]bool{}
	without := packagesOfPages(t)
	for _, p := range loadPackages(t) {
		for expr, value := range p.TypesInfo.Types {
			if isMessage(value.Type) && value.Value != nil && !isKey(expr, p) {
				texts[Message(constant.StringVal(value.Value))] = true
				delete(without, p.PkgPath)
			}
		}
	}
	delete(texts, "") // in the place of a template
	for name := range without {
		t.Errorf("%s has no text: it is not a package of pages, or its texts are not found", name)
	}
	return slices.Sorted(maps.Keys(texts))
}

// loadPackages returns the packages that may have texts.
func loadPackages(t *testing.T) []*packages.Package {
	t.Helper()
	mode := packages.NeedName | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedSyntax | packages.NeedImports
	loaded, err := packages.Load(&packages.Config{Context: t.Context(), Mode: mode}, query+"/...", marks)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range loaded {
		if len(p.Errors) > 0 {
			t.Fatal(p.Errors)
		}
	}
	return loaded
}

// packagesOfPages returns the paths of this package's neighbours, which make pages.
func packagesOfPages(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../*/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	found := map[string]bool{}
	for _, file := range files {
		found[path.Join(query, "page", filepath.Base(filepath.Dir(file)))] = true
	}
	delete(found, path.Join(query, "page/language"))
	return found
}

func isMessage(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Name() == "Template" && named.Obj().Pkg().Path() == marks
}

// isKey reports whether an expression stands in the table of translations.
func isKey(expr ast.Expr, p *packages.Package) bool {
	return p.Name == "language" && strings.HasPrefix(filepath.Base(p.Fset.Position(expr.Pos()).Filename), "chinese")
}
