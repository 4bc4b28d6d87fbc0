//go:build debian

package query_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestDebianJourney walks through the pages as a person does, and back: in both languages,
// with JavaScript and without. Nothing gets lost on the way.
func TestDebianJourney(t *testing.T) {
	h := newPersonRegion(t).Handler()
	server := httptest.NewServer(h)
	defer server.Close()
	for _, name := range []string{"en with JavaScript", "en without", "zh with JavaScript", "zh without"} {
		t.Run(name, func(t *testing.T) {
			j := &journey{person: &person{browser: newBrowser(t)}, handler: h, site: server.URL,
				hasScript: strings.HasSuffix(name, "JavaScript"), isChinese: strings.HasPrefix(name, "zh")}
			j.do(chromedp.EmulateViewport(1280, 900))
			j.do(emulation.SetScriptExecutionDisabled(!j.hasScript))
			j.start()
			for _, s := range j.steps() {
				j.take(s)
			}
			j.returnAndRepeat()
			j.checkNoComplaints()
		})
	}
}

// journey is the way of a person through the pages.
type journey struct {
	*person
	handler   http.Handler
	site      string
	isChinese bool
	hasScript bool
	stops     []stop
}

// step is what a person does on one page, to come to the next one.
type step struct {
	does  string
	fill  func() // the fields; may be nil
	click string // a selector; empty: the person presses Enter
	to    string // an address without lang
	check func(seen view)
}

// stop is a page on the way.
type stop struct {
	does string // how the person came
	view        // when the page was shown
	left view   // with what the person filled in there
}

// start opens the page in the language that the person does not read.
func (j *journey) start() {
	j.does = "opens the images"
	j.open(j.site + "/v1/images?ClusterId=*&limit=12&" + lang(!j.isChinese))
	seen := j.waitUntil(func(seen view) bool { return strings.HasPrefix(seen.Address, j.site) })
	j.stops = []stop{{j.does, seen, seen}}
}

// steps are those of the journey.
func (j *journey) steps() []step {
	const images = "/v1/images?ClusterId=*&limit=12"
	const sorted = images + "&q=CentOS&Status=Available&sort=-Size"
	return []step{
		{does: "switches the language", click: `header a[lang]`, to: images, check: j.checkImages},
		{does: "searches", fill: func() { j.enter("#q", "CentOS") }, to: images + "&q=CentOS", check: j.checkImages},
		{does: "filters", click: `.facets a[href*="Status=Available"]`, to: images + "&q=CentOS&Status=Available",
			check: j.checkImages},
		{does: "sorts", click: `th a[href*="sort=-Size"]`, to: sorted, check: j.checkImages},
		{does: "turns the page", click: `a[rel=next]`, to: sorted + "&cursor=…", check: j.checkImages},
		{does: "opens an image", click: `a.name`, to: "/v1/images/…", check: j.checkImage},
		{does: "opens the comparison", click: `nav a[href^="/v1/diff"]`, to: "/v1/diff"},
		{does: "compares two times", fill: j.chooseTimes, click: `form:has([name=from]) button`,
			to: "/v1/diff?ClusterId=*&from=-24h&to=-1h", check: j.checkDiff},
	}
}

// chooseTimes chooses the times to compare.
func (j *journey) chooseTimes() {
	j.t.Helper()
	j.choose(`[name=from]`, "-24h")
	j.choose(`[name=to]`, "-1h")
}

// take takes a step, and reloads the page to which it leads.
func (j *journey) take(s step) {
	j.t.Helper()
	j.does = s.does
	last := &j.stops[len(j.stops)-1]
	if s.fill != nil {
		s.fill()
		last.left = j.look()
	}
	if s.click != "" {
		j.click(s.click)
	} else {
		j.do(chromedp.KeyEvent(kb.Enter))
	}
	seen := j.waitUntil(func(seen view) bool { return seen.Address != last.Address })
	j.checkPage(seen, s.to)
	if s.check != nil {
		s.check(seen)
	}
	j.stops = append(j.stops, stop{s.does, seen, seen})
	j.reload(seen, seen)
}

// returnAndRepeat goes back to the first page, reloads each on the way, and goes forward to
// the last page.
func (j *journey) returnAndRepeat() {
	j.t.Helper()
	last := len(j.stops) - 1
	for i := last - 1; i >= 0; i-- {
		j.does = "goes back to: " + j.stops[i].does
		j.reload(j.visit(-1, j.stops[i]), j.viewsOf(j.stops[i])...)
	}
	for i := 1; i <= last; i++ {
		j.does = "goes forward to: " + j.stops[i].does
		j.visit(1, j.stops[i])
	}
}

// visit goes to a stop again.
func (j *journey) visit(entries int64, s stop) view {
	j.t.Helper()
	seen := j.goBy(entries, s.view)
	j.compare(seen, j.viewsOf(s)...)
	return seen
}

// viewsOf returns the views that a stop may have again. The browser may remember what the
// person filled in, except where the script shows what the address says.
func (j *journey) viewsOf(s stop) []view {
	if j.hasScript && strings.Contains(s.Address, "/v1/images?") {
		return []view{s.view}
	}
	return []view{s.view, s.left}
}

// lang returns the parameter of a language.
func lang(isChinese bool) string {
	if isChinese {
		return "lang=zh"
	}
	return "lang=en"
}

// checkPage checks the address and the language of a page.
func (j *journey) checkPage(seen view, to string) {
	j.t.Helper()
	if got, want := simplify(seen.Address), simplify(j.site+withParam(to, lang(j.isChinese))); got != want {
		j.t.Errorf("%s: the address is %s, want %s", j.does, got, want)
	}
	tag, titles := "en", map[string]string{"/v1/images": "Images", "/v1/diff": "Compare"}
	if j.isChinese {
		tag, titles = "zh-Hans", map[string]string{"/v1/images": "镜像", "/v1/diff": "对比"}
	}
	path, _, _ := strings.Cut(to, "?")
	title, isFixed := titles[path]
	if seen.Language != tag || isFixed && seen.Title != title || seen.HasScript != j.hasScript {
		j.t.Errorf("%s: the page is %+v", j.does, seen)
	}
}

// simplify leaves out of an address what is opaque, what is empty, and the parameters that
// forms add without another meaning.
func simplify(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return err.Error()
	}
	if strings.HasPrefix(u.Path, "/v1/images/") {
		u.Path = "/v1/images/…"
	}
	params := u.Query()
	for name, values := range params {
		switch {
		case values[0] == "", name == "RegionId" && values[0] == hangzhou, name == "InstanceType" && values[0] == "*":
			params.Del(name)
		case name == "cursor":
			params.Set(name, "…")
		}
	}
	return u.Path + "?" + params.Encode()
}
