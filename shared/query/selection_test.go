package query_test

import (
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// TestNamesThatAreNoScope: next to others, or to *, a name that is of no scope
// is an error and not missed in the answer.
func TestNamesThatAreNoScope(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler()
	for _, target := range []string{
		"/v1/images?ClusterId=*&InstanceType=ecs.c7.large,ecs.typo",
		"/v1/images?ClusterId=ehpc-a,ehpc-b&InstanceType=ecs.c7.large", "/v1/matrix?InstanceType=ecs.c7.large,ecs.typo",
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
		"/v1/diff?ClusterId=ehpc-new&with=ehpc-a"} {
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
		[]string{"Captured clusters: ehpc-a (name of ehpc-a)."})
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
		Scope: scope, At: at, State: format.StateHeld, Snapshot: candidate,
		Problem:   &format.Problem{Class: "suspicious", Message: "3 of 4 images are gone"},
		Candidate: &format.Candidate{Digest: candidate.Digest, ImageCount: 1, Seen: 1, Since: at},
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
