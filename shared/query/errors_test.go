package query_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"community-images/shared/query"
)

// errorBody is the body of an error answer.
type errorBody struct{ RequestId, HostId, Code, Message, Recommend string }

// TestErrors checks the status, code and parts of the message of each error.
func TestErrors(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	for _, row := range []struct {
		target string
		status int
		code   string
		says   []string // parts of Message
		reads  bool     // the question is well formed, so the store may be asked
	}{
		{target: "/v1/images?Statsu=Available", status: 400, code: "UnknownParameter",
			says: []string{`Statsu`, `Did you mean "Status"`, "Allowed: RegionId"}},
		{target: "/v1/images?Platform=CentOS", status: 400, code: "UnknownParameter",
			says: []string{`Did you mean "OsTag.Platform"?`}},
		{target: "/v1/images?Version__gt=7", status: 400, code: "UnknownParameter",
			says: []string{`Version__gt is`, `Did you mean "OsTag.Version__gt"?`}},
		{target: "/v1/images?Platfrm=CentOS", status: 400, code: "UnknownParameter",
			says: []string{`Did you mean "OsTag.Platform"?`}},
		{target: "/v1/images?Limt=1&Verison__gt=7", status: 400, code: "UnknownParameter",
			says: []string{`Did you mean "limit"? Allowed: `,
				`openapi.json). Verison__gt is not a parameter of /v1/images. Did you mean "OsTag.Version__gt"?`}},
		{target: "/v1/images?statsu__ICONTIANS=a", status: 400, code: "UnknownParameter",
			says: []string{`Did you mean "Status__icontains"?`}},
		{target: "/v1/images?siez__prefix=4", status: 400, code: "UnknownParameter",
			says: []string{`Did you mean "Size"?`}},
		{target: "/v1/images?limt__gt=4", status: 400, code: "UnknownParameter",
			says: []string{`of /v1/images. Allowed`}},
		{target: "/v1/changes?Version__gt=7", status: 400, code: "UnknownParameter",
			says: []string{`of /v1/changes. Allowed`}},
		// İ is no i, so these are other names; see foldCase.
		{target: "/v1/images?S%C4%B0ze=40", status: 400, code: "UnknownParameter", says: []string{`S\u0130ze is not`}},
		{target: "/v1/images?format=%C4%B0ds", status: 400, code: "InvalidParameter",
			says: []string{`format must be`, `got "\u0130ds"`}},
		{target: "/v1/images?ImageName__gt=a,b", status: 400, code: "InvalidParameter",
			says: []string{`takes one value, got "a,b"; it may have been given twice. Allowed: one value.`}},
		{target: "/v1/images?Size__prefix=4", status: 400, code: "InvalidParameter",
			says: []string{`unknown operator "prefix"`, "the operators of Size: eq, ne, exists, gt, gte, lt, lte."}},
		{target: "/v1/images?Status__contians=A", status: 400, code: "InvalidParameter",
			says: []string{`Did you mean "Status__contains"?`}},
		{target: "/v1/images?Size=big", status: 400, code: "InvalidParameter",
			says: []string{`Size must be a decimal number within ±1.8e308, got "big".`}},
		{target: "/v1/images?Status=", status: 400, code: "InvalidParameter", says: []string{"Status__exists=false"}},
		{target: "/v1/images?Status__exists=maybe", status: 400, code: "InvalidParameter",
			says: []string{`Status__exists must be true or false, got "maybe".`}},
		{target: "/v1/images?ImageName__regex=a(", status: 400, code: "InvalidParameter",
			says: []string{"RE2 expression: missing closing ): `a(`. Allowed"}},
		{target: "/v1/images?ImageName__glob=%5Bz-a%5D", status: 400, code: "InvalidParameter",
			says: []string{
				`ImageName__glob has the range "z-a", whose end is before its start. Allowed: a pattern of *, ? and [a-z]`}},
		{target: "/v1/images?Size__gt=1_0", status: 400, code: "InvalidParameter",
			says: []string{`Size__gt must be a decimal number within ±1.8e308, got "1_0".`}},
		{target: "/v1/images?Size=0x28", status: 400, code: "InvalidParameter",
			says: []string{`Size must be a decimal number within ±1.8e308, got "0x28".`}},
		{target: "/v1/images?Size=inf", status: 400, code: "InvalidParameter",
			says: []string{`Size must be a decimal number within ±1.8e308, got "inf".`}},
		{target: "/v1/changes?since=9", status: 404, code: "CommitNotFound", says: []string{"number 3"}, reads: true},
		{target: "/v1/images?limit=0", status: 400, code: "InvalidParameter",
			says: []string{`limit must be an integer from 1 to 1000, got "0".`}},
		{target: "/v1/images?limit=1,2", status: 400, code: "InvalidParameter",
			says: []string{`limit takes one value, got "1,2"; it may have been given twice.`}},
		{target: "/v1/images?limit=1&limit=2", status: 400, code: "InvalidParameter", says: []string{`got "1,2"`}},
		{target: "/v1/images?limit=99999999999999999999", status: 400, code: "InvalidParameter",
			says: []string{"limit"}},
		{target: "/v1/images?limit=x&Size=y&foo=1", status: 400, code: "InvalidParameter",
			says: []string{"limit", "Size", "foo"}},
		{target: "/v1/images?sort=-OsTag.Versoin", status: 400, code: "InvalidParameter",
			says: []string{`Did you mean "OsTag.Version"`}},
		{target: "/v1/images?sort=Size,desc", status: 400, code: "InvalidParameter",
			says: []string{`sort names the unknown field "desc". For descending write - in front of a field.`}},
		{target: "/v1/images?sort=Size:desc", status: 400, code: "InvalidParameter",
			says: []string{`sort names the unknown field "Size:desc". For descending write - in front of a field.`}},
		{target: "/v1/images?fields=Foo", status: 400, code: "InvalidParameter", says: []string{`unknown field "Foo"`}},
		{target: "/v1/images?facets=Foo", status: 400, code: "InvalidParameter", says: []string{`unknown field "Foo"`}},
		{target: "/v1/images?latestBy=Foo", status: 400, code: "InvalidParameter",
			says: []string{`unknown field "Foo"`}},
		{target: "/v1/images?minCount=0", status: 400, code: "InvalidParameter", says: []string{"minCount"}},
		{target: "/v1/images?format=xml", status: 400, code: "InvalidParameter",
			says: []string{`format must be json, ndjson, csv, tsv, table, ids or html, got "xml".`}},
		{target: "/v1/changes?format=", status: 400, code: "InvalidParameter",
			says: []string{"format must not be empty. Allowed: json, ndjson, csv, tsv, table, atom or html."}},
		{target: "/v1/diff?ClusterId=ehpc-a&with=ehpc-b&InstanceType=x,y", status: 400, code: "InvalidParameter",
			says: []string{"InstanceType names more than one"}},
		{target: "/v1/images?cursor=abc", status: 400, code: "InvalidParameter",
			says: []string{`cursor must be the NextCursor of an answer to the same query, got "abc".`}},
		{target: "/v1/images?at=yesterday", status: 400, code: "InvalidParameter",
			says: []string{`at must be an RFC 3339 time or date, `, "-24h", `commit, got "yesterday".`}},
		{target: "/v1/images?at=2027-01-01T00:00:00Z", status: 400, code: "InvalidParameter",
			says: []string{"at must not be in the future, got 2027-01-01T00:00:00.000Z."}},
		{target: "/v1/images?maxAge=soon", status: 400, code: "InvalidParameter",
			says: []string{`maxAge must be a duration of s, m, h, d or w, for example 10m or 7d, got "soon".`}},
		{target: "/v1/images?RegionId=mars", status: 400, code: "InvalidParameter",
			says: []string{`RegionId must be cn-hangzhou, got "mars".`}},
		{target: "/v1/images?InstanceType=../x", status: 400, code: "InvalidParameter",
			says: []string{`InstanceType must be names of A-Z a-z 0-9 . _ -, `, `got "../x".`}},
		{target: "/v1/images?ClusterId=*,a", status: 400, code: "InvalidParameter",
			says: []string{"mixes * with names"}},
		{target: "/v1/images?ClusterId=a%00", status: 400, code: "InvalidParameter",
			says: []string{"control characters"}},
		{target: "/v1/images?ImageName=a%C2%9Bb", status: 400, code: "InvalidParameter",
			says: []string{"control characters", `"a\u009bb"`}},
		{target: "/v1/images/m%C2%85", status: 404, code: "ImageNotFound", says: []string{"no valid image id"}},
		{target: "/v1/images?ClusterId=%ff", status: 400, code: "InvalidParameter", says: []string{"UTF-8"}},
		{target: "/v1/images?ClusterId=%zz", status: 400, code: "InvalidParameter", says: []string{"percent sign"}},
		{target: "/v1/image", status: 404, code: "RouteNotFound",
			says: []string{`Did you mean "/v1/images"?`, "/v1/clusters", "/healthz"}},
		{target: "/v1/images/a/b", status: 404, code: "RouteNotFound"},
		{target: "/v1/images?q=" + long, status: 414, code: "QueryTooLong",
			says: []string{"has 5013 bytes; the limit is 4096."}},
		// a Link would have as many
		{target: "/v1/images?q=" + strings.Repeat("é", 700), status: 414, code: "QueryTooLong",
			says: []string{"4213 bytes"}},
		{target: "/v1/images?%E2%80%AEx=%zz", status: 400, code: "InvalidParameter",
			says: []string{`\u202ex has a percent sign that begins no escape: "%zz".`}},
		// the year 10000
		{target: "/v1/images?at=9999-12-31T23:00:00-08:00", status: 400, code: "InvalidParameter",
			says: []string{`, got "9999-12-31T23:00:00-08:00".`}},
		{target: "/v1/images?ClusterId=../x", status: 404, code: "ClusterNotFound",
			says: []string{`Cluster "../x" is not captured in cn-hangzhou.`}, reads: true},
		{target: "/v1/images?ClusterId=ehpc-x", status: 404, code: "ClusterNotFound",
			says: []string{`"ehpc-x"`,
				"ehpc-a (name of ehpc-a), ehpc-b (name of ehpc-b), ehpc-new (name of ehpc-new)"}, reads: true},
		{target: "/v1/images?ClusterId=ehpc-b&InstanceType=ecs.c7.large", status: 404, code: "ScopeNotCaptured",
			says: []string{`No list of cluster "ehpc-b" is captured for instance type "ecs.c7.large" in cn-hangzhou. ` +
				`Captured instance types: _any.`}, reads: true},
		{target: "/v1/images?ClusterId=ehpc-a&InstanceType=ecs.c7.lareg", status: 404, code: "ScopeNotCaptured",
			says: []string{`Did you mean "ecs.c7.large"?`}, reads: true},
		{target: "/v1/images?ClusterId=ehpc-a&InstanceType=ecs.g7.8large", status: 404, code: "ScopeNotCaptured",
			says: []string{`"ecs.g7.8large" in cn-hangzhou. Captured instance types: `}, reads: true},
		{target: "/v1/images?ClusterId=ehpc-nwe", status: 404, code: "ClusterNotFound",
			says: []string{`Did you mean "ehpc-new"?`}, reads: true},
		{target: "/v1/images?ClusterId=ehpc-x9", status: 404, code: "ClusterNotFound",
			says: []string{`"ehpc-x9" is not captured in cn-hangzhou. Captured`}, reads: true},
		{target: "/v1/images?ClusterId=ehpc-new", status: 503, code: "ScopeNotReady",
			says: []string{"has never been captured", "ServiceUnavailable"}, reads: true},
		{target: "/v1/images?at=9", status: 404, code: "CommitNotFound", says: []string{"number 3"}, reads: true},
		{target: "/v1/images?at=2026-11-22", status: 404, code: "BeforeFirstCommit",
			says: []string{"2026-11-23T09:00:00.000Z"}, reads: true},
		{target: "/v1/images?maxAge=10m", status: 503, code: "SnapshotTooOld", says: []string{"_any/_any (1800 s)"},
			reads: true},
		{target: "/v1/images?Status=CreateFailed&minCount=1", status: 404, code: "NoImageMatches",
			says: []string{"0 images match; minCount requires 1."}, reads: true},
		{target: "/v1/images/m-none", status: 404, code: "ImageNotFound", says: []string{`"m-none"`}, reads: true},
		{target: "/v1/images/m-win", status: 410, code: "ImageGone", says: []string{`"m-win"`}, reads: true},
	} {
		t.Run(row.target[:min(60, len(row.target))], func(t *testing.T) {
			t.Parallel()
			w := newSmallRegion(t)
			h := w.Handler()
			w.Memory.Requests()
			rec := get(h, row.target)
			checkError(t, rec, row.status, row.code, row.says)
			if asked := w.Memory.Requests(); asked != "" && !row.reads {
				t.Errorf("a bad question reached the store: %s", asked)
			}
		})
	}
}

