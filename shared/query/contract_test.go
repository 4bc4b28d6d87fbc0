package query_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/catalog"
	"community-images/shared/query"
)

// TestBodies holds answers whose body is short enough to be read as a whole.
func TestBodies(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler()
	for target, want := range map[string]string{
		// Asked for by name, they are there of a single scope too.
		"/v1/images?ClusterId=ehpc-b&fields=Clusters,ImageId&format=ndjson":                                           `{"ImageId":"m-bp181x855551ww5yq****","Clusters":["ehpc-b"]}|{"ImageId":"m-ubuntu","Clusters":["ehpc-b"]}|`,
		"/v1/images?ClusterId=ehpc-b&fields=ImageId,Clusters,InstanceTypes&format=csv":                                "ImageId,Clusters,InstanceTypes|m-bp181x855551ww5yq****,ehpc-b,|m-ubuntu,ehpc-b,|",
		"/v1/images?fields=ImageId,Clusters&format=ndjson&limit=1":                                                    `{"ImageId":"m-bp181x855551ww5yq****","Clusters":[]}|`,
		"/v1/images?ClusterId=ehpc-a&InstanceType=ecs.c7.large&fields=ImageId,InstanceTypes&format=ndjson&limit=1":    `{"ImageId":"m-bp181x855551ww5yq****","InstanceTypes":["ecs.c7.large"]}|`,
		"/v1/images?ClusterId=ehpc-a,ehpc-b&fields=ImageId,Clusters&format=csv&ImageId=m-cent710,m-ubuntu":            "ImageId,Clusters|m-cent710,ehpc-a|m-ubuntu,ehpc-b|m-ubuntu,ehpc-a|",
		"/v1/images?ClusterId=ehpc-a,ehpc-b&fields=ImageId,Status,Clusters&format=tsv&ImageId=m-ubuntu":               "ImageId\tStatus\tClusters|m-ubuntu\tAvailable\tehpc-b|m-ubuntu\tCreating\tehpc-a|",
		"/v1/images?ClusterId=ehpc-a,ehpc-b&fields=ImageId,ImageName,Clusters&format=table&ImageId=m-ubuntu,m-cent79": "ImageId   ImageName        Clusters|m-cent79  hpc-centos-7.9   ehpc-a|m-ubuntu  深度学习 ubuntu  ehpc-b|m-ubuntu  深度学习 ubuntu  ehpc-a|",
		// Where clusters differ every format says so, and an id is one id.
		"/v1/images?ClusterId=*&ImageId=m-ubuntu,m-cent79&format=ids":                                    "m-cent79|m-ubuntu|",
		"/v1/images?ClusterId=*&ImageId=m-ubuntu,m-cent79&format=ids&sort=-ImageId":                      "m-ubuntu|m-cent79|",
		"/v1/images?ClusterId=*&ImageId=m-ubuntu&sort=Status&format=ndjson&fields=ContentDiffers,Status": `{"Status":"Available","ContentDiffers":true}|{"Status":"Creating","ContentDiffers":true}|`,
		"/v1/images?ClusterId=*&ImageId=m-cent79&format=ndjson&fields=contentdiffers":                    `{"ContentDiffers":false}|`,
		"/v1/images?ClusterId=ehpc-a&ImageId=m-ubuntu&format=csv&fields=ContentDiffers":                  "ContentDiffers|false|",
		"/v1/images?ClusterId=*&ImageId=m-ubuntu,m-cent79&format=tsv&fields=ImageId,ContentDiffers":      "ImageId\tContentDiffers|m-cent79\tfalse|m-ubuntu\ttrue|m-ubuntu\ttrue|",
		"/v1/images?ClusterId=*&ImageId=m-ubuntu,m-cent79&format=table":                                  "ImageId   ImageName        Status     OsTag.Platform  OsTag.Version  OsTag.Architecture  Size  Clusters  ContentDiffers|m-cent79  hpc-centos-7.9   Available  CentOS          7.9            x86_64              40    ehpc-a    false|m-ubuntu  深度学习 ubuntu  Available  Ubuntu          22.04          x86_64              500   ehpc-b    true|m-ubuntu  深度学习 ubuntu  Creating   Ubuntu          22.04          x86_64              500   ehpc-a    true|",
		"/v1/images?ClusterId=*&ImageId=m-cent79&format=table":                                           "ImageId   ImageName       Status     OsTag.Platform  OsTag.Version  OsTag.Architecture  Size  Clusters|m-cent79  hpc-centos-7.9  Available  CentOS          7.9            x86_64              40    ehpc-a|",
		"/v1/matrix?ImageId=m-ubuntu,m-cent79&format=csv":                                                "ImageId,ImageName,Status,ContentDiffers,ehpc-a,ehpc-b|m-cent79,hpc-centos-7.9,Available,false,x,|m-ubuntu,深度学习 ubuntu,Available,true,x,x|",
		"/v1/matrix?ImageId=m-ubuntu,m-cent79&format=table":                                              "ImageId   ImageName        Status     ContentDiffers  ehpc-a  ehpc-b|m-cent79  hpc-centos-7.9   Available  false           x|m-ubuntu  深度学习 ubuntu  Available  true            x       x|",
		"/v1/matrix?ImageId=m-cent79&format=table":                                                       "ImageId   ImageName       Status     ehpc-a  ehpc-b|m-cent79  hpc-centos-7.9  Available  x|",
		"/v1/matrix?InstanceType=ecs.c7.large&format=csv":                                                "ImageId,ImageName,Status,ContentDiffers,ecs.c7.large|m-bp181x855551ww5yq****,linux_CentOS7.2_OceanBase_OBD_1ECS-3OB_3.0,Available,false,x|m-cent710,hpc-centos-7.10,Available,false,x|m-ubuntu,深度学习 ubuntu,Creating,false,x|",
		"/v1/matrix?InstanceType=_any,ecs.c7.large&format=csv&ImageId=m-cent79":                          "ImageId,ImageName,Status,ContentDiffers,_any,ecs.c7.large|m-cent79,hpc-centos-7.9,Available,false,x,|",
		"/v1/images?ClusterId=ehpc-a&at=2026-11-23t09:30:00z&format=ids":                                 "m-bp181x855551ww5yq****|m-cent79|m-ubuntu|m-win|",
	} {
		rec := get(h, target)
		got := strings.NewReplacer("\r\n", "|", "\n", "|").Replace(rec.Body.String())
		if rec.Code != 200 || got != want {
			t.Errorf("%s gives %d %q, want %q", target, rec.Code, got, want)
		}
	}
}

