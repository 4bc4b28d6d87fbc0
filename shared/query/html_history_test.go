package query_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
)

// getErrorPage asks for a page that explains an error, and returns its HTML.
func getErrorPage(t *testing.T, h http.Handler, target string, status int) string {
	t.Helper()
	rec := get(h, target, "Accept", "application/xhtml+xml")
	if rec.Code != status || rec.Header().Get("Content-Type") != "text/html; charset=utf-8" ||
		rec.Header().Get("Content-Security-Policy") == "" {
		t.Fatalf("%s: %s", target, dump(rec))
	}
	return rec.Body.String()
}

// TestImagePage checks the page of one image: offered, gone, and never there.
func TestImagePage(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	checkHTML(t, "offered", getPage(t, h, "/v1/images/m-cent79"),
		"Where it was offered", "<rect", "What happened", "Offered to, by instance type", "✓", "OsTag.Platform",
		"!No longer offered since")
	checkHTML(t, "in Chinese", getPage(t, h, "/v1/images/m-cent79?lang=zh"), "变更历史", "!What happened")
	gone := getErrorPage(t, h, "/v1/images/m-win", 410)
	checkHTML(t, "gone", gone,
		"No longer offered since", "2026-11-23 10:00 UTC", "Last content", "What happened", "removed",
		"Newest images of the same system", `href="/v1/images?ClusterId=*&amp;OsTag.Architecture=`, `class="ended"`)
	missing := getErrorPage(t, h, "/v1/images/m-never", 404)
	checkHTML(t, "never there", missing, "No such image", `name="q" value="m-never"`, `name="ClusterId" value="*"`)
	if rec := get(h, "/v1/images/m-win"); rec.Code != 410 || !strings.Contains(rec.Body.String(), `"Code":"ImageGone"`) {
		t.Errorf("JSON of an image that is gone: %s", dump(rec))
	}
}

// TestChangesPage checks the rows, the numbers, and that older changes follow.
func TestChangesPage(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler()
	all := getPage(t, h, "/v1/changes?since=0")
	checkHTML(t, "everything", all, "images gone everywhere", "offered nowhere any more", "m-win", `name="since"`,
		`data-day=""`, "2026-11-23", "format=atom", "format=csv")
	first, last := strings.Index(all, "2026-11-23T10:"), strings.LastIndex(all, "2026-11-23T09:")
	if first < 0 || last < first {
		t.Errorf("the newest change is not first: %d, %d", first, last)
	}
	checkHTML(t, "one kind", getPage(t, h, "/v1/changes?since=0&kind=changed"), `aria-current="true">changed`, "!m-win")
	checkHTML(t, "one cluster", getPage(t, h, "/v1/changes?since=0&ClusterId=ehpc-b"), `value="ehpc-b" selected`, "!m-win")
	checkHTML(t, "by scope", getPage(t, h, "/v1/changes?since=0&by=scope"), "ecs.c7.large", "Show one row for each image")
	checkHTML(t, "newest", getPage(t, h, "/v1/changes?limit=2"), "The newest 2 changes", "Older changes", "at=1",
		"All of this commit", "at=2&amp;since=1")
	checkHTML(t, "limited", getPage(t, h, "/v1/changes?since=0&limit=2"), "Later changes", "cursor=c1.")
	w.Now = w.Now.Add(100 * 24 * time.Hour)
	checkHTML(t, "nothing", getPage(t, w.Handler(), "/v1/changes?since=-1h"),
		"Nothing changed in this time.", "since=-30d")
	checkHTML(t, "a wrong time", getErrorPage(t, h, "/v1/changes?since=2026-11-23T09:30", 400),
		"Add Z or +08:00", `name="since"`)
	checkHTML(t, "a wrong cluster", getErrorPage(t, h, "/v1/changes?since=0&ClusterId=ehpc-x", 404),
		"ehpc-x", `name="since"`)
}

