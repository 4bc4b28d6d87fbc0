//go:build debian

package query_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"community-images/shared/access"
)

// axe returns the script of axe-core. AXE names a directory into which the package is
// installed.
func axe(t *testing.T) string {
	t.Helper()
	modules := os.Getenv("AXE")
	if modules == "" {
		t.Skip("AXE is not set; .ci/run installs axe-core and sets it")
	}
	script, err := os.ReadFile(filepath.Join(modules, "node_modules/axe-core/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// axeFindings lists what axe-core finds in the page, one a line. The script is evaluated by
// the debugger, which the Content-Security-Policy does not bind.
const axeFindings = `axe.run({resultTypes: ['violations']}).then(result => result.violations.flatMap(v =>
	v.nodes.map(n => v.id + ': ' + v.help + ': ' + n.html.slice(0, 200) + ' ' +
		n.any.concat(n.all, n.none).map(c => c.message).join('; '))).join('\n'))`

// checkAccess checks the page with axe-core in both color schemes.
func (b *browser) checkAccess(script, what string, width int64) {
	b.t.Helper()
	b.run(chromedp.EmulateViewport(width, 900), chromedp.Evaluate(script+";0", nil))
	for _, scheme := range []string{"light", "dark"} {
		var findings string
		b.run(emulation.SetEmulatedMedia().WithFeatures(
			[]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
			chromedp.Evaluate(axeFindings, &findings, awaitPromise))
		if findings != "" {
			b.t.Errorf("%s, %s, %d wide:\n%s", what, scheme, width, findings)
		}
	}
}

// awaitPromise waits for the value of a promise.
func awaitPromise(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// TestDebianAccess checks every page, and the pages of errors: wide in English, narrow in
// Chinese.
func TestDebianAccess(t *testing.T) {
	script := axe(t)
	r := newPersonRegion(t)
	site := r.start()
	b := newBrowser(t)
	for _, target := range append(r.pages(), "/v1/images?limit=x", "/v1/nothing", "/v1/images/m-unknown",
		"/v1/images?ClusterId=*&q=there-is-no-such-image") {
		for lang, width := range map[string]int64{"en": 1280, "zh": 360} {
			address := withParam(target, "lang="+lang)
			b.run(chromedp.Navigate(site + address))
			b.checkAccess(script, address, width)
		}
	}
	b.checkNoComplaints()
	guarded := r.start(access.Grant{Name: "somebody"})
	b.run(chromedp.Navigate(guarded + "/v1/images"))
	b.checkAccess(script, "the page to sign in", 360)
}

// withParam returns a target with one more parameter.
func withParam(target, param string) string {
	if strings.Contains(target, "?") {
		return target + "&" + param
	}
	return fmt.Sprint(target, "?", param)
}