// TestMembersOfUpstreamWithOurNames: where an answer adds a member, upstream's
// of the same name gives way, whatever stands around it.
func TestMembersOfUpstreamWithOurNames(t *testing.T) {
	t.Parallel()
	const (
		all   = `{"ImageId":"m-1","Clusters":["x"],"ContentDiffers":"no","InstanceTypes":{"a":",}"},"Name":"\"Clusters\":1"}`
		first = `{"Clusters":["x"],"ImageId":"m-2"}`
		last  = `{"ImageId":"m-3","Z":1,"InstanceTypes":null}`
		inner = `{"ImageId":"m-4","Tags":{"Clusters":1,"ContentDiffers":2}}`
		other = `{"ImageId":"m-1","Clusters":"y"}`
	)
	w := newFixture(t)
	w.CommitRun(hangzhou, content{
		"ehpc-a/_any":  parseImages(t, all, first, last, inner),
		"ehpc-b/_any":  parseImages(t, other),
		"ehpc-b/ecs.x": parseImages(t, first),
	})
	h := w.Handler()
	for target, want := range map[string]string{
		"ClusterId=ehpc-a": `{"Clusters":["x"],"ContentDiffers":"no","ImageId":"m-1","InstanceTypes":{"a":",}"},"Name":"\"Clusters\":1"}|{"Clusters":["x"],"ImageId":"m-2"}|{"ImageId":"m-3","InstanceTypes":null,"Z":1}|{"ImageId":"m-4","Tags":{"Clusters":1,"ContentDiffers":2}}|`,
		"ClusterId=*": `{"ImageId":"m-1","Clusters":["ehpc-b"],"ContentDiffers":true}|{"ImageId":"m-1","InstanceTypes":{"a":",}"},"Name":"\"Clusters\":1","Clusters":["ehpc-a"],"ContentDiffers":true}|` +
			`{"ImageId":"m-2","Clusters":["ehpc-a"]}|{"ImageId":"m-3","InstanceTypes":null,"Z":1,"Clusters":["ehpc-a"]}|{"ImageId":"m-4","Tags":{"Clusters":1,"ContentDiffers":2},"Clusters":["ehpc-a"]}|`,
		"ClusterId=*&InstanceType=_any,ecs.x&ImageId=m-1,m-3":                       `{"ImageId":"m-1","Clusters":["ehpc-b"],"InstanceTypes":[],"ContentDiffers":true}|{"ImageId":"m-1","Name":"\"Clusters\":1","Clusters":["ehpc-a"],"InstanceTypes":[],"ContentDiffers":true}|{"ImageId":"m-3","Z":1,"Clusters":["ehpc-a"],"InstanceTypes":[]}|`,
		"ClusterId=ehpc-a&fields=Clusters,ImageId,InstanceTypes&ImageId=m-1":        `{"ImageId":"m-1","Clusters":["ehpc-a"],"InstanceTypes":[]}|`,
		"ClusterId=ehpc-a,ehpc-b&fields=Clusters,ImageId,InstanceTypes&ImageId=m-2": `{"ImageId":"m-2","Clusters":["ehpc-a"],"InstanceTypes":[]}|`,
	} {
		rec := get(h, "/v1/images?format=ndjson&"+target)
		if got := strings.ReplaceAll(rec.Body.String(), "\n", "|"); got != want {
			t.Errorf("%s gives %d\n%s, want\n%s", target, rec.Code, got, want)
		}
	}
	// In the answer for one image it stands by itself.
	if body := get(h, "/v1/images/m-1").Body.String(); !strings.Contains(body,
		`{"Image":{"Clusters":["x"],"ContentDiffers":"no","ImageId"`) {
		t.Errorf("a single image is not as upstream sent it: %s", body)
	}
}

