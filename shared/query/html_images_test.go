package query_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"community-images/shared/access"
	"community-images/shared/query"
)

// getPage asks for a page and returns its HTML.
func getPage(t *testing.T, h http.Handler, target string) string {
	t.Helper()
	rec := get(h, target, "Accept", "application/xhtml+xml")
	if rec.Code != 200 || rec.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%s: %s", target, dump(rec))
	}
	return rec.Body.String()
}

// checkHTML checks that a page has some texts and lacks others, which begin with "!".
func checkHTML(t *testing.T, target, html string, want ...string) {
	t.Helper()
	for _, text := range want {
		text, isUnwanted := strings.CutPrefix(text, "!")
		if strings.Contains(html, text) == isUnwanted {
			t.Errorf("%s: the page has %q: %v", target, text, isUnwanted)
		}
	}
}

// TestImagesPage checks what the page of a list shows.
func TestImagesPage(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	const all = "/v1/images?ClusterId=*"
	for target, want := range map[string][]string{
		all: {"5 captured images · any cluster · any instance type · commit 3", `<a class="name" href="/v1/images/m-cent79`,
			`<span class="pill good">Available</span>`, "40 GiB", "1 of 2", "CentOS 7.9", "!Active filters"},
		// A facet ignores its own condition, so the other values stay.
		all + "&OsTag.Platform=Ubuntu": {"2 of 5 captured images", `title="Remove: Ubuntu"`, `title="Add: CentOS"`,
			`href="/v1/images?ClusterId=*&amp;OsTag.Platform=Ubuntu,CentOS"`, `class="chip" href="/v1/images?ClusterId=*"`},
		all + "&OsTag.Platform=Ubuntu,CentOS": {
			`href="/v1/images?ClusterId=*&amp;OsTag.Platform=CentOS" data-live title="Remove: Ubuntu"`},
		all + "&Size__gte=60&sort=-Size&latestBy=Status&minCount=1": {"Size ≥ 60", "Sorted by: -Size",
			"First of each: Status",
			"At least: 1", `aria-sort="descending"`,
			`href="/v1/images?ClusterId=*&amp;Size__gte=60&amp;latestBy=Status&amp;minCount=1&amp;sort=Size"`},
		all + "&q=&at=&InstanceType=&limit=1": {`rel="next"`, "1–1 of 5", `Cluster`},
		all + "&fields=ImageId,OsTag.OsTag":   {">OsTag.OsTag", "!First seen", "Usual columns"},
		"/v1/images": {"what every cluster supports", "ClusterId=* searches all",
			"Search everything captured"},
		"/v1/images?ClusterId=ehpc-a&InstanceType=ecs.c7.large": {"ehpc-a · ecs.c7.large", "!Offered in"},
		all + "&q=nothing+such": {"No image matches", `lang="en"`,
			"Without the condition on q", "Show all images"},
		all + "&ImageId=m-cent79,m-cent710": {"fields differ",
			`<th scope="row">OsTag.Version <span class="pill warn">differs`,
			`<th scope="row">OsTag.Platform</th>`, "Back to the list"},
		all + "&at=2026-11-23T09:30:00Z": {"as of 2026-11-23 09:00 UTC", "As of: 2026-11-23T09:30:00Z"},
		all + "&lang=zh":                 {"个已采集的镜像", "可用集群", `lang="zh-Hans"`, "&amp;lang=zh"},
	} {
		checkHTML(t, target, getPage(t, h, target), want...)
	}
}

// TestCopyFromThePage checks the commands that the page shows, for a shell and for Terraform.
func TestCopyFromThePage(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	const target = "/v1/images?ClusterId=*&ImageName__ne=%27%24(reboot)%22%25%7b"
	const quoted = `&#39;https://images.example/v1/images?ClusterId=*&amp;ImageName__ne=%27%24%28reboot%29%22%25%7B&#39;`
	checkHTML(t, target, getPage(t, w.Handler(), target), "curl -sS --fail-with-body "+quoted, "!Bearer",
		`url = &#34;https://images.example/v1/images?ClusterId=*&amp;ImageName__ne=%27%24%28reboot%29%22%25%7B&#34;`)
	withTokens := withToken{w.Handler(allow(access.Grant{Name: "all"})), "all"}
	checkHTML(t, target, getPage(t, withTokens, target),
		`curl -sS --fail-with-body -H &#34;Authorization: Bearer $TOKEN&#34; `+quoted,
		`Authorization = &#34;Bearer ${var.token}&#34;`, "!"+token("all"))
}

