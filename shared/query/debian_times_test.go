//go:build debian

package query_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"

	"community-images/shared/query/request"
)

// TestDebianTimesOfTheReader chooses times in the zone of the reader, to compare with and to
// look at. The address has the same times in UTC, and the page shows them as they were chosen.
func TestDebianTimesOfTheReader(t *testing.T) {
	r := newPersonRegion(t)
	server := httptest.NewServer(r.Handler())
	defer server.Close()
	p := &person{browser: newBrowser(t)}
	p.do(emulation.SetTimezoneOverride("Asia/Shanghai"))
	at := r.Now.Add(-30 * time.Hour).Truncate(time.Minute)
	inShanghai := at.In(time.FixedZone("", 8*60*60))
	arrive := func(path string) {
		t.Helper()
		p.open(server.URL + path)
		p.waitUntil(func(seen view) bool { return seen.Address == server.URL+path })
	}
	isAt := func(param string) func(view) bool {
		return func(seen view) bool {
			u, err := url.Parse(seen.Address)
			if err != nil {
				return false
			}
			given, err := request.ParseAsOf(u.Query().Get(param))
			return err == nil && given.ResolveTime(r.Now).Equal(at) && len(seen.Rows) > 0
		}
	}

	p.does = "compares with a time"
	arrive("/v1/diff?lang=zh")
	p.choose("[name=from]", "")
	p.pickTime("label:has([name=from]) + input", inShanghai)
	p.click("form:has([name=from]) button")
	p.waitUntil(isAt("from"))
	var shown string
	err := p.evaluate(`document.querySelector('[name=from]').selectedOptions[0].text`, &shown)
	if err != nil || !strings.Contains(shown, inShanghai.Format("1月2日 15:04")) {
		t.Errorf("%s: the page shows %q, want %s: %v", p.does, shown, inShanghai, err)
	}

	p.does = "looks at a time"
	arrive("/v1/images?ClusterId=*&limit=5&lang=zh")
	p.pickTime(".time input[type=datetime-local]", inShanghai)
	p.waitUntil(isAt("at"))
	p.checkNoComplaints()
}

// pickTime gives a calendar a time of its zone.
func (p *person) pickTime(selector string, at time.Time) {
	p.t.Helper()
	if err := p.evaluate(fmt.Sprintf(`{
		const calendar = document.querySelector(%q);
		calendar.value = %q;
		calendar.dispatchEvent(new Event('change', {bubbles: true}));
	}`, selector, at.Format("2006-01-02T15:04")), nil); err != nil {
		p.t.Fatalf("%s: %v", p.does, err)
	}
}
