package query_test

import (
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/alias"
	"community-images/shared/catalog"
	"community-images/shared/query"
)

// newAliasRegions returns two regions with aliases of every kind.
func newAliasRegions(t *testing.T) *fixture {
	t.Helper()
	w := newFixture(t)
	ended := catalog.At(w.Now.Add(-time.Hour))
	w.Aliases = alias.File{hangzhou: {
		{Name: "both", Lookup: "ClusterId=ehpc-a"},
		{Name: "ended", Lookup: "sort=-OsTag.Version,ImageName",
			Pin: &alias.Pin{ImageID: "m-win", Reason: "r", Until: ended}},
		{Name: "gone", Lookup: "ClusterId=*&sort=-OsTag.Version",
			Pin: &alias.Pin{ImageID: "m-lost", Reason: "<b>tested</b>"}},
		{Name: "newest", Description: "<i>new</i> nodes",
			Lookup: "ClusterId=*&OsTag.Platform=CentOS,Debian&sort=-OsTag.Version"},
		{Name: "nothing", Lookup: "q=nothing&Size__lt=50&latestBy=OsTag.Platform"},
		{Name: "pinned", Lookup: "q=linux", Pin: &alias.Pin{ImageID: "m-cent79", Reason: "<script>alert(1)</script>"}},
	}, beijing: {{Name: "both", Lookup: "q=linux"}}}
	images := parseImages(t, centOS79, centOS710)
	w.CommitRun(hangzhou, content{"_any/_any": images, "ehpc-a/_any": images})
	w.CommitRun(beijing, content{"_any/_any": images})
	return w
}

// checkPage checks the status of a page, and that it has texts.
func checkPage(t *testing.T, w *fixture, target string, status int, wants ...string) {
	t.Helper()
	rec := open(w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} }), target)
	page := rec.Body.String()
	if rec.Code != status || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") {
		t.Errorf("%s is %s", target, dump(rec))
	}
	for _, want := range wants {
		if !strings.Contains(page, want) {
			t.Errorf("%s does not have %s: %s", target, want, page)
		}
	}
	for _, bad := range []string{"<script>alert", "<b>tested", "<i>new", "%!"} {
		if strings.Contains(page, bad) {
			t.Errorf("%s has %s: %s", target, bad, page)
		}
	}
}

// TestPageOfAliases: each alias with its image, its rule in words that leads to the images of
// the lookup, its pin, and what is wrong with it.
func TestPageOfAliases(t *testing.T) {
	t.Parallel()
	w := newAliasRegions(t)
	checkPage(t, w, "/v1/aliases?RegionId=cn-hangzhou", 200,
		"6 aliases · 2 have no image · 2 are held by pins",
		`href="/v1/aliases/newest?RegionId=cn-hangzhou"`, "&lt;i&gt;new&lt;/i&gt; nodes", "hpc-centos-7.10",
		`href="/v1/images?ClusterId=*&amp;OsTag.Platform=CentOS,Debian&amp;RegionId=cn-hangzhou&amp;sort=-OsTag.Version"`,
		"any cluster · OsTag.Platform: CentOS, Debian · highest OsTag.Version first",
		"what every cluster supports · Text: nothing · Size &lt; 50 · first of each OsTag.Platform",
		"the pinned image is gone", "no image matches", "without an end", "ended <time", "(does not decide: pinned)",
		`aria-current="page">Aliases`)
	checkPage(t, w, "/v1/aliases", 200, "7 aliases", `<th scope="col">Region</th>`, "cn-beijing")
	checkPage(t, w, "/v1/aliases?lang=zh", 200, "7 个别名", "固定的镜像已下线", "任意集群", "按 OsTag.Version 从高到低")
	checkPage(t, w, "/v1/aliases?sort=Name", 400, "sort is not a parameter")

	w.Aliases, w.AliasProblem = nil, `"aliases.json": <script>alert(1)</script>`
	w.CommitRun(hangzhou, content{})
	checkPage(t, w, "/v1/aliases", 200, "could not use aliases.json", "&lt;script&gt;alert(1)")
}

// TestPageWithoutAliases says how to define one.
func TestPageWithoutAliases(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, centOS79)})
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79)})
	checkPage(t, w, "/v1/aliases?RegionId=cn-beijing", 200, "There are no aliases to show", "shared/alias/README.md",
		"&#34;RegionId&#34;: &#34;cn-beijing&#34;", `href="/openapi.json"`)
	checkPage(t, w, "/v1/aliases/x?RegionId=cn-beijing", 404, "No alias", "There are no aliases to show")
}

