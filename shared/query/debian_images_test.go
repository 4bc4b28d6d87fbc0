//go:build debian

package query_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestDebianFilterImages filters, sorts, reloads, and goes back and forward in Chromium. The
// address and what is shown stay together.
func TestDebianFilterImages(t *testing.T) {
	w := newSmallRegion(t)
	w.Now = time.Now()
	server := httptest.NewServer(w.Handler())
	defer server.Close()
	b := newBrowser(t)
	b.run(chromedp.EmulateViewport(1280, 900), chromedp.Navigate(server.URL+"/v1/images?ClusterId=*"),
		chromedp.WaitVisible("tbody", chromedp.ByQuery))
	step := func(query string, rows int, actions ...chromedp.Action) {
		t.Helper()
		b.run(actions...)
		b.waitFor(query, rows)
	}
	step("ClusterId=*&OsTag.Platform=Ubuntu", 2, chromedp.Click(`.facets a[title="Add: Ubuntu"]`, chromedp.ByQuery))
	step("ClusterId=*&OsTag.Platform=Ubuntu&sort=-Size", 2, chromedp.Click(`//th/a[text()="Size"]`))
	step("ClusterId=*&OsTag.Platform=Ubuntu", 2, chromedp.Evaluate(`history.back()`, nil))
	step("ClusterId=*&OsTag.Platform=Ubuntu&sort=-Size", 2, chromedp.Evaluate(`history.forward()`, nil))
	step("ClusterId=*&OsTag.Platform=Ubuntu&sort=-Size", 2, chromedp.Reload())
	step("ClusterId=*&sort=-Size", 5, chromedp.Click(`.chip[title="Remove: OsTag.Platform: Ubuntu"]`, chromedp.ByQuery))
	step("ClusterId=*&RegionId=cn-hangzhou", 5, chromedp.Click(`//ul[@class="chips"]//a[text()="clear"]`))
	b.checkNoComplaints()
}

// TestDebianTypeAhead types into the search box. What is typed stays, and one step back undoes
// all of it.
func TestDebianTypeAhead(t *testing.T) {
	w := newSmallRegion(t)
	w.Now = time.Now()
	server := httptest.NewServer(w.Handler())
	defer server.Close()
	b := newBrowser(t)
	b.run(chromedp.EmulateViewport(1280, 900),
		chromedp.Navigate(server.URL+"/v1/images?ClusterId=*&limit=2"), chromedp.WaitVisible("tbody", chromedp.ByQuery),
		chromedp.SendKeys("#q", "hp", chromedp.ByQuery))
	b.waitFor("ClusterId=*&limit=2&q=hp", 2)
	b.run(chromedp.SendKeys("#q", "c-centos-7.9", chromedp.ByQuery))
	b.waitFor("ClusterId=*&limit=2&q=hpc-centos-7.9", 1)
	var used, value string
	b.run(chromedp.Evaluate(`document.activeElement.id`, &used), chromedp.Value("#q", &value, chromedp.ByQuery))
	if used != "q" || value != "hpc-centos-7.9" {
		t.Errorf("the field in use is %q, the search box has %q", used, value)
	}
	b.run(chromedp.SendKeys("#q", kb.Enter, chromedp.ByQuery)) // which changes nothing
	b.waitFor("ClusterId=*&limit=2&q=hpc-centos-7.9", 1)
	b.run(chromedp.Evaluate(`history.back()`, nil))
	b.waitFor("ClusterId=*&limit=2", 2)
	b.run(chromedp.Value("#q", &value, chromedp.ByQuery))
	if value != "" {
		t.Errorf("after going back the search box has %q", value)
	}
	b.run(chromedp.Click(`a[rel=next]`, chromedp.ByQuery))
	b.waitForText(".pages", "3–4 of 5")
	b.run(chromedp.Evaluate(`[...document.querySelectorAll('.pick input')].forEach(box => box.checked = true)`, nil),
		chromedp.Click(`.compare > button`, chromedp.ByQuery))
	b.waitForText("main", "fields differ")
	b.checkNoComplaints()
}

// TestDebianSlowTypeAhead types on while the answer to the first letters is on its way. The
// list before them stays in the history.
func TestDebianSlowTypeAhead(t *testing.T) {
	h, asked := newSmallRegion(t).Handler(), make(chan bool, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("q") == "hp" {
			asked <- true
			<-r.Context().Done() // the browser asks for more letters
			return
		}
		h.ServeHTTP(w, r)
	}))
	defer server.Close()
	p := &person{browser: newBrowser(t), does: "types"}
	list := server.URL + "/v1/images?ClusterId=*&limit=2"
	p.open(list)
	p.waitUntil(func(seen view) bool { return seen.Address == list })
	p.enter("#q", "hp")
	select {
	case <-asked:
	case <-time.After(maxWait):
		t.Fatalf("the first letters are not sent: %+v", p.look())
	}
	p.do(chromedp.KeyEvent("c-centos-7.9"))
	p.waitFor("ClusterId=*&limit=2&q=hpc-centos-7.9", 1)
	p.goBy(-1, view{Address: list})
	p.waitFor("ClusterId=*&limit=2", 2)
	p.checkNoComplaints()
}

// waitFor waits until the page shows an address with a query, and a number of rows.
func (b *browser) waitFor(query string, rows int) {
	b.t.Helper()
	var shown struct {
		Address string
		Rows    int
		IsBusy  bool
	}
	for began := time.Now(); time.Since(began) < maxWait; time.Sleep(50 * time.Millisecond) {
		err := b.evaluate(`({Address: location.href, Rows: document.querySelectorAll('tbody tr').length,
			IsBusy: !!document.querySelector('[aria-busy]')})`, &shown)
		_, given, _ := strings.Cut(shown.Address, "?")
		params, _ := url.ParseQuery(given)
		delete(params, "InstanceType") // any, which ClusterId=* means too
		given = strings.ReplaceAll(params.Encode(), "%2A", "*")
		if err == nil && given == query && shown.Rows == rows && !shown.IsBusy {
			return
		}
	}
	b.t.Fatalf("the browser shows %+v, want %s with %d rows", shown, query, rows)
}

// waitForText waits until an element has a text.
func (b *browser) waitForText(selector, want string) {
	b.t.Helper()
	var text string
	for began := time.Now(); time.Since(began) < maxWait; time.Sleep(50 * time.Millisecond) {
		err := b.evaluate(fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ''`, selector), &text)
		if err == nil && strings.Contains(text, want) {
			return
		}
	}
	b.t.Fatalf("%s has %q, want %q", selector, text, want)
}
