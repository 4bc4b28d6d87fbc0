package query_test

import (
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/query"
)

// TestClustersPage checks what the page of the fleet shows.
func TestClustersPage(t *testing.T) {
	t.Parallel()
	h := newFleet(t).Handler()
	for target, want := range map[string][]string{
		"/v1/clusters": {"6 clusters · 1 boots from an image that is gone", "gone for 2 h", "E-HPC names no image",
			"the cluster has never answered", "not a community image", `<code>m-system</code>`, "name of ehpc-a",
			`href="/v1/clusters?ImageState=gone"`, `href="/v1/images/m-cent79?RegionId=cn-hangzhou"`, "Instance type"},
		"/v1/clusters?ImageState=gone": {"6 clusters", "name of ehpc-b", "!name of ehpc-a", "<b>6</b>",
			`aria-current="true">gone`},
		"/v1/clusters?ImageState=gone&ClusterId=ehpc-a": {"No cluster is in this state."},
		"/v1/clusters?at=1":                             {"This is how it was at 1.", `href="/v1/clusters"`},
		"/v1/clusters?lang=zh":                          {"6 个集群", "已下线 2 小时", "非社区镜像", "lang=zh"},
	} {
		checkHTML(t, target, getPage(t, h, target), want...)
	}
}

// TestMatrixPage checks what the page of the matrix shows.
func TestMatrixPage(t *testing.T) {
	t.Parallel()
	h := newFleet(t).Handler()
	for target, want := range map[string][]string{
		"/v1/matrix": {"3 images · 5 columns", "name of ehpc-a", `<th scope="col">`, `<th scope="row">`,
			`<span class="hidden">offered</span>`, `<span class="hidden">not offered</span>`,
			`href="/v1/images/m-cent79?RegionId=cn-hangzhou"`, `href="/v1/matrix?InstanceType=*"`, "!Next page"},
		"/v1/matrix?limit=1":                   {`rel="next"`, "Next page", "!First page"},
		"/v1/matrix?q=nothing+such":            {"No image matches.", "Show all", `value="nothing such"`},
		"/v1/matrix?q=cent&ClusterId=ehpc-a":   {`name="ClusterId" value="ehpc-a"`, "1 column", "!everywhere"},
		"/v1/matrix?InstanceType=ecs.c7.large": {"ecs.c7.large", "1 column"},
	} {
		checkHTML(t, target, getPage(t, h, target), want...)
	}
}

// TestStatusPage checks that the status says what is wrong, and what to do.
func TestStatusPage(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	down := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} },
		allow(access.Grant{Name: "all"}, access.Grant{Name: "b", Regions: []string{hangzhou},
			Clusters: []string{"ehpc-b"}}))
	page := getPage(t, withToken{down, "all"}, "/v1/status")
	checkHTML(t, "/v1/status", page, "partly out of date", "ServiceUnavailable", "the next run asks again",
		"never captured", "cn-beijing cannot be read now.", "You may see everything.",
		`href="/v1/status?RegionId=cn-hangzhou"`, "all regions")
	page = getPage(t, withToken{down, "b"}, "/v1/status")
	checkHTML(t, "/v1/status of b", page, "You may see only: cn-hangzhou, name of ehpc-b (ehpc-b)", "!ehpc-a", "!ehpc-new",
		"!beijing")
}

// TestOverview checks the page of /.
func TestOverview(t *testing.T) {
	t.Parallel()
	w := newFleet(t)
	several := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	checkHTML(t, "/", getPage(t, several, "/"),
		"Data of cn-hangzhou", `name="ClusterId" value="*"`, "images in cn-hangzhou",
		"of 6 clusters boot from an image that is gone", "name of ehpc-b", "gone for 2 h", "Other regions",
		"cannot be read", `href="/?RegionId=cn-beijing"`, "new in 24 hours", "All changes",
		`<span class="pill good">added</span>`, "!This cannot be shown now", "curl", "/v1/images?ClusterId=*")
	checkHTML(t, "/?RegionId=cn-beijing", getPage(t, several, "/?RegionId=cn-beijing"), "cn-beijing cannot be read now.",
		`href="/?RegionId=cn-hangzhou"`)
	// Programs still get the routes as text.
	if text := get(several, "/"); !strings.HasPrefix(text.Body.String(), "Community images of E-HPC, version") {
		t.Errorf("for curl: %s", dump(text))
	}
	if wrong := get(several, "/?RegionId=mars&format=html"); wrong.Code != 400 ||
		!strings.Contains(wrong.Body.String(), "RegionId must be") {
		t.Errorf("a wrong region: %s", dump(wrong))
	}
}

// TestFleetPagesAreConditional checks that an ETag of a page holds for a minute.
func TestFleetPagesAreConditional(t *testing.T) {
	t.Parallel()
	w := newFleet(t)
	h := w.Handler()
	for _, target := range []string{"/", "/v1/clusters", "/v1/matrix", "/v1/status"} {
		tag := get(h, target, "Accept", "application/xhtml+xml").Header().Get("ETag")
		ask := func() int {
			return get(h, target, "Accept", "application/xhtml+xml", "If-None-Match", tag).Code
		}
		if first := ask(); tag == "" || first != 304 {
			t.Errorf("%s: %d for the ETag %q", target, first, tag)
		}
		w.Now = w.Now.Add(time.Minute)
		if later := ask(); later != 200 {
			t.Errorf("%s: %d a minute later", target, later)
		}
	}
}

// TestFleetPagesShowHostileTexts checks that texts of E-HPC stay texts.
func TestFleetPagesShowHostileTexts(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	const attack = `"><script>alert(1)</script>`
	image := parseImages(t, `{"ImageId":"m-x\"><b>","ImageName":"<script>alert(2)"}`)
	w.CommitRunListing(hangzhou, content{"ehpc-a/_any": image},
		`{"Id":"ehpc-a","Name":"`+strings.ReplaceAll(attack, `"`, `\"`)+`","ImageId":"m-x\"><b>","SchedulerType":"<i>"}`)
	for _, target := range []string{"/", "/v1/clusters", "/v1/matrix", "/v1/status"} {
		checkHTML(t, target, getPage(t, w.Handler(), target), "!<script>alert", `!m-x"`, "!<i>")
	}
}

// TestPagesOfSeveralRegions: links lead to pages of one region, and a page that needs one
// offers those that there are.
func TestPagesOfSeveralRegions(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler(func(o *query.Options) { o.Regions = []string{beijing, hangzhou} })
	checkHTML(t, "/v1/clusters", getPage(t, h, "/v1/clusters"), `href="/v1/changes?RegionId=cn-beijing&amp;since=-1w"`,
		`href="/v1/diff?RegionId=cn-beijing"`, `href="/v1/matrix?RegionId=cn-beijing"`,
		`href="/v1/images?ClusterId=*&amp;RegionId=cn-beijing"`, `href="/v1/status"`)
	checkHTML(t, "/v1/clusters of a region", getPage(t, h, "/v1/clusters?RegionId=cn-hangzhou"),
		`href="/v1/matrix?RegionId=cn-hangzhou"`)
	for _, target := range []string{"/v1/images?ClusterId=*", "/v1/matrix?limit=1", "/v1/changes?since=-1w",
		"/v1/diff?from=-1w"} {
		checkPageError(t, h, target, 400, "RegionId is required", `RegionId=cn-beijing`, ">cn-hangzhou</a>")
	}
}