// TestManyUnknownNames checks that an error explains only ten unknown names.
// Looking for similar names of each would take 30 ms. The work is counted in
// allocations, so the test does not run in parallel to others.
func TestManyUnknownNames(t *testing.T) {
	h := newSmallRegion(t).Handler()
	target := "/v1/images?"
	for i := range 1000 {
		target += fmt.Sprintf("%x&", i)
	}
	checkError(t, get(h, target), 400, "UnknownParameter",
		[]string{"9 is not", "images. 990 more parameters are wrong."})
	if n := testing.AllocsPerRun(3, func() { get(h, target) }); n > 20_000 {
		t.Errorf("they cost %v allocations", n)
	}
}

// twoRegions are messages where what is asked for is in either region, or both.
var twoRegions = map[string]string{
	"/v1/images": "RegionId is required because several regions are configured. Allowed: " +
		"cn-hangzhou or cn-beijing.",
	"/v1/images/m-cent79": "RegionId is required because several regions match the request. " +
		"Allowed: cn-hangzhou or cn-beijing.",
	"/v1/images?ImageId=m-cent79": "RegionId is required because several regions match the request. " +
		"Allowed: cn-hangzhou or cn-beijing.",
	"/v1/images?ImageId=m-nope,m-no": `Image "m-no,m-nope" was never offered in cn-hangzhou, cn-beijing ` +
		`by the requested scopes.`,
	"/v1/images?ClusterId=ehpc-a,ehpc-bj": "RegionId is required because several regions match the request. " +
		"Allowed: cn-hangzhou or cn-beijing.",
	"/v1/images?ClusterId=_any,nope": `Cluster "nope" is not captured in cn-hangzhou, cn-beijing. ` +
		capturedClusters,
	"/v1/changes?ClusterId=_any,nope,x": `Cluster "nope" is not captured in cn-hangzhou, cn-beijing. ` +
		`Cluster "x" is not captured in cn-hangzhou, cn-beijing. ` + capturedClusters,
}

