//go:build debian

// The tests of this tag need programs that Debian packages: Chromium, xmllint.

package query_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"community-images/shared/chromiumtest"
)

// hostile is an image whose texts would run if they were taken for HTML.
const hostile = `{"ImageId":"m-<b>x","ImageName":"<img src=x onerror=alert(1)><script>alert(2)</script>",` +
	`"Status":"Available",` +
	`"OsTag":{"Platform":"\"><svg onload=alert(3)>","Version":"1"}}`

// TestDebianImagesPage looks at the list of images in Chromium.
func TestDebianImagesPage(t *testing.T) {
	w := newSmallRegion(t)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage, centOS79, hostile)})
	w.Now = time.Now()
	server := httptest.NewServer(w.Handler())
	defer server.Close()
	b := newBrowser(t)
	b.run(chromedp.Navigate(server.URL+"/v1/images?ClusterId=*"), chromedp.WaitVisible("table", chromedp.ByQuery))
	if rows := b.text("tbody"); !strings.Contains(rows, "<script>alert(2)</script>") {
		t.Errorf("the name of an image is not shown as text: %s", rows)
	}
	b.checkNames()
	b.takePicture("images-phone-light", 360, 800, "light")
	b.takePicture("images-desk-dark", 1280, 900, "dark")
	b.checkNoComplaints()
}

// browser is one tab of Chromium, with what it logged and loaded that it should not have.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

func newBrowser(t *testing.T) *browser {
	ctx := chromiumtest.Start(t, chromedp.Flag("ignore-certificate-errors", true)) // httptest signs its own
	b := &browser{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded: // a violation of the page's policy is logged here
			isFault := e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning
			if isFault && e.Entry.Source != log.SourceNetwork { // 404 for a time before the first commit
				b.complaints = append(b.complaints, e.Entry.Text)
			}
		case *runtime.EventExceptionThrown:
			b.complaints = append(b.complaints, e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			b.complaints = append(b.complaints, "console")
		case *network.EventRequestWillBeSent:
			if u, err := url.Parse(e.Request.URL); err != nil || u.Scheme != "data" && u.Hostname() != "127.0.0.1" {
				b.complaints = append(b.complaints, "it loads "+e.Request.URL)
			}
		}
	})
	b.run(log.Enable(), runtime.Enable(), network.Enable())
	return b
}

func (b *browser) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// evaluate sets value to that of an expression in the page. It does not wait for long: a page
// that is being left may never answer.
func (b *browser) evaluate(expression string, value any) error {
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Second)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate(expression, value))
}

func (b *browser) text(selector string) (s string) {
	b.t.Helper()
	b.run(chromedp.Text(selector, &s, chromedp.ByQuery))
	return s
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
