//go:build debian

// The tests of this tag need programs that Debian packages: Chromium, xmllint.

package query_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"community-images/shared/access"
	"community-images/shared/query"
)

// hostile is an image whose texts would run if they were taken for HTML.
const hostile = `{"ImageId":"m-<b>x","ImageName":"<img src=x onerror=alert(1)><script>alert(2)</script>",` +
	`"Status":"Available",` +
	`"OsTag":{"Platform":"\"><svg onload=alert(3)>","Version":"1"}}`

// TestDebianPageInABrowser drives the page for people in Chromium. With the
// environment variable SCREENSHOTS it writes pictures to that directory.
func TestDebianPageInABrowser(t *testing.T) {
	w := newSmallRegion(t)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage, centOS79, centOS710, ubuntuCreating,
		hostile), "_any/_any": newImages(t, 60, "Available")})
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79)})
	w.Now = time.Now()
	server := httptest.NewServer(w.Handler(func(o *query.Options) {
		o.Regions = []string{hangzhou, beijing}
		o.MaxStale = 0
	}))
	defer server.Close()
	b := newBrowser(t)

	b.run(chromedp.Navigate(server.URL+"/"), chromedp.WaitVisible("#box"))
	b.waitForCaption("50 of 60 images")
	b.run(chromedp.Click("#more"))
	b.waitForCaption("60 of 60 images")
	b.takePicture("phone-light", 390, 844, "light")

	b.run(fillField("ClusterId", "ehpc-a"), chromedp.Click("#form button"))
	b.waitForCaption("5 of 5 images")
	b.takePicture("desk-dark", 1280, 900, "dark")
	b.run(fillField("OsTag.Platform__ieq", `no such`), chromedp.Click("#form button"))
	b.waitForCaption("0 of 0 images")
	var offered int
	if b.run(chromedp.Evaluate(`document.querySelectorAll("#platforms option[value=CentOS]").length`,
		&offered)); offered != 1 {
		t.Error("a platform that is none takes the others from the list")
	}
	b.run(fillField("OsTag.Platform__ieq", `centos`), fillField("sort", "-OsTag.Version"),
		chromedp.Click("#form button"))
	b.waitForCaption("3 of 3 images")
	if got := b.text("#rows tr:first-child"); !strings.HasPrefix(got, "m-cent710") {
		t.Errorf("the newest comes first, not %q", got)
	}
	b.run(fillField("OsTag.Platform__ieq", ""), fillField("ClusterId", "*"), fillField("q", "ubuntu"),
		chromedp.Click("#form button"))
	b.waitForCaption("2 of 2 images")
	if head := b.text("#head"); !strings.Contains(head, "Clusters") {
		t.Errorf("several clusters, and the table has %q", head)
	}
	if rows := b.text("#rows"); strings.Count(rows, "differs between clusters or types") != 2 {
		t.Errorf("one image has two contents, and the table says %q", rows)
	}
	if answer := b.text("#answer"); !strings.Contains(answer, "ehpc-b/_any: the last check failed") {
		t.Errorf("a stale part is not shown: %q", answer)
	}
	b.run(fillField("at", "2020-01-01T00:00:00"), chromedp.Click("#form button"), chromedp.WaitVisible("#answer .bad"))
	if answer := b.text("#answer"); !strings.Contains(answer, "The kept history begins at") {
		t.Errorf("an error is not shown: %q", answer)
	}
	b.run(fillField("at", ""), fillField("q", ""), fillField("ClusterId", ""), fillField("RegionId", beijing))
	b.waitForCaption("1 of 1 images")
	b.run(chromedp.Click("#rows a"), chromedp.WaitNotPresent("#form"))
	if body := b.text("body"); !strings.Contains(body, `"FirstSeen"`) {
		t.Errorf("a link leads to %q", body)
	}

	b.run(emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(server.URL+"/"),
		chromedp.WaitVisible("noscript"), chromedp.WaitNotVisible("#form"))
	b.run(chromedp.Click(`a[href="/v1/status"]`), chromedp.WaitNotPresent("noscript"))
	b.checkNoComplaints()
}