// capturedClusters lists the clusters of both regions.
const capturedClusters = "Captured clusters: ehpc-a (name of ehpc-a), ehpc-b (name of ehpc-b), " +
	"ehpc-new (name of ehpc-new), ehpc-bj (name of ehpc-bj)."

// listOfFields is what parameters that name fields take.
const listOfFields = "a comma list of ImageId, ImageName, Status, Size, ImageOwnerAlias, SkuCode, PricingCycle, " +
	"ProductCode, Uid, Description, PostInstallScript, " +
	"BaseOsTag.Platform, BaseOsTag.OsTag, BaseOsTag.Version, BaseOsTag.Architecture, OsTag.Platform, OsTag.OsTag, " +
	"OsTag.Version, OsTag.Architecture, OsTag.BaseOsTag, FirstSeen, ChangedAt"

// listOfTimes is what a filter by a time takes.
const listOfTimes = "an RFC 3339 time or date, epoch seconds or milliseconds, " +
	"a time before now such as -24h or -7d, now"

// TestErrorTexts compares whole messages that are put together from parts.
func TestErrorTexts(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	long := strings.Repeat("x", 100)
	for target, want := range map[string]string{
		"/v1/images?ClusterId=ehpc-new": "Scope cn-hangzhou/ehpc-new/_any has never been " +
			"captured successfully. The last check: ServiceUnavailable: The request has failed.",
		"/v1/status?" + long + "=1": long[:80] +
			"… is not a parameter of /v1/status. Allowed: RegionId, bootImages, format, pretty, lang.",
		"/v1/status?format=" + strings.Repeat("深", 30): `format must be json or html, got "` +
			strings.Repeat(`\u6df1`, 26) + `"….`,
		"/v1/status?=1":    `"" is not a parameter name. Allowed: RegionId, bootImages, format, pretty, lang.`,
		"/v1/status?%00=1": `%00 is not a parameter name. Allowed: RegionId, bootImages, format, pretty, lang.`,
		"/v1/status?x=1": "x is not a parameter of /v1/status. Allowed: " +
			"RegionId, bootImages, format, pretty, lang.",
		"/v1/status?a=1&b=2&regionid=mars": `a is not a parameter of /v1/status. ` +
			`Allowed: RegionId, bootImages, format, pretty, lang. ` +
			`b is not a parameter of /v1/status. RegionId must be cn-hangzhou, got "mars".`,
		"/v1/status?RegionId=": "RegionId must not be empty. Allowed: cn-hangzhou.",
		"/v1/images?sort=-Foo&latestBy=Bar": `sort names the unknown field "Foo". Allowed: ` +
			listOfFields + `. latestBy names the unknown field "Bar".`,
		"/v1/images?facets=": "facets must not be empty. Allowed: " +
			listOfFields + ".",
		"/v1/images?fields=Foo": `fields names the unknown field "Foo". Allowed: ` +
			listOfFields + ", BaseOsTag, OsTag, Clusters, InstanceTypes, ContentDiffers, Offers, *.",
		"/v1/images?at=9": "The last commit is number 3; at is later.",
		"/v1/images?at=2026-11-23T08:00:00Z": "The kept history begins at " +
			"2026-11-23T09:00:00.000Z with commit 1; at is earlier.",
		"/v1/diff?from=9&to=10":                      "The last commit is number 3; from is later.",
		"/v1/diff?from=1&to=10":                      "The last commit is number 3; to is later.",
		"/v1/diff?ClusterId=ehpc-a&with=ehpc-b&at=4": "The last commit is number 3; at is later.",
		"/v1/changes?since=9":                        "The last commit is number 3; since is later.",
		"/v1/images?InstanceType=ecs.x": "No list without a cluster is captured for " +
			"instance type \"ecs.x\" in cn-hangzhou. Captured instance types: _any.",
		"/v1/matrix?ClusterId=_any&InstanceType=*": "No list without a cluster is captured for any " +
			"instance type in cn-hangzhou. Captured instance types: _any.",
		"/v1/diff?from=1&ClusterId=ehpc-a,ehpc-typo": `Cluster "ehpc-typo" is not captured in cn-hangzhou. ` +
			"Captured clusters: ehpc-a (name of ehpc-a), ehpc-b (name of ehpc-b), ehpc-new (name of ehpc-new).",
		"/v1/images?Size__gt=1e309": `Size__gt must be a decimal number within ±1.8e308, got "1e309".`,
		"/v1/images?Size__gt=-" + strings.Repeat("9", 310): `Size__gt must be a decimal number within ±1.8e308, ` +
			`got "-` + strings.Repeat("9", 79) + `"….`,
		"/v1/images?FirstSeen__gte=2026-11-23T08:00:00": `FirstSeen__gte has no time zone, got "2026-11-23T08:00:00". ` +
			`Add Z or +08:00.`,
		"/v1/images?ChangedAt__lt=-7x": `ChangedAt__lt must be a time before now such as -24h, got "-7x". ` +
			`Units: s, m, h, d, w.`,
		"/v1/images?FirstSeen__gte=3": "FirstSeen__gte must be " + listOfTimes + `, got "3".`,
		"/v1/images?FirstSeen__gte=": "FirstSeen__gte must not be empty. " +
			"For images without a value use FirstSeen__exists=false.",
		"/v1/images?FirstSeen__prefix=2026": `FirstSeen__prefix has the unknown operator "prefix". ` +
			`Allowed: the operators of FirstSeen: eq, ne, exists, gt, gte, lt, lte.`,
		"/v1/images?FirstSeen__since=-7d": `FirstSeen__since has the unknown operator "since". ` +
			`Did you mean "FirstSeen__gte"? Allowed: the operators of FirstSeen: eq, ne, exists, gt, gte, lt, lte.`,
		"/v1/images?Size__gt=0x1p99999": `Size__gt must be a decimal number within ±1.8e308, got "0x1p99999".`,
		"/v1/images/m-win?ClusterId=ehpc-a": `Image "m-win" is no longer offered by the requested scopes. ` +
			`They offered it until 2026-11-23T10:00:00.000Z.`,
		"/v1/images/m-win": `Image "m-win" is no longer offered. ` +
			`It was offered until 2026-11-23T10:00:00.000Z.`,
		"/v1/images?ImageName__glob=" + strings.Repeat(".", 513): "ImageName__glob has 513 bytes; " +
			"the limit is 512. Allowed: a pattern of *, ? and [a-z] for the whole value.",
		"/v1/images?ImageName__iregex=" + strings.Repeat("a", 513): `ImageName__iregex has 513 bytes; ` +
			`the limit is 512. Allowed: an RE2 expression for the whole value; write \, for a comma.`,
	} {
		var body errorBody
		if err := json.Unmarshal(get(h, target).Body.Bytes(), &body); err != nil || body.Message != want {
			t.Errorf("%.60s says\n%s, want\n%s (%v)", target, body.Message, want, err)
		}
	}
	w := newSmallRegion(t)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79), "ehpc-bj/_any": parseImages(t, centOS710)})
	two := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	for target, want := range twoRegions {
		var body errorBody
		if err := json.Unmarshal(get(two, target).Body.Bytes(), &body); err != nil || body.Message != want {
			t.Errorf("of two regions %.60s says\n%s, want\n%s (%v)", target, body.Message, want, err)
		}
	}
	for _, target := range []string{"/v1/images?ImageId=m-ubuntu&ClusterId=*", "/v1/images?ImageId=m-nope,m-win&at=1",
		"/v1/images?ImageId=m-win", "/v1/matrix?ImageId=m-ubuntu",
		"/v1/images?ImageId=m-ubuntu,m-cent79&ClusterId=ehpc-bj"} {
		want := hangzhou
		if strings.Contains(target, "ehpc-bj") {
			want = beijing
		}
		if rec := get(two, target); rec.Code != 200 || !strings.Contains(rec.Body.String(), `"RegionId":"`+want+`"`) {
			t.Errorf("of two regions %s gives %s", target, dump(rec))
		}
	}
	for _, pattern := range []string{"glob=" + strings.Repeat(".", 300), "iregex=" + strings.Repeat("a", 512)} {
		if rec := get(h, "/v1/images?ImageName__"+pattern); rec.Code != 200 {
			t.Errorf("%.60s gives %d %s", pattern, rec.Code, rec.Body)
		}
	}
}

