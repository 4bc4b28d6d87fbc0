//go:build debian

package query_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// person is somebody who walks from page to page.
//
// It learns what a page shows only by evaluating expressions, which works without JavaScript
// too. Queries and navigations of chromedp wait for events of a new document. They would wait
// for ever where the browser shows a document that it has kept, as it may when a person goes
// back.
type person struct {
	*browser
	does string // what the person does, for errors
}

// maxWait bounds how long a page may take.
const maxWait = 20 * time.Second

// view is what a person sees.
type view struct {
	Address   string
	Document  float64 // when it began to load, so another one for each document
	IsReady   bool
	HasScript bool // of the page, and it ran
	Language  string
	Title     string
	Rows      []string // of tables
	Fields    []string // of forms, with their values
	Marked    []string // as before or after a change
	Bars      int      // of the timeline
	Dots      int
}

// pageView is the view as an expression.
const pageView = `(() => {
	const all = selector => [...document.querySelectorAll(selector)].filter(e =>
		e.checkVisibility() && e.getBoundingClientRect().width > 0);
	const text = e => e.innerText.replace(/\s+/g, ' ').trim();
	return {
		Address: location.href,
		Document: performance.timeOrigin,
		IsReady: document.readyState === 'complete' && !document.querySelector('[aria-busy=true]'),
		HasScript: document.documentElement.classList.contains('script'),
		Language: document.documentElement.lang,
		Title: all('h1').map(text).join(),
		Rows: all('tbody tr').map(text),
		Fields: all('input, select').map(e => e.name + '=' + e.value + (e.checked ? ' checked' : '')),
		Marked: all('del, ins').map(text),
		Bars: all('.timeline rect').length,
		Dots: all('.timeline circle').length,
	};
})()`

// do runs an action that does not wait for the page.
func (p *person) do(action chromedp.Action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, maxWait)
	defer cancel()
	if err := chromedp.Run(ctx, action); err != nil {
		p.t.Fatalf("%s: %v", p.does, err)
	}
}

// look returns what is shown now.
func (p *person) look() view {
	p.t.Helper()
	return p.waitUntil(func(view) bool { return true })
}

// waitUntil waits until the page is complete and shows what is wanted.
func (p *person) waitUntil(isWanted func(view) bool) (seen view) {
	p.t.Helper()
	var err error
	for began := time.Now(); time.Since(began) < maxWait; time.Sleep(20 * time.Millisecond) {
		var now view
		if err = p.evaluate(pageView, &now); err != nil {
			continue
		}
		if seen = now; seen.IsReady && isWanted(seen) {
			return seen
		}
	}
	var text string
	_ = p.evaluate(`document.body.innerText`, &text) // without it the error says less
	p.t.Fatalf("%s: this is shown: %+v\nthe last error is %v\n%.2000s", p.does, seen, err, text)
	return seen
}

// open opens an address. It does not wait for the page.
func (p *person) open(address string) {
	p.t.Helper()
	p.do(chromedp.ActionFunc(func(ctx context.Context) error {
		_, _, problem, _, err := page.Navigate(address).Do(ctx)
		if err == nil && problem != "" {
			return fmt.Errorf("opening %s: %s", address, problem)
		}
		return err
	}))
}

// click clicks an element with the mouse, where it is seen.
func (p *person) click(selector string) {
	p.t.Helper()
	var at struct{ X, Y float64 }
	if err := p.evaluate(fmt.Sprintf(`(() => {
		const element = document.querySelector(%q);
		element.scrollIntoView({block: 'center', behavior: 'instant'});
		const box = element.getClientRects()[0], at = {X: box.x + box.width / 2, Y: box.y + box.height / 2};
		const found = document.elementFromPoint(at.X, at.Y);
		if (!element.contains(found)) throw new Error('there is ' + found?.outerHTML);
		return at;
	})()`, selector), &at); err != nil {
		p.t.Fatalf("%s: %s cannot be clicked: %v", p.does, selector, err)
	}
	p.do(chromedp.MouseClickXY(at.X, at.Y))
}

// enter types a text into an empty field.
func (p *person) enter(selector, text string) {
	p.t.Helper()
	p.click(selector)
	p.do(chromedp.KeyEvent(text))
}

// choose chooses an option of a list with the arrow keys.
func (p *person) choose(selector, value string) {
	p.t.Helper()
	var down int
	if err := p.evaluate(fmt.Sprintf(`(() => {
		const list = document.querySelector(%q);
		list.focus();
		return [...list.options].findIndex(option => option.value === %q) - list.selectedIndex;
	})()`, selector, value), &down); err != nil {
		p.t.Fatalf("%s: %s cannot be used: %v", p.does, selector, err)
	}
	p.do(chromedp.KeyEvent(strings.Repeat(kb.ArrowDown, max(down, 0)) + strings.Repeat(kb.ArrowUp, max(-down, 0))))
}

// goBy goes by entries of the browser's history, to the address of a view.
func (p *person) goBy(entries int64, to view) view {
	p.t.Helper()
	p.do(chromedp.ActionFunc(func(ctx context.Context) error {
		now, list, err := page.GetNavigationHistory().Do(ctx)
		if err != nil {
			return err
		}
		if now += entries; now < 0 || now >= int64(len(list)) {
			return fmt.Errorf("the history has %d entries, not one at %d", len(list), now)
		}
		return page.NavigateToHistoryEntry(list[now].ID).Do(ctx)
	}))
	return p.waitUntil(func(seen view) bool { return seen.Address == to.Address })
}

// reload reloads the page that is shown, and checks that it is one of those that are wanted.
func (p *person) reload(shown view, want ...view) {
	p.t.Helper()
	p.does += ", and reloads"
	p.do(page.Reload())
	p.compare(p.waitUntil(func(seen view) bool { return seen.Document != shown.Document }), want...)
}

// compare compares views, whatever document they are of.
func (p *person) compare(got view, want ...view) {
	p.t.Helper()
	for i := range want {
		want[i].Document = got.Document
		if reflect.DeepEqual(got, want[i]) {
			return
		}
	}
	texts, _ := json.MarshalIndent(append([]view{got}, want...), "", "\t") // views always become JSON
	p.t.Errorf("%s: the first is shown, want one of the others: %s", p.does, texts)
}