// TestDiffPage checks the forms, and what differs between two times or two clusters.
func TestDiffPage(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	checkHTML(t, "nothing chosen", getPage(t, h, "/v1/diff"), `name="from"`, `name="with"`,
		`<option value="-24h" selected>`, "Choose two times, or two clusters.")
	if rec := get(h, "/v1/diff"); rec.Code != 400 {
		t.Errorf("JSON without parameters: %s", dump(rec))
	}
	checkHTML(t, "times", getPage(t, h, "/v1/diff?from=1&to=now&ClusterId="), `id="removed"`, "m-win", `id="added"`,
		"offered nowhere any more", "from=now", "to=1")
	checkHTML(t, "clusters", getPage(t, h, "/v1/diff?ClusterId=ehpc-a&with=_any"), "Only in", "(4 images)", "m-ubuntu",
		"ClusterId=_any", "with=ehpc-a")
	checkHTML(t, "the same", getPage(t, h, "/v1/diff?from=now"), "Nothing differs.")
	checkHTML(t, "changed", getPage(t, h, "/v1/diff?from=1&to=2&kind=changed&by=scope"), "Compare")
	checkHTML(t, "a wrong time", getErrorPage(t, h, "/v1/diff?from=soon", 400), "from must be", `name="with"`)
	checkHTML(t, "half a question", getErrorPage(t, h, "/v1/diff?to=2", 400), "from is required with to", `name="from"`)
}

// TestHistoryPagesOfLimitedCaller checks that a page shows no more than its lookups, and that an
// error of a caller who is not known shows nothing.
func TestHistoryPagesOfLimitedCaller(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler(allow(access.Grant{Name: "b", Clusters: []string{"ehpc-b"}}))
	limited := withToken{h, "b"}
	for _, target := range []string{"/v1/changes?since=0", "/v1/diff", "/v1/diff?from=1", "/v1/images/m-cent79",
		"/v1/diff?from=soon", "/v1/changes?since=soon", "/v1/images/m-win"} {
		rec := get(limited, target, "Accept", "application/xhtml+xml")
		checkHTML(t, target, rec.Body.String(), "!ehpc-a", "!ecs.c7.large", "<h1")
		rec = get(h, target, "Accept", "application/xhtml+xml")
		checkHTML(t, target, rec.Body.String(), "!ehpc-a", "!ehpc-b")
		if rec.Code != 401 {
			t.Errorf("%s without a token: %d", target, rec.Code)
		}
	}
}

// TestHostileHistoryStaysText checks that no text of an image or of its changes is HTML.
func TestHostileHistoryStaysText(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	const evil = `</td><script>alert(1)</script>\" onfocus=\"x' autofocus &lt;`
	image := func(status string) string {
		return `{"ImageId":"m-<i>1","ImageName":"` + evil + `","Status":"` + status + evil + `",` +
			`"` + evil + `":{"` + evil + `":[1]},` +
			`"PostInstallScript":"` + strings.Repeat(evil+`\n`, 20) + status + `"}`
	}
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, image("a")), "ehpc-b/_any": parseImages(t, image("b"))})
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, image("c")), "ehpc-b/_any": parseImages(t, image("b"))})
	for _, target := range []string{"/v1/images/m-%3Ci%3E1", "/v1/changes?since=0", "/v1/diff?from=1",
		"/v1/diff?ClusterId=ehpc-a&with=ehpc-b", "/v1/diff?from=1&by=scope"} {
		html := getPage(t, w.Handler(), target)
		if tags := regexp.MustCompile(`(?i)<script[^ ]|<i>| onfocus="|<td autofocus`).FindAllString(html, -1); tags != nil {
			t.Errorf("%s: texts of images are HTML: %q", target, tags)
		}
		checkHTML(t, target, html, "&lt;script&gt;alert(1)&lt;/script&gt;", "<details")
	}
	checkHTML(t, "contents", getPage(t, w.Handler(), "/v1/images/m-%3Ci%3E1"),
		"Content 2", "Clusters have different contents")
}

// TestHistoryPagesAreNotSentTwice checks the ETags of pages.
func TestHistoryPagesAreNotSentTwice(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	for _, target := range []string{"/v1/images/m-cent79?format=html", "/v1/changes?format=html&since=-1w",
		"/v1/diff?format=html", "/v1/diff?format=html&from=1"} {
		tag := get(h, target).Header().Get("ETag")
		if rec := get(h, target, "If-None-Match", tag); tag == "" || rec.Code != 304 {
			t.Errorf("%s: ETag %q: %d", target, tag, rec.Code)
		}
	}
}