// TestManyFaults checks that a query of 300 unknown parameters has a short answer.
func TestManyFaults(t *testing.T) {
	t.Parallel()
	var query strings.Builder
	for i := range 300 {
		fmt.Fprintf(&query, "&p%03d=1", i)
	}
	rec := get(newSmallRegion(t).Handler(), "/v1/images?"+query.String()[1:])
	checkError(t, rec, 400, "UnknownParameter", []string{"p000 is", "p009 is", " 290 more parameters are wrong."})
	if text := rec.Body.String(); len(text) > 2000 || strings.Contains(text, "p010") ||
		strings.Count(text, "Allowed: ") != 1 {
		t.Errorf("the answer has %d bytes: %s", len(text), text)
	}
}

func TestNothingIsCapturedYet(t *testing.T) {
	t.Parallel()
	h := newFixture(t).Handler()
	for _, target := range []string{"/v1/images", "/v1/images/m-cent79", "/v1/images/m-cent79/history", "/v1/clusters",
		"/v1/changes", "/v1/diff?from=1", "/v1/matrix", "/v1/images?ClusterId=*", "/v1/images?at=1"} {
		checkError(t, get(h, target), 503, "RegionNotReady", nil)
	}
	if rec := get(h, "/v1/status"); rec.Code != 200 || !strings.Contains(rec.Body.String(), `"Code":"RegionNotReady"`) {
		t.Errorf("/v1/status: %d %s", rec.Code, rec.Body)
	}
}

// checkError checks an error answer: its status, its code, the parts of its
// message, and that the common members are there.
func checkError(t *testing.T, rec *httptest.ResponseRecorder, status int, code string, says []string) {
	t.Helper()
	var body errorBody
	if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
		t.Fatalf("%d %s: %v", rec.Code, rec.Body, err)
	}
	if rec.Code != status || body.Code != code {
		t.Errorf("answer is %d %s, want %d %s: %s", rec.Code, body.Code, status, code, body.Message)
	}
	for _, part := range says {
		if !strings.Contains(body.Message, part) {
			t.Errorf("message does not say %q: %s", part, body.Message)
		}
	}
	// A faulty parameter is explained by the message alone.
	hasAdvice := body.Recommend != "" || rec.Code == http.StatusBadRequest && code != "UnknownParameter"
	if body.RequestId != "req-1" || body.HostId != "images.example" || !hasAdvice {
		t.Errorf("body lacks a member: %s", rec.Body)
	}
	if got := rec.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("an error has Cache-Control %q", got)
	}
	if (rec.Code == http.StatusServiceUnavailable) != (rec.Header().Get("Retry-After") != "") {
		t.Errorf("%d has Retry-After %q", rec.Code, rec.Header().Get("Retry-After"))
	}
}