// TestHeaders holds single headers of answers; an empty value: it is not sent.
func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79)})
	one := w.Handler()
	both := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	for _, row := range []struct {
		h            http.Handler
		target       string
		header, want string
	}{
		{one, "/v1/images?ClusterId=ehpc-a&limit=1&format=csv", "X-Total-Count", "4"},
		{one, "/v1/images?ClusterId=ehpc-a&Status=Creating&format=ids", "X-Total-Count", "1"},
		{one, "/v1/matrix?limit=1&format=csv", "X-Total-Count", "4"},
		{one, "/v1/status", "X-Total-Count", ""},
		{one, "/v1/clusters", "X-Total-Count", "5"},
		{one, "/v1/clusters?ClusterId=ehpc-a&format=table", "X-Total-Count", "2"},
		{both, "/v1/clusters", "X-Total-Count", "6"},
		{one, "/v1/diff?ClusterId=ehpc-a&from=1", "X-Total-Count", "2"},
		{one, "/v1/diff?ClusterId=ehpc-a,ehpc-b", "X-Total-Count", "3"},
		{one, "/v1/images?at=1", "Cache-Control", "max-age=31536000, immutable"},
		{one, "/v1/images?at=3", "Cache-Control", "max-age=31536000, immutable"},
		{one, "/v1/images?at=2026-11-23T09:30:00Z", "Cache-Control", "max-age=31536000, immutable"},
		{one, "/v1/images?at=2026-11-23T11:10:00Z", "Cache-Control", "max-age=5"}, // a commit may still come
		{one, "/v1/images?at=-2h", "Cache-Control", "max-age=5"},
		{one, "/v1/images/m-cent79?at=2", "Cache-Control", "max-age=31536000, immutable"},
		{one, "/v1/images/m-cent79?at=3", "Cache-Control", "max-age=5"}, // LastSeen moves on
		{one, "/v1/clusters?at=2026-11-23T09:30:00Z", "Cache-Control", "max-age=31536000, immutable"},
		{both, "/v1/clusters?RegionId=cn-beijing&at=2026-11-23T11:30:00Z", "Cache-Control", "max-age=5"},
		{one, "/v1/status", "Cache-Control", "max-age=5"},
		{one, "/v1/status", "Last-Modified", "Mon, 23 Nov 2026 11:00:00 GMT"},
		{both, "/v1/status", "Last-Modified", "Mon, 23 Nov 2026 11:30:00 GMT"},
		{one, "/metrics", "Cache-Control", "no-store"},
		{one, "/healthz", "Cache-Control", "no-store"},
		{one, "/v1/images?x=1", "Cache-Control", "no-store"},
		{one, "/v1/images?ClusterId=ehpc-b", "Warning", `110 - "Response is Stale"`},
		{one, "/v1/images?ClusterId=ehpc-a", "Warning", ""},
		{both, "/v1/status", "X-Snapshot-Sequence", ""},
		{both, "/v1/status?RegionId=cn-hangzhou", "X-Snapshot-Sequence", "3"},
		{one, "/v1/changes?since=c2.1", "X-Next-Cursor", "c4.0"},
	} {
		if rec := get(row.h, row.target); rec.Header().Get(row.header) != row.want {
			t.Errorf("%s: %d, %s is %q, want %q", row.target, rec.Code, row.header, rec.Header().Get(row.header),
				row.want)
		}
	}
}

func TestOneRegionIsPastAndTheOtherIsNot(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.Now = epoch
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79)})
	w.Now = epoch.Add(3 * 3600e9)
	h := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	if got := get(h, "/v1/clusters?at=2026-11-23T09:30:00Z").Header().Get("Cache-Control"); got != "max-age=5" {
		t.Errorf("an answer with the present checks of a region has Cache-Control %q", got)
	}
	checkError(t, get(h, "/v1/clusters?at=1"), 400, "MissingParameter", []string{"RegionId"})
}

func TestClusterThatHasEnded(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79),
		"ehpc-bj/_any": parseImages(t, centOS710, windows)})
	w.Now = w.Now.Add(3600e9)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79)}, "ehpc-bj/_any")
	w.Now = w.Now.Add(3600e9)
	h := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	for target, want := range map[string]string{
		"/v1/images?ClusterId=ehpc-bj&at=1&format=ids":                  "m-cent710",
		"/v1/images?ClusterId=ehpc-bj&at=2026-11-23T12:00:00Z":          `"RegionId":"cn-beijing"`,
		"/v1/changes?ClusterId=ehpc-bj&kind=removed":                    `"Count":2`,
		"/v1/diff?ClusterId=ehpc-bj&from=1":                             `"Captured":false`,
		"/v1/images/m-win/history?ClusterId=ehpc-bj":                    `"Kind":"removed"`,
		"/v1/images?RegionId=cn-beijing&ClusterId=ehpc-bj&at=1&limit=1": "m-cent710",
	} {
		if rec := get(h, target); rec.Code != 200 || !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s gives %d %s, want %s", target, rec.Code, rec.Body, want)
		}
	}
	for _, target := range []string{"/v1/images?ClusterId=ehpc-bj", "/v1/images?RegionId=cn-beijing&ClusterId=ehpc-bj",
		"/v1/clusters?ClusterId=ehpc-bj", "/v1/matrix?ClusterId=ehpc-bj",
		"/v1/diff?RegionId=cn-beijing&ClusterId=_any,ehpc-bj"} {
		checkError(t, get(h, target), 404, "ClusterNotFound",
			[]string{"It was captured in cn-beijing until commit 2 at 2026-11-23T12:30:00.000Z: use at=1."})
	}
	checkError(t, get(h, "/v1/images?RegionId=cn-beijing&ClusterId=ehpc-a"), 404, "ClusterNotFound",
		[]string{"It is captured in cn-hangzhou."})
	checkError(t, get(h, "/v1/images?ClusterId=ehpc-nope&at=1"), 404, "ClusterNotFound", nil)
	checkError(t, get(h, "/v1/diff?ClusterId=ehpc-bj,ehpc-a"), 404, "ClusterNotFound", nil)
}