// TestDebianPageWithTokens: with tokens configured the page asks for one and sends it in
// a header, never in an address.
func TestDebianPageWithTokens(t *testing.T) {
	w := newSmallRegion(t)
	h := w.Handler(allow(access.Grant{Name: "all"}))
	var addresses strings.Builder
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		addresses.WriteString(r.URL.String() + r.Referer())
		mu.Unlock()
		h.ServeHTTP(rw, r)
	}))
	defer server.Close()
	b := newBrowser(t)
	b.run(chromedp.Navigate(server.URL+"/"), chromedp.WaitVisible("#answer p"))
	b.run(fillField("token", "nobody's"), chromedp.WaitVisible("#answer .bad"))
	if answer := b.text("#answer"); !strings.Contains(answer, "A valid token is required.") {
		t.Errorf("a wrong token is answered with %q", answer)
	}
	b.run(fillField("token", token("all")))
	b.waitForCaption("2 of 2 images")
	b.run(fillField("ClusterId", "ehpc-a"), chromedp.Click("#form button"))
	b.waitForCaption("4 of 4 images")
	mu.Lock()
	defer mu.Unlock()
	if strings.Contains(addresses.String(), token("all")) || strings.Contains(addresses.String(), "nobody") {
		t.Errorf("a token is in an address: %s", addresses.String())
	}
	b.checkNoComplaints()
}

// browser is one tab of Chromium and the errors that it logged.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

func newBrowser(t *testing.T) *browser {
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.NoSandbox, // CI runs as root
		chromedp.WSURLReadTimeout(time.Minute)) // of the first start after it was installed
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded: // a violation of the page's policy is logged here
			if e.Entry.Source != log.SourceNetwork { // 404 for a time before the first commit
				b.complaints = append(b.complaints, e.Entry.Text)
			}
		case *runtime.EventExceptionThrown:
			b.complaints = append(b.complaints, e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			b.complaints = append(b.complaints, "console")
		}
	})
	b.run(log.Enable(), runtime.Enable())
	return b
}

func (b *browser) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// fillField fills in a field of the form, as a person does.
func fillField(name, value string) chromedp.Action {
	return chromedp.Evaluate(
		fmt.Sprintf(
			`{const f = document.getElementById("form").elements[%q]; f.value = %q; `+
				`f.dispatchEvent(new Event("change"))}`, name, value), nil)
}

func (b *browser) text(selector string) (s string) {
	b.t.Helper()
	b.run(chromedp.Text(selector, &s, chromedp.ByQuery))
	return s
}

// waitForCaption waits for the text above the table. It checks that texts of images
// made no elements.
func (b *browser) waitForCaption(want string) {
	b.t.Helper()
	b.run(chromedp.Poll(`document.getElementById("caption").textContent === `+"`"+want+"`", nil,
		chromedp.WithPollingTimeout(time.Minute)))
	var injected int
	b.run(chromedp.Evaluate(
		`document.querySelectorAll("#rows img, #rows script, #rows svg, #rows b, #platforms svg").length`, &injected))
	if injected != 0 {
		b.t.Errorf("%d elements come from texts of images", injected)
	}
	b.checkNames()
}

type namedValue struct {
	Value string `json:"value"`
}

// checkNames checks that every control has a name that a screen reader says.
func (b *browser) checkNames() {
	b.t.Helper()
	var tree struct { // read by hand, as browsers add reasons that the module does not know
		Nodes []struct {
			Ignored bool       `json:"ignored"`
			Role    namedValue `json:"role"`
			Name    namedValue `json:"name"`
		} `json:"nodes"`
	}
	b.run(chromedp.ActionFunc(func(ctx context.Context) error {
		return chromedp.FromContext(ctx).Target.Execute(ctx, "Accessibility.getFullAXTree", nil, &tree)
	}))
	used := 0
	for _, n := range tree.Nodes {
		if n.Ignored || !slices.Contains([]string{"button", "combobox", "link", "searchbox", "textbox", "table",
			"columnheader", "region"}, n.Role.Value) {
			continue
		}
		used++
		if n.Name.Value == "" {
			b.t.Errorf("a %s has no name", n.Role.Value)
		}
	}
	if used < 20 {
		b.t.Errorf("only %d things to use are there", used)
	}
}

// takePicture takes the page at a size and color scheme. It checks that nothing is
// wider than the page.
func (b *browser) takePicture(name string, width, height int64, scheme string) {
	b.t.Helper()
	var over bool
	var png []byte
	b.run(chromedp.EmulateViewport(width, height),
		emulation.SetEmulatedMedia().WithFeatures(
			[]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		chromedp.Evaluate(`scrollTo(0, 0); document.documentElement.scrollWidth > innerWidth`, &over),
		chromedp.CaptureScreenshot(&png))
	if over {
		b.t.Errorf("%s: the page is wider than %d", name, width)
	}
	if dir := os.Getenv("SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
			b.t.Error(err)
		}
	}
}

func (b *browser) checkNoComplaints() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		b.t.Errorf("the browser complains: %s", c)
	}
}