// TestPageOfAnAlias: the image on top with its facts, the rule, the pin and what to do about it,
// and how scripts ask.
func TestPageOfAnAlias(t *testing.T) {
	t.Parallel()
	w := newAliasRegions(t)
	checkPage(t, w, "/v1/aliases/newest", 200,
		"<title>newest – ", "hpc-centos-7.10", "CentOS 7.10", "&lt;i&gt;new&lt;/i&gt; nodes",
		`href="/v1/images/m-cent710?RegionId=cn-hangzhou"`, "the lookup: its first image · since <time",
		"curl -sS --fail-with-body &#39;https://images.example/v1/aliases/newest?RegionId=cn-hangzhou&amp;format=ids&#39;",
		"url = &#34;https://images.example/v1/aliases/newest?RegionId=cn-hangzhou&#34;",
		"locals { image_id = jsondecode(data.http.image.response_body).ImageId }")
	checkPage(t, w, "/v1/aliases/pinned?lang=en", 200, "m-cent79", "&lt;script&gt;alert(1)", "the pin · since <time",
		"remove Pin from aliases.json",
		`<a href="/v1/images?RegionId=cn-hangzhou&amp;lang=en&amp;q=linux">What the lookup finds</a>`)
	checkPage(t, w, "/v1/aliases/ended", 200, "m-cent710", "and the lookup decides again")
	checkPage(t, w, "/v1/aliases/newest?at=1&RegionId=cn-hangzhou", 200, "&amp;at=1&amp;", "m-cent710")
	checkPage(t, w, "/v1/aliases/newest?lang=zh", 200, "查看该镜像的内容、可用集群和历史", "当前镜像")
}

// TestPageOfAnAliasWithoutAnImage explains why, and what to do, with the status that scripts
// get.
func TestPageOfAnAliasWithoutAnImage(t *testing.T) {
	t.Parallel()
	w := newAliasRegions(t)
	checkPage(t, w, "/v1/aliases/gone", 409, "The pinned image is not offered any more", "PinnedImageGone",
		`href="/v1/images/m-lost?RegionId=cn-hangzhou"`, "It would give", `href="/v1/images/m-cent710?RegionId=cn-hangzhou"`,
		"&lt;b&gt;tested&lt;/b&gt;", "aliases/gone?RegionId=cn-hangzhou&amp;format=ids")
	checkPage(t, w, "/v1/aliases/nothing?RegionId=cn-hangzhou", 404, "No image matches the lookup of this alias",
		"NoImageMatches", "Open the lookup", "matches the lookup of alias")
	checkPage(t, w, "/v1/aliases/gone?lang=zh", 409, "固定的镜像已不再提供", "改由查询决定")
	checkPage(t, w, "/v1/aliases/absent?RegionId=cn-hangzhou", 404, "No alias", "AliasNotFound",
		`href="/v1/aliases/newest?RegionId=cn-hangzhou"`)
	checkPage(t, w, "/v1/aliases/both", 400, "Several regions have this alias",
		`href="/v1/aliases/both?RegionId=cn-beijing"`)
	checkPage(t, w, "/v1/aliases/NO", 404, "no valid name of an alias")
	checkPage(t, w, "/v1/aliases/newest?at=yesterday", 400, "at must be")
}

// TestPagesOfAliasesForCaches: a page that a browser has is confirmed within the minute, and not
// once the pin has ended.
func TestPagesOfAliasesForCaches(t *testing.T) {
	t.Parallel()
	w := newAliasWithEndingPin(t)
	h := w.Handler()
	for _, target := range []string{"/v1/aliases/gpu", "/v1/aliases"} {
		tag := open(h, target).Header().Get("ETag")
		if rec := open(h, target, "If-None-Match", tag); tag == "" || rec.Code != 304 {
			t.Errorf("%s: the same page is %s", target, dump(rec))
		}
		w.Now = w.Now.Add(time.Hour)
		rec := open(h, target, "If-None-Match", tag)
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), "m-cent710") {
			t.Errorf("%s: %s", target, dump(rec))
		}
		w.Now = w.Now.Add(-time.Hour)
	}
}

// TestPagesOfAliasesByGrant: pages show no alias that the caller's token does not cover, also
// when they explain an error.
func TestPagesOfAliasesByGrant(t *testing.T) {
	t.Parallel()
	h := newAliasRegions(t).Handler(allow(access.Grant{Name: "a", Clusters: []string{"ehpc-a"}}))
	for _, target := range []string{"/v1/aliases", "/v1/aliases/both", "/v1/aliases/newest", "/v1/aliases/gone"} {
		rec := open(h, target, "Authorization", bearer("a"))
		page := rec.Body.String()
		for _, hidden := range []string{"OsTag.Platform: ", "m-lost", "nodes", "tested"} {
			if strings.Contains(page, hidden) {
				t.Errorf("%s shows %s: %s", target, hidden, page)
			}
		}
		if !strings.Contains(page, "/v1/aliases/both") {
			t.Errorf("%s does not have the alias of the grant: %s", target, page)
		}
	}
}
