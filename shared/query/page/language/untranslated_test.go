package language

import (
	"go/ast"
	"go/types"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/types/typeutil"
)

// TestNoSentenceIsLeftUntranslated: sentences are templates, and templates are constants, so
// that TestEveryTextIsTranslated sees them all. Texts that are the same in all languages have no
// words of ours.
func TestNoSentenceIsLeftUntranslated(t *testing.T) {
	t.Parallel()
	calls := 0
	for _, p := range loadPackages(t) {
		for expr := range p.TypesInfo.Types {
			call, ok := expr.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				continue
			}
			at, arg := p.Fset.Position(call.Pos()), p.TypesInfo.Types[call.Args[0]]
			if called := p.TypesInfo.Types[call.Fun]; called.IsType() && isMessage(called.Type) && arg.Value == nil {
				t.Errorf("%s: only constants may become texts", at)
			}
			switch nameOfCallee(p, call) {
			case "community-images/shared/apierror.New":
				t.Errorf("%s: the texts of this error are in English only", at)
			case marks + ".Untranslated":
				calls++
				isShown := filepath.Base(at.Filename) != "subscription.go" // no page has its texts
				if arg.Value != nil && isShown && strings.Contains(strings.TrimSpace(arg.Value.ExactString()), " ") {
					t.Errorf("%s: %s has words: make it a template", at, arg.Value)
				}
			}
		}
	}
	if calls == 0 {
		t.Error("no call of message.Untranslated is found")
	}
}

// nameOfCallee returns the function that is called, with its package; empty: it has no name.
func nameOfCallee(p *packages.Package, call *ast.CallExpr) string {
	if called, ok := typeutil.Callee(p.TypesInfo, call).(*types.Func); ok {
		return called.FullName()
	}
	return ""
}
