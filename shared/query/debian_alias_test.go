//go:build debian

package query_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"community-images/shared/query"
)

// TestDebianAccessToAliases checks the pages of aliases: wide in English, narrow in Chinese.
func TestDebianAccessToAliases(t *testing.T) {
	script := axe(t)
	server := httptest.NewServer(newAliasRegions(t).Handler(func(o *query.Options) {
		o.Regions = []string{hangzhou, beijing, "cn-empty"}
	}))
	defer server.Close()
	b := newBrowser(t)
	for _, target := range []string{"/v1/aliases", "/v1/aliases/pinned", "/v1/aliases/gone", "/v1/aliases/both",
		"/v1/aliases/nothing?RegionId=cn-hangzhou", "/v1/aliases/absent?RegionId=cn-beijing"} {
		for lang, width := range map[string]int64{"en": 1280, "zh": 360} {
			address := withParam(target, "lang="+lang)
			b.run(chromedp.Navigate(server.URL + address))
			b.checkAccess(script, address, width)
		}
	}
	b.checkNoComplaints()
}

// TestDebianAliasPages looks at the list of aliases and follows it to an alias whose pinned
// image is gone.
func TestDebianAliasPages(t *testing.T) {
	w := newAliasRegions(t)
	w.Now = time.Now()
	server := httptest.NewServer(w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} }))
	defer server.Close()
	b := newBrowser(t)
	b.run(chromedp.Navigate(server.URL+"/v1/aliases"), chromedp.WaitVisible("table", chromedp.ByQuery))
	if rows := b.text("tbody"); !strings.Contains(rows, "<script>alert(1)</script>") {
		t.Errorf("the reason of a pin is not shown as text: %s", rows)
	}
	b.checkNames()
	b.takePicture("aliases-phone-light", 360, 800, "light")
	b.takePicture("aliases-desk-dark", 1280, 900, "dark")
	b.run(chromedp.Click(`//a[text()="gone"]`, chromedp.BySearch), chromedp.WaitVisible(".notice", chromedp.ByQuery))
	if text := b.text("main"); !strings.Contains(text, "not offered any more") || !strings.Contains(text, server.URL) {
		t.Errorf("the page of the alias is %s", text)
	}
	b.takePicture("alias-gone-phone-dark", 360, 800, "dark")
	b.run(chromedp.Navigate(server.URL+"/v1/aliases/newest?lang=zh"), chromedp.WaitVisible(".stands", chromedp.ByQuery))
	b.takePicture("alias-phone-light", 360, 800, "light")
	b.takePicture("alias-desk-light", 1280, 900, "light")
	b.checkNoComplaints()
}