// TestClusterThatCameLater: what is said of a past state is not said of now.
func TestClusterThatCameLater(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, centOS79)})
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{"_any/ecs.c7.large": parseImages(t, centOS79),
		"ehpc-late/_any": parseImages(t, centOS79), "ehpc-gone/_any": parseImages(t, centOS79), "ehpc-new/_any": nil})
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, nil, "ehpc-gone/_any")
	h := w.Handler()
	for target, want := range map[string]string{
		"/v1/images?ClusterId=ehpc-late&at=1":         `Cluster "ehpc-late" was not captured in cn-hangzhou at commit 1. It was first captured by commit 2 at 2026-11-23T10:00:00.000Z: use at=2 or later. Captured clusters: none.`,
		"/v1/clusters?ClusterId=ehpc-late&at=1":       `Cluster "ehpc-late" was not captured in cn-hangzhou at commit 1. It was first captured by commit 2 at 2026-11-23T10:00:00.000Z: use at=2 or later. Captured clusters: none.`,
		"/v1/images?ClusterId=ehpc-gone&at=1":         `Cluster "ehpc-gone" was not captured in cn-hangzhou at commit 1. It was captured in cn-hangzhou until commit 3 at 2026-11-23T11:00:00.000Z: use at=2. Captured clusters: none.`,
		"/v1/images?ClusterId=ehpc-gone":              `Cluster "ehpc-gone" is not captured in cn-hangzhou. It was captured in cn-hangzhou until commit 3 at 2026-11-23T11:00:00.000Z: use at=2. Captured clusters: ehpc-late, ehpc-new.`,
		"/v1/images?ClusterId=ehpc-new&at=1":          `Cluster "ehpc-new" was not captured in cn-hangzhou at commit 1. Captured clusters: none.`,
		"/v1/images?ClusterId=ehpc-lat&at=2":          `Cluster "ehpc-lat" was not captured in cn-hangzhou at commit 2. Did you mean "ehpc-late"? Captured clusters: ehpc-gone, ehpc-late, ehpc-new.`,
		"/v1/images?ClusterId=*&at=1":                 "No cluster was captured in cn-hangzhou at commit 1.",
		"/v1/images?ClusterId=ehpc-x&at=3":            `Cluster "ehpc-x" is not captured in cn-hangzhou. Captured clusters: ehpc-late, ehpc-new.`,
		"/v1/images?InstanceType=ecs.c7.large&at=1":   `No list without a cluster was captured for instance type "ecs.c7.large" in cn-hangzhou at commit 1. Captured instance types: _any.`,
		"/v1/images?InstanceType=ecs.x":               `No list without a cluster is captured for instance type "ecs.x" in cn-hangzhou. Captured instance types: _any, ecs.c7.large.`,
		"/v1/clusters?InstanceType=ecs.c7.large&at=1": `No list of any cluster was captured for instance type "ecs.c7.large" in cn-hangzhou at commit 1. Captured instance types: none.`,
		"/v1/images?ClusterId=*&InstanceType=ecs.x":   `No list of any cluster is captured for instance type "ecs.x" in cn-hangzhou. Captured instance types: _any.`,
		"/v1/diff?from=1&to=1&ClusterId=ehpc-late":    `Cluster "ehpc-late" was not captured in cn-hangzhou at commit 1. It was first captured by commit 2 at 2026-11-23T10:00:00.000Z: use at=2 or later. Captured clusters: none.`,
	} {
		var body errorBody
		if err := json.Unmarshal(get(h, target).Body.Bytes(), &body); err != nil ||
			!strings.HasSuffix(body.Code, "NotFound") && body.Code != "ScopeNotCaptured" || body.Message != want {
			t.Errorf("%s says %s\n%s, want\n%s (%v)", target, body.Code, body.Message, want, err)
		}
	}
}

func TestWithheldFieldsMakeAnotherAnswer(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	open := get(w.Handler(), "/v1/images").Header().Get("ETag")
	h := w.Handler(func(o *query.Options) { o.Redact = []string{"Uid"} })
	if rec := get(h, "/v1/images", "If-None-Match", open); rec.Code != 200 {
		t.Errorf("an answer without Uid is taken for one with it: %d", rec.Code)
	}
}