// TestImagesPageOfLimitedCaller checks that a page shows nothing that the grant hides.
func TestImagesPageOfLimitedCaller(t *testing.T) {
	t.Parallel()
	h := withToken{newSmallRegion(t).Handler(allow(access.Grant{Name: "b", Clusters: []string{"ehpc-b"}})), "b"}
	for _, target := range []string{"/v1/images?ClusterId=*", "/v1/images?ClusterId=*&q=nothing"} {
		checkHTML(t, target, getPage(t, h, target), "ehpc-b", "!ehpc-a", "!m-cent79", "!ecs.c7.large", "2 captured images")
	}
}

// TestRedactedFieldsAreNotOnThePage checks that a page shows no field that is withheld.
func TestRedactedFieldsAreNotOnThePage(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler(func(o *query.Options) { o.Redact = []string{"Status", "OsTag", "ImageName"} })
	const target = "/v1/images?ClusterId=*"
	checkHTML(t, target, getPage(t, h, target), "!Available", "!CentOS 7.9", "!hpc-centos", "m-cent79", "40 GiB")
}

// TestHostileTextsStayTexts puts HTML into every field that the page can show.
func TestHostileTextsStayTexts(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	const evil = `</td><script>alert(1)</script>\" onfocus=\"x' autofocus &lt;`
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t,
		`{"ImageId":"m-<i>1","ImageName":"`+evil+`","Status":"`+evil+`","ImageOwnerAlias":"`+evil+`","SkuCode":"`+evil+
			`","Description":"`+evil+`","OsTag":{"Platform":"`+evil+`","Version":"`+evil+`","Architecture":"`+evil+`"}}`,
		`{"ImageId":"m-2"}`)})
	for _, target := range []string{"/v1/images?ClusterId=*", "/v1/images?ClusterId=*&fields=*",
		"/v1/images?ClusterId=*&ImageId=m-<i>1,m-2", "/v1/images?ClusterId=*&q=%3Cscript%3Ealert(1)%3C/script%3E"} {
		html := getPage(t, w.Handler(), target)
		if tags := regexp.MustCompile(`(?i)<script[^ ]|<i>| onfocus="|<td autofocus`).FindAllString(html, -1); tags != nil {
			t.Errorf("%s: texts of images are HTML: %q\n%s", target, tags, html)
		}
		checkHTML(t, target, html, "&lt;script&gt;alert(1)&lt;/script&gt;")
	}
}

// TestImagesPageIsNotSentTwice checks the ETag of a page.
func TestImagesPageIsNotSentTwice(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	const target = "/v1/images?ClusterId=*&format=html"
	tag := get(h, target).Header().Get("ETag")
	if rec := get(h, target, "If-None-Match", tag); tag == "" || rec.Code != 304 {
		t.Errorf("ETag %q: %d", tag, rec.Code)
	}
	if rec := get(h, target+"&lang=zh", "If-None-Match", tag); rec.Code != 200 {
		t.Errorf("another language: %d", rec.Code)
	}
}

// TestBadInputOnThePage checks that an error page says what is wrong, and where to go on.
func TestBadInputOnThePage(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	for target, want := range map[string]string{
		"/v1/images?format=html&at=yesterday":        "at must be",
		"/v1/images?format=html&at=2026-11-23T09:30": "Add Z or +08:00",
		"/v1/images?format=html&ClusterId=ehpc-x":    "ehpc-x",
		"/v1/images?format=html&Description=&q=%00":  "q ",
	} {
		rec := get(h, target)
		if rec.Code < 400 || rec.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %s", target, dump(rec))
		}
		checkHTML(t, target, rec.Body.String(), "This did not work", want, "/v1/images?ClusterId=*")
	}
}
