//go:build debian

package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"community-images/shared/chromiumtest"
)

// TestDebianPages looks at the pages of a deployment in Chromium, from the address that is
// printed, and runs the example for curl that a page shows.
func TestDebianPages(t *testing.T) {
	a := newAccount(t)
	a.deploy()
	o := open(t, newProcess(environment(caller), nil, nil), a.flags("community-images")...)
	b := startBrowser(t)
	site := "http://" + hostOf(t, o.page)

	b.visit(o.page)
	b.waitFor(`location.href === '` + site + `/' && document.styleSheets[0].cssRules.length > 0 &&
		document.documentElement.classList.contains('script')`)
	b.click(`header a[lang]`)
	b.waitFor(`document.documentElement.lang === 'zh-Hans' && location.href.startsWith('` + site + `/')`)
	b.click(`header nav a[href^="/v1/images"]`)
	b.waitFor(`document.querySelectorAll('tbody tr').length > 20`)
	b.click("#q") // whose answer the script of the page loads
	b.do(chromedp.KeyEvent("CentOS" + kb.Enter))
	b.waitFor(`location.search.includes('q=CentOS') && !document.querySelector('[aria-busy]') &&
		[...document.querySelectorAll('tbody tr')].every(row => row.innerText.includes('CentOS'))`)

	var example, image string
	b.do(chromedp.Evaluate(`document.querySelector('.copy code').textContent`, &example))
	b.do(chromedp.Evaluate(`document.querySelector('tbody code').textContent`, &image))
	if !strings.Contains(example, "'"+site+"/v1/images?") {
		t.Errorf("the page shows %s", example)
	}
	example = strings.Replace(example, "curl ", "curl -K "+o.curlFile+" ", 1)
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", example).CombinedOutput(); err != nil ||
		!strings.Contains(string(out), image) {
		t.Errorf("%s: %v %.500s", example, err, out)
	}

	b.click("tbody a.name")
	b.waitFor(`location.pathname === '/v1/images/` + image + `' && !!document.querySelector('.timeline rect')`)
	b.visit(site + "/v1/images?ClusterId=*&limit=1&format=json")
	b.waitFor(`document.body.innerText.startsWith('{"RequestId"')`)
	b.checkNoComplaints()
}

// browser is one tab of Chromium, with what it complained about.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// startBrowser starts Chromium. It ends with the test.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	ctx := chromiumtest.Start(t, chromedp.WindowSize(1280, 900))
	b := &browser{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, func(event any) {
		if e, ok := event.(*log.EventEntryAdded); ok {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.complaints = append(b.complaints, fmt.Sprint(e.Entry.Level, " ", e.Entry.Text, " ", e.Entry.URL))
		}
	})
	if err := chromedp.Run(ctx, log.Enable()); err != nil {
		t.Fatal(err)
	}
	return b
}

// do runs an action that does not wait for the page.
func (b *browser) do(action chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Run(ctx, action); err != nil {
		b.t.Fatal(err)
	}
}

// visit opens an address. A download is an error.
func (b *browser) visit(address string) {
	b.t.Helper()
	b.do(chromedp.ActionFunc(func(ctx context.Context) error {
		_, _, problem, isDownload, err := page.Navigate(address).Do(ctx)
		if err == nil && (problem != "" || isDownload) {
			return fmt.Errorf("opening %s: %s, a download: %v", address, problem, isDownload)
		}
		return err
	}))
}

// click clicks an element. The page need not be complete.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.waitFor(fmt.Sprintf(`document.readyState === 'complete' && !!document.querySelector(%q)`, selector))
	b.do(chromedp.Evaluate(fmt.Sprintf(`{const e = document.querySelector(%q); e.focus(); e.click()}`, selector), nil))
}

// waitFor waits until an expression about the page is true.
func (b *browser) waitFor(expression string) {
	b.t.Helper()
	var err error
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(20 * time.Millisecond) {
		var isTrue bool
		ctx, cancel := context.WithTimeout(b.ctx, 2*time.Second) // a page that is being left may never answer
		err = chromedp.Run(ctx, chromedp.Evaluate(expression, &isTrue))
		if cancel(); err == nil && isTrue {
			return
		}
	}
	var seen string
	b.do(chromedp.Evaluate(`location.href + '\n' + document.documentElement.outerHTML.slice(0, 2000)`, &seen))
	b.t.Fatalf("it is not true that %s: %v\n%s", expression, err, seen)
}

// checkNoComplaints checks that the browser refused nothing that a page has.
func (b *browser) checkNoComplaints() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		b.t.Errorf("the browser complains: %s", c)
	}
}