// TestNamesThatAreNoScope: next to others, or to *, a name that is of no scope
// is an error and not missed in the answer.
func TestNamesThatAreNoScope(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler()
	for _, target := range []string{
		"/v1/images?ClusterId=*&InstanceType=ecs.c7.large,ecs.typo",
		"/v1/images?ClusterId=ehpc-a,ehpc-b&InstanceType=*", "/v1/matrix?InstanceType=ecs.c7.large,ecs.typo",
		"/v1/changes?InstanceType=ecs.typo", "/v1/changes?ClusterId=ehpc-b&InstanceType=ecs.c7.large",
		"/v1/images/m-cent79/history?InstanceType=ecs.typo",
		"/v1/images/m-cent79?ClusterId=*&InstanceType=ecs.typo,ecs.c7.large", "/v1/diff?from=1&InstanceType=ecs.typo",
		"/v1/clusters?InstanceType=ecs.typo", "/v1/clusters?InstanceType=_any,ecs.typo",
		"/v1/clusters?ClusterId=ehpc-b,ehpc-a&InstanceType=ecs.c7.large",
	} {
		checkError(t, get(h, target), 404, "ScopeNotCaptured", []string{"Captured instance types: "})
	}
	// This one is asked for and has not answered yet: nothing has changed in it.
	if rec := get(h, "/v1/changes?ClusterId=ehpc-new"); rec.Code != 200 ||
		!strings.Contains(rec.Body.String(), `"Count":0`) {
		t.Errorf("the changes of a cluster without content: %d %s", rec.Code, rec.Body)
	}
}

// TestScopeWithoutAnswerNextToOthers: it is named as missing, whichever way it
// was chosen; alone it is an error.
func TestScopeWithoutAnswerNextToOthers(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.CommitRun(hangzhou, content{"ehpc-newer/_any": nil, "ehpc-a/ecs.g7.large": nil})
	w.Now = w.Now.Add(time.Minute)
	h := w.Handler(allow(access.Grant{Name: "all"}, access.Grant{Name: "a", Clusters: []string{"ehpc-a"}}))
	all := withToken{h, "all"}
	for target, stale := range map[string]string{
		"/v1/images?ClusterId=ehpc-new,ehpc-a":                                        "ehpc-new/_any",
		"/v1/images?ClusterId=ehpc-a,_any,ehpc-new&limit=1":                           "ehpc-new/_any",
		"/v1/images?ClusterId=ehpc-a&InstanceType=ecs.g7.large,ecs.c7.large":          "ehpc-a/ecs.g7.large",
		"/v1/images?ClusterId=ehpc-new,ehpc-a&at=1":                                   "ehpc-new/_any",
		"/v1/matrix?ClusterId=ehpc-new,ehpc-a":                                        "ehpc-new/_any",
		"/v1/images/m-cent79?ClusterId=ehpc-new,ehpc-a":                               "ehpc-new/_any",
		"/v1/clusters?ClusterId=ehpc-new,ehpc-a&InstanceType=_any":                    "ehpc-new/_any",
		"/v1/changes?ClusterId=ehpc-new,ehpc-a":                                       "ehpc-new/_any",
		"/v1/images?ClusterId=*":                                                      "ehpc-new/_any",
		"/v1/images/m-ubuntu?ClusterId=ehpc-a&InstanceType=ecs.c7.large,ecs.g7.large": "ehpc-a/ecs.g7.large",
	} {
		if rec := get(all, target); rec.Code != 200 || rec.Header().Get("Warning") == "" ||
			!strings.Contains(rec.Body.String(), `{"Scope":"`+stale+`","Since":"`) ||
			!strings.Contains(rec.Body.String(), "never captured, not in this answer") {
			t.Errorf("%s: %s", target, dump(rec))
		}
	}
	for _, target := range []string{"/v1/images?ClusterId=ehpc-new", "/v1/images?ClusterId=ehpc-newer,ehpc-new",
		"/v1/images?ClusterId=ehpc-a&InstanceType=ecs.g7.large", "/v1/images/m-win?ClusterId=ehpc-new,ehpc-newer",
		"/v1/diff?ClusterId=ehpc-new,ehpc-a"} {
		checkError(t, get(all, target), 503, "ScopeNotReady", []string{"has never been captured successfully"})
	}
	// 4 is the last
	for _, target := range []string{"/v1/images?ClusterId=ehpc-new&at=4", "/v1/images?ClusterId=ehpc-new&at=1",
		"/v1/images/m-win?ClusterId=ehpc-new&at=4", "/v1/matrix?ClusterId=ehpc-new&at=4"} {
		checkError(t, get(all, target), 404, "ScopeNotCaptured",
			[]string{"had never been captured successfully at commit " + target[len(target)-1:]})
	}
	checkError(t, get(all, "/v1/images?ClusterId=ehpc-new,ehpc-newer&at=1"), 404, "ClusterNotFound", nil)
	checkError(t, get(all, "/v1/images?ClusterId=ehpc-new,ehpc-a&maxAge=3h"), 503, "SnapshotTooOld",
		[]string{": ehpc-new/_any (never)"})
	checkError(t, get(all, "/v1/images?ClusterId=ehpc-new,ehpc-a,ehpc-none"), 404, "ClusterNotFound",
		[]string{"ehpc-none"})
	checkError(t, get(withToken{h, "a"}, "/v1/images?ClusterId=ehpc-new,ehpc-a"), 404, "ClusterNotFound",
		[]string{"Captured clusters: ehpc-a."})
}

