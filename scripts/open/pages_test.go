package main

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// walkPages follows the links of the pages as a browser does, once to each path. Every
// answer is shown, whatever Function Compute says about downloads, and no link leads away
// from the gateway.
func walkPages(t *testing.T, o *opened) {
	t.Helper()
	start, err := url.Parse("http://" + hostOf(t, o.page) + "/")
	if err != nil {
		t.Fatal(err)
	}
	entered := o.send("GET", o.page, map[string]string{"Sec-Fetch-Site": "none"}, "")
	cookie, _, _ := strings.Cut(entered.header.Get("Set-Cookie"), ";")
	types, seen := map[string]int{}, map[string]bool{}
	for next := []*url.URL{start}; len(next) > 0; next = next[1:] {
		at := next[0]
		got := o.send("GET", at.String(), map[string]string{
			"Cookie": cookie, "Accept": "text/html,application/xhtml+xml,*/*", "Sec-Fetch-Site": "same-origin",
		}, "")
		kind, _, _ := strings.Cut(got.header.Get("Content-Type"), ";")
		types[kind]++
		if got.status != 200 || got.header.Get("Content-Disposition") != "" ||
			got.body == "" && kind != "application/x-ndjson" { // a list without lines
			t.Errorf("%s: %d %v %.300s", at, got.status, got.header, got.body)
		}
		if kind != "text/html" {
			continue
		}
		checkPage(t, at, got.body)
		for _, link := range linksOf(got.body) {
			to, err := at.Parse(link)
			if err != nil || to.Host != start.Host || to.Scheme != "http" {
				t.Errorf("%s: a link leads to %s", at, link)
				continue
			}
			key := to.Path + to.Query().Get("format") + to.Query().Get("lang")
			if images, isImage := strings.CutPrefix(to.Path, "/v1/images/"); isImage && images != "" {
				key = "an image" + to.Query().Get("lang")
			}
			if to.Fragment = ""; !seen[key] {
				seen[key] = true
				next = append(next, to)
			}
		}
	}
	for _, path := range []string{"/sign-in", "/sign-out"} {
		got := o.get(path)
		if got.status != 303 || got.header.Get("Location") != "/" ||
			!strings.Contains(got.body, "has signed in already") {
			t.Errorf("%s: %d %v %.300s", path, got.status, got.header, got.body)
		}
	}
	for _, kind := range []string{"text/css", "text/javascript", "image/svg+xml", "application/json", "text/csv"} {
		if types[kind] == 0 {
			t.Errorf("no link leads to %s: %v", kind, types)
		}
	}
	if types["text/html"] < 12 {
		t.Errorf("only %d pages are linked: %v", types["text/html"], types)
	}
}

// linksOf returns what a page leads to and loads.
func linksOf(page string) []string {
	var links []string
	for _, match := range regexp.MustCompile(` (?:href|src|action)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		links = append(links, html.UnescapeString(match[1]))
	}
	return links
}

// checkPage checks that a page is in the language of its address, and that nobody signs in or
// out on it.
func checkPage(t *testing.T, at *url.URL, page string) {
	t.Helper()
	lang := `<html lang="en">`
	if at.Query().Get("lang") == "zh" {
		lang = `<html lang="zh-Hans">`
	}
	if !strings.Contains(page, lang) || strings.Contains(page, `method="post"`) {
		t.Errorf("%s: want %s and no form that is posted: %.500s", at, lang, page)
	}
}
