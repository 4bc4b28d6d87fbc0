package query_test

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"regexp"
	"strings"
	"testing"

	"community-images/shared/query"
)

const browserAccept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

func TestHTMLPage(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79)})
	for _, regions := range [][]string{{hangzhou}, {hangzhou, beijing}} {
		h := w.Handler(func(o *query.Options) { o.Regions, o.Version = regions, `<v"1>` })
		rec := get(h, "/", "Accept", browserAccept)
		page := rec.Body.String()
		if rec.Code != 200 || rec.Header().Get("Content-Type") != "text/html; charset=utf-8" || len(page) > 15_000 {
			t.Fatalf("%d %v, %d bytes", rec.Code, rec.Header(), len(page))
		}
		if rec := get(h, "/"); rec.Header().Get("Content-Type") != "text/plain; charset=utf-8" ||
			rec.Header().Get("Content-Security-Policy") != "" {
			t.Errorf("without a wish: %v", rec.Header())
		}
		policy := rec.Header().Get("Content-Security-Policy")
		for _, element := range []string{"script", "style"} {
			inner := regexp.MustCompile("(?s)<" + element + ">(.*)</" + element + ">").FindStringSubmatch(page)
			sum := sha256.Sum256([]byte(inner[1]))
			if want := element + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
				"';"; !strings.Contains(policy, want) {
				t.Errorf("the policy %q does not allow the %s by %s", policy, element, want)
			}
		}
		for _, part := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'",
			"frame-ancestors 'none'", "connect-src 'self'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("the policy %q lacks %s", policy, part)
			}
		}
		if bad := regexp.MustCompile(
			`(?i)https?://|innerHTML|\son\w+=|style="|<v"|\{(token|version|regions|statuses|routes)\}`).FindString(
			page); bad != "" {
			t.Errorf("the page has %q", bad)
		}
		links := regexp.MustCompile(`href="(/[^"]*)"`).FindAllStringSubmatch(page, -1)
		if len(links) < 10 {
			t.Errorf("the page has %d links", len(links))
		}
		for _, link := range links {
			target := html.UnescapeString(link[1])
			if rec := get(h, target); rec.Code != 200 {
				t.Errorf("the link %s leads to %d %s", target, rec.Code, rec.Body)
			}
		}
		if known := get(h, "/", "Accept", browserAccept, "If-None-Match",
			rec.Header().Get("ETag")); known.Code != 304 || known.Header().Get("Content-Security-Policy") != policy {
			t.Errorf("the same page again: %d %v", known.Code, known.Header())
		}
	}
}