// TestHeldScope: an answer that is held back changes nothing but that the
// scope is stale, and operators see what waits.
func TestHeldScope(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	writer := archive.NewWriter(w.Memory, w.Keys, func() time.Time { return w.Now })
	base, err := writer.Load(t.Context(), hangzhou)
	if err != nil {
		t.Fatal(err)
	}
	scope, at := w.ParseScope(hangzhou, "ehpc-a/_any"), catalog.At(w.Now)
	candidate := catalog.NewSnapshot(scope, at, "up-9", parseImages(t, sampleImage))
	run := archive.Run{RunID: "run-held", Trigger: "timer", StartedAt: at, Checks: []archive.Check{{
		Scope: scope, At: at, State: archive.Held, Snapshot: candidate,
		Problem:   &archive.Problem{Class: "suspicious", Message: "3 of 4 images are gone"},
		Candidate: &archive.Candidate{Digest: candidate.Digest, ImageCount: 1, Seen: 1, Since: at},
	}}}
	if _, err := writer.Commit(t.Context(), base, run); err != nil {
		t.Fatal(err)
	}
	w.Now = w.Now.Add(time.Minute)
	h := w.Handler()
	rec := get(h, "/v1/images?ClusterId=ehpc-a&fields=ImageId")
	for _, part := range []string{`"TotalCount":4`, `"Stale":true`, `"Scope":"ehpc-a/_any"`,
		"the last answer is held back as suspicious: suspicious: 3 of 4 images are gone",
		`"CheckedAt":"2026-11-23T11:00:00.000Z"`} {
		if !strings.Contains(rec.Body.String(), part) {
			t.Errorf("the answer lacks %s: %s", part, rec.Body)
		}
	}
	if rec.Header().Get("Warning") == "" {
		t.Error("the answer has no Warning")
	}
	if rec := get(h, "/v1/clusters?ClusterId=ehpc-a&InstanceType=_any"); !strings.Contains(rec.Body.String(),
		`"State":"held"`) || !strings.Contains(rec.Body.String(), `"Candidate":{"Digest":"`+candidate.Digest+
		`","ImageCount":1,"Seen":1,`) {
		t.Errorf("the candidate is not shown: %s", rec.Body)
	}
	if rec := get(h, "/v1/status"); !strings.Contains(rec.Body.String(), `"held":1`) {
		t.Errorf("the status counts no held scope: %s", rec.Body)
	}
	checkError(t, get(h, "/v1/images?ClusterId=ehpc-a&maxAge=10m"), 503, "SnapshotTooOld", []string{"ehpc-a/_any"})
}

func TestImageThatCameBack(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t) // commit 2 removed m-win
	checkError(t, get(w.Handler(), "/v1/images/m-win"), 410, "ImageGone", []string{"2026-11-23T10:00:00.000Z"})
	w.CommitRun(hangzhou, content{"ehpc-b/_any": parseImages(t, sampleImage, windows)})
	w.Now = w.Now.Add(time.Minute)
	h := w.Handler()
	for target, want := range map[string]string{
		"/v1/images/m-win":         `"FirstSeen":"2026-11-23T09:00:00.000Z","LastSeen":"2026-11-23T11:30:00.000Z"`,
		"/v1/images/m-win?at=1":    `"Clusters":["ehpc-a"]`,
		"/v1/images/m-win/history": `"Count":3`,
	} {
		if rec := get(h, target); rec.Code != 200 || !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s gives %d %s, want %s", target, rec.Code, rec.Body, want)
		}
	}
	checkError(t, get(h, "/v1/images/m-win?at=3"), 410, "ImageGone", nil)
	checkError(t, get(h, "/v1/images/m-win?ClusterId=ehpc-a"), 410, "ImageGone", nil)
	checkError(t, get(h, "/v1/images/m-win?ClusterId=ehpc-a&InstanceType=ecs.c7.large"), 404, "ImageNotFound", nil)
}

// TestHistoryWithoutAnswer tells an image without events of the asked kind or
// time from one that never was.
func TestHistoryWithoutAnswer(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler()
	for _, query := range []string{"?kind=changed", "?since=-1s", "?since=3", "?cursor=c3.0",
		"?kind=removed&ClusterId=ehpc-a", "?kind=removed&at=1"} {
		if rec := get(h, "/v1/images/m-cent79/history"+query); rec.Code != 200 ||
			!strings.Contains(rec.Body.String(), `"Count":0`) {
			t.Errorf("the image is there, and %s gives %d %s", query, rec.Code, rec.Body)
		}
		checkError(t, get(h, "/v1/images/m-none/history"+query), 404, "ImageNotFound", nil)
	}
	checkError(t, get(h, "/v1/images/m-cent710/history?at=1"), 404, "ImageNotFound", nil)
	checkError(t, get(h, "/v1/images/m-win/history?ClusterId=ehpc-b"), 404, "ImageNotFound", nil)
}

// TestImageThatCameLater: of a past moment it is not said that the image never
// was, if it came since.
func TestImageThatCameLater(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, windows)})
	two := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	h := w.Handler(allow(access.Grant{Name: "all"}, access.Grant{Name: "b", Clusters: []string{"ehpc-b"}}))
	for _, row := range []struct {
		h      http.Handler
		target string
		later  bool
	}{
		{withToken{h, "all"}, "/v1/images/m-cent710?at=1", true},
		{withToken{h, "all"}, "/v1/images/m-cent710?at=2026-11-23T09:30:00Z", true},
		{withToken{h, "all"}, "/v1/images/m-cent710/history?at=1", true},
		{withToken{h, "all"}, "/v1/images/m-ubuntu?at=1&ClusterId=ehpc-b", true},
		{withToken{h, "all"}, "/v1/images/m-ubuntu/history?at=-2h&ClusterId=ehpc-b", true},
		{two, "/v1/images/m-cent710?at=1", true},
		{withToken{h, "b"}, "/v1/images/m-ubuntu?at=1", true},
		{withToken{h, "all"}, "/v1/images/m-cent710?at=1&ClusterId=ehpc-b", false},
		{withToken{h, "all"}, "/v1/images/m-cent710/history?ClusterId=ehpc-b", false},
		{withToken{h, "all"}, "/v1/images/m-nope?at=1", false},
		{withToken{h, "all"}, "/v1/images/m-nope/history?at=1", false},
		{withToken{h, "b"}, "/v1/images/m-cent710?at=1", false}, // which others have
		{withToken{h, "b"}, "/v1/images/m-cent710/history?at=1", false},
	} {
		rec, says, recommend := get(row.h, row.target), "was never offered in cn-hangzhou", "Check the ImageId"
		if row.later {
			says, recommend = "was not offered in cn-hangzhou by the requested scopes up to commit 1. Commit 2 was "+
				"the first to offer it.", "Use at=2 or later, or leave at out."
		}
		if checkError(t, rec, 404, "ImageNotFound", []string{says}); !strings.Contains(rec.Body.String(), recommend) {
			t.Errorf("%s does not recommend %q: %s", row.target, recommend, rec.Body)
		}
	}
}

// TestStatusHasATag that names what the status is and not how old it has
// become meanwhile, which is told anew each time.
func TestStatusHasATag(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler(func(o *query.Options) { o.MaxStale = 65 * time.Minute })
	tag := get(h, "/v1/status").Header().Get("ETag")
	step := func(what string, pass time.Duration, age string, same bool) {
		t.Helper()
		w.Now = w.Now.Add(pass)
		rec := get(h, "/v1/status")
		if got := rec.Header().Get("ETag"); (got == tag) != same || got == "" ||
			!strings.Contains(rec.Body.String(), `"AgeSeconds":`+age+`}`) {
			t.Errorf("%s: ETag %s after %s, body %s", what, got, tag, rec.Body)
		}
		if rec := get(h, "/v1/status", "If-None-Match", tag); (rec.Code == 304) != same {
			t.Errorf("%s: the last tag gives %d", what, rec.Code)
		}
		tag = rec.Header().Get("ETag")
	}
	step("at once", 0, "5400", true)
	step("a while later", 20*time.Minute, "6600", true)
	step("now a scope is too old", 20*time.Minute, "7800", false)
	w.CommitRun(hangzhou, content{"ehpc-b/_any": parseImages(t, sampleImage, ubuntuAvailable)})
	step("after a run", time.Minute, "4260", false)
	if other := get(w.Handler(allow(access.Grant{Name: "all"})), "/v1/status", "Authorization",
		bearer("all")).Header().Get("ETag"); other == tag {
		t.Error("who may ask is told and makes no other answer")
	}
}

// TestFeedFromARelativeTime has one ETag as long as it holds the same.
func TestFeedFromARelativeTime(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler()
	const target = "/v1/changes?since=-1h45m" // commit 3
	tag := get(h, target).Header().Get("ETag")
	w.Now = w.Now.Add(14 * time.Minute)
	if rec := get(h, target, "If-None-Match", tag); rec.Code != 304 {
		t.Errorf("a little later nothing has changed, and the answer is %d", rec.Code)
	}
	w.Now = w.Now.Add(time.Hour)
	if rec := get(h, target, "If-None-Match", tag); rec.Code != 200 {
		t.Errorf("an hour later commits are out of reach, and the answer is %d", rec.Code)
	}
}

// TestFeedOfImages asks for the changes of several images: a list means the
// same as in a filter.
func TestFeedOfImages(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79)})
	h := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	for target, want := range map[string]string{
		"ClusterId=ehpc-a&ImageId=m-win,m-cent710":                  "added m-win, removed m-win, added m-cent710",
		"ClusterId=ehpc-a&ImageId=m-cent710&ImageId=m-win,m-nobody": "added m-win, removed m-win, added m-cent710",
		"ClusterId=ehpc-a&ImageId=m-win":                            "added m-win, removed m-win",
		// in the region that has one
		"ImageId=m-nobody,m-win": "added m-win, removed m-win",
	} {
		var got []string
		for _, e := range answerOf[feedAnswer](t, h, 200, "/v1/changes?"+target).Changes {
			got = append(got, e.Kind+" "+e.ImageId)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s gives %q, want %q", target, got, want)
		}
	}
	checkError(t, get(h, "/v1/changes?ImageId=m-nobody,m-none"), 404, "ImageNotFound", []string{"m-nobody,m-none"})
	checkError(t, get(h, "/v1/changes?ImageId=m-win,"), 400, "InvalidParameter",
		[]string{"ImageId", "ImageId must not be empty."})
}

// TestFeedBeyondItsEnd asks up to a commit for what came after a later one:
// an empty answer would hand out a cursor that skips what lies between, or
// goes back before what was asked.
func TestFeedBeyondItsEnd(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	for _, target := range []string{
		"/v1/changes?at=1&since=2", "/v1/changes?at=1&since=2026-11-23T10:00:00Z",
		"/v1/changes?at=1&since=2026-11-23T10:30:00Z", "/v1/changes?at=1&since=-30m",
		"/v1/changes?at=2026-11-23T09:10:00Z&since=2026-11-23T10:30:00Z", "/v1/changes?at=-2h&since=-1h",
		"/v1/images/m-cent79/history?at=1&since=3",
	} {
		checkError(t, get(h, target), 404, "CommitNotFound",
			[]string{"since is later than commit 1, the last one at the time given by at."})
	}
	for target, cursor := range map[string]string{
		"/v1/changes?at=1&since=2026-11-23T09:30:00Z":                    "c2.0", // the state was that of commit 1 then
		"/v1/changes?at=1&since=1":                                       "c2.0",
		"/v1/changes?at=2026-11-23T11:10:00Z&since=2026-11-23T11:20:00Z": "c4.0",
		"/v1/changes?at=3&since=-1m":                                     "c4.0",
		// it was handed out, and goes on where it stands
		"/v1/changes?at=1&since=c3.0": "c3.0",
	} {
		rec := get(h, target)
		if got := rec.Header().Get("X-Next-Cursor"); got != cursor || rec.Code != 200 ||
			!strings.Contains(rec.Body.String(), `"Count":0`) {
			t.Errorf("%s gives %d, the cursor %q, want %q: %s", target, rec.Code, got, cursor, rec.Body)
		}
	}
}

// TestFeedIsAsFreshAsItsScopes: what other scopes lack does not concern a feed.
func TestFeedIsAsFreshAsItsScopes(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.Now = w.Now.Add(-30 * time.Minute)
	w.CommitRun(hangzhou, content{"ehpc-end/_any": parseImages(t, sampleImage)})
	w.CommitRun(hangzhou, content{}, "ehpc-end/_any")
	w.Now = w.Now.Add(30 * time.Minute)
	h := w.Handler()
	const a, b, no = "2026-11-23T11:00:00.000Z", "2026-11-23T10:00:00.000Z", ""
	for _, row := range []struct{ query, checked, stale string }{
		{"", b, "ehpc-b/_any ehpc-new/_any"},
		{"ClusterId=ehpc-a", a, ""},
		{"ClusterId=ehpc-a&InstanceType=*", a, ""},
		{"ClusterId=_any", a, ""},
		{"InstanceType=_any", a, ""},
		{"ClusterId=ehpc-b", b, "ehpc-b/_any"},
		{"ClusterId=ehpc-a,ehpc-b", b, "ehpc-b/_any"},
		{"ClusterId=ehpc-new", no, "ehpc-new/_any"},
		{"ClusterId=*", b, "ehpc-b/_any ehpc-new/_any"},
		{"ClusterId=ehpc-end", b, "ehpc-b/_any ehpc-new/_any"}, // the region says that it came to an end
	} {
		for _, path := range []string{"/v1/changes?", "/v1/images/m-bp181x855551ww5yq****/history?"} {
			if path != "/v1/changes?" && row.checked == no { // it never had one
				continue
			}
			got := answerOf[struct {
				Snapshot struct {
					CheckedAt   string
					StaleScopes []struct{ Scope string }
				}
			}](t, h, 200, path+row.query).Snapshot
			var stale []string
			for _, s := range got.StaleScopes {
				stale = append(stale, s.Scope)
			}
			if got.CheckedAt != row.checked || strings.Join(stale, " ") != row.stale {
				t.Errorf("%s%s was checked at %s, stale are %v; want %s and %q", path, row.query, got.CheckedAt, stale,
					row.checked, row.stale)
			}
			rec := get(h, path+row.query+"&maxAge=45m")
			if fresh := row.stale == ""; fresh != (rec.Code == 200) ||
				fresh != !strings.Contains(rec.Body.String(), "SnapshotTooOld") {
				t.Errorf("%s%s with maxAge=45m gives %d %s", path, row.query, rec.Code, rec.Body)
			}
			if named := strings.Contains(rec.Body.String(), "ehpc-b/_any ("); named != strings.Contains(row.stale,
				"ehpc-b") {
				t.Errorf("%s%s with maxAge=45m names ehpc-b: %v", path, row.query, named)
			}
		}
	}
}
