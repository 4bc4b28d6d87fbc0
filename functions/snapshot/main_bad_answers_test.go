package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/capture"
	"community-images/shared/catalog"
	"community-images/shared/cloud"
	"community-images/shared/ehpc"
	"community-images/shared/ehpc/ehpctest"
)

// captureFixture is a capture over the real client and a real connection, on a bucket in
// memory.
type captureFixture struct {
	t         *testing.T
	data      *ehpctest.Fixed
	fault     atomic.Pointer[func(ehpctest.Call) *ehpctest.Fault]
	ehpc      *ehpctest.Endpoint
	mem       *buckettest.Memory
	clockSkew atomic.Int64 // nanoseconds that E-HPC's clock is ahead
	client    *ehpc.Client
	capturer  *capture.Capturer
	writer    *archive.Writer
}

// newCaptureFixture has a scope without a cluster and three clusters. A call may take a
// minute, for on a busy machine an ordinary one may take long.
func newCaptureFixture(t *testing.T) *captureFixture {
	return newCaptureFixtureWithTimeout(t, time.Minute)
}

// newCaptureFixtureWithTimeout is newCaptureFixture with another time-out of calls.
func newCaptureFixtureWithTimeout(t *testing.T, timeout time.Duration) *captureFixture {
	l := &captureFixture{t: t, data: &ehpctest.Fixed{
		RegionList: []ehpctest.Region{{RegionID: region}}, ClusterLists: map[string][]json.RawMessage{},
		ImageLists: map[ehpctest.Question]string{}, Bodies: map[ehpctest.Question]string{},
	}}
	for _, id := range []string{"c1", "c2", "c3"} {
		l.data.ClusterLists[region] = append(l.data.ClusterLists[region],
			json.RawMessage(fmt.Sprintf(`{"Id":%q,"RegionId":%q}`, id, region)))
	}
	l.setImageVersion("v1")
	clock := func() time.Time { return time.Now().Add(time.Duration(l.clockSkew.Load())) }
	l.ehpc = ehpctest.New(ehpctest.Options{Data: l.data, Now: clock,
		Keys: map[string]ehpctest.Key{"id": {Secret: "secret"}}, Fault: func(c ehpctest.Call) *ehpctest.Fault {
			if hook := l.fault.Load(); hook != nil {
				return (*hook)(c)
			}
			return nil
		}})
	server, err := ehpctest.Listen(l.ehpc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	client, err := ehpc.New(ehpc.Options{
		Endpoint: server.URL, CallTimeout: timeout, MaxBody: 1 << 20,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return cloud.Credentials{AccessKeyID: "id", AccessKeySecret: "secret"}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := archive.NewKeys("p")
	if err != nil {
		t.Fatal(err)
	}
	l.client = client
	l.mem = buckettest.NewMemory(t)
	l.writer = archive.NewWriter(l.mem, keys, time.Now)
	l.capturer = capture.New(capture.Settings{
		Regions: []string{region}, Unscoped: true, InstanceTypes: capture.InstanceTypes{Auto: true}, Concurrency: 4,
		ShrinkGuard: 100,
	}, l.client, capture.NewRateLimiter(1e6, time.Now), l.writer, time.Now)
	return l
}

// setFault decides about every call from now on; nil: all go well.
func (l *captureFixture) setFault(hook func(ehpctest.Call) *ehpctest.Fault) {
	if hook == nil {
		l.fault.Store(nil)
		return
	}
	l.fault.Store(&hook)
}

func (l *captureFixture) setImageVersion(version string) {
	for _, id := range []string{"", "c1", "c2", "c3"} {
		l.data.ImageLists[ehpctest.Question{RegionID: region, ClusterID: id}] = fmt.Sprintf(`[{"ImageId":"m-%s"}]`,
			version)
	}
}

func (l *captureFixture) runCapture() *capture.Report {
	l.t.Helper()
	report, err := l.capturer.Run(context.Background(), capture.Request{RunID: "r", Trigger: "timer"})
	if err != nil || len(report.Unreadable) > 0 {
		l.t.Fatal(err, report.Unreadable)
	}
	return report
}

// describeState is what is published: the images of each cluster and how it stands.
func (l *captureFixture) describeState() string {
	l.t.Helper()
	r, err := l.writer.Now(context.Background(), region, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	var out []string
	for _, s := range r.Scopes() {
		snap, err := l.writer.Snapshot(context.Background(), s.Scope(region), s.Digest)
		if err != nil {
			l.t.Fatal(err)
		}
		ids := ""
		for _, im := range snap.Images {
			ids += " " + im.ImageID
		}
		out = append(out, s.ClusterID+" "+string(s.State)+ids)
	}
	return strings.Join(out, ", ")
}

// TestBadAnswersOfOneScope: an answer that is bad in whatever way leaves the
// last good data of its scope, fails no other scope, and is asked for again
// only where that can help.
func TestBadAnswersOfOneScope(t *testing.T) {
	t.Parallel()
	page := "<html><body>Bad Gateway</body></html>"
	for name, tc := range map[string]struct {
		fault ehpctest.Fault
		class string
		calls int
	}{
		"throttled for good":          {ehpctest.Fault{Status: 400, Code: "Throttling.User"}, "throttled", 4},
		"throttled with another code": {ehpctest.Fault{Status: 503, Code: "Throttling.UserApi"}, "throttled", 4},
		"429":                         {ehpctest.Fault{Status: 429, Code: "TooManyRequests"}, "throttled", 4},
		"service unavailable":         {ehpctest.Fault{Status: 503, Code: "ServiceUnavailable"}, "temporary", 4},
		"unknown error":               {ehpctest.Fault{Status: 500, Code: "UnknownError"}, "temporary", 4},
		"an empty 500":                {ehpctest.Fault{Status: 500, Body: []byte{}}, "temporary", 4},
		"HTML of a proxy": {ehpctest.Fault{Status: 502, Body: []byte(page), ContentType: "text/html"},
			"temporary", 4},
		"HTML with status 200": {ehpctest.Fault{Body: []byte(page), ContentType: "text/html"}, "malformed",
			4},
		"a redirect": {ehpctest.Fault{Status: 302, Body: []byte{},
			Header: http.Header{"Location": {"http://127.0.0.1:1/"}}}, "", 4},
		"not authorised, 407":      {ehpctest.Fault{Status: 407, Code: "NotAuthorized"}, "not-authorized", 1},
		"no permission, 501":       {ehpctest.Fault{Status: 501, Code: "NoPermission"}, "not-authorized", 1},
		"the cluster has vanished": {ehpctest.Fault{Status: 404, Code: "ClusterNotFound"}, "not-found", 1},
		"a reset": {ehpctest.Fault{Reset: true}, "temporary",
			4 * 5 /* net/http tries each idle connection */},
		"a body cut short":        {ehpctest.Fault{Answer: true, CutAfter: 20}, "temporary", 4},
		"a body that drips":       {ehpctest.Fault{Answer: true, Drip: 50 * time.Millisecond}, "temporary", 4},
		"a body that never comes": {ehpctest.Fault{Delay: 2 * time.Second}, "temporary", 4},
		"truncated JSON": {ehpctest.Fault{
			Body: []byte(`{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1"}`)}, "malformed", 4},
		"null":            {ehpctest.Fault{Body: []byte(`null`)}, "malformed", 4},
		"an empty object": {ehpctest.Fault{Body: []byte(`{}`)}, "malformed", 4},
		"no list": {ehpctest.Fault{Body: []byte(`{"RequestId":"r","Images":{}}`)}, "malformed",
			4},
		"a list that is null": {ehpctest.Fault{
			Body: []byte(`{"RequestId":"r","Images":{"ImageInfo":null}}`)}, "malformed", 4},
		"a list that is an object": {ehpctest.Fault{Body: []byte(`{"RequestId":"r","Images":{"ImageInfo":{}}}`)},
			"malformed", 4},
		"an image without an id": {ehpctest.Fault{
			Body: []byte(`{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":""}]}}`)}, "malformed", 4},
		"an error with status 200": {ehpctest.Fault{
			Body: []byte(`{"RequestId":"r","Code":"ServiceUnavailable","Message":"x"}`)}, "", 4},
		"an error beside an empty list": {ehpctest.Fault{
			Body: []byte(`{"RequestId":"r","Code":"EcsError","Images":{"ImageInfo":[]}}`)}, "", 4},
		"more than the cap": {ehpctest.Fault{
			Body: []byte(`{"RequestId":"r","Images":{"ImageInfo":[]},"x":"` + strings.Repeat("x", 1<<20) + `"}`)},
			"malformed", 4},
		"an error message of a megabyte": {ehpctest.Fault{Status: 500, Code: "UnknownError",
			Message: strings.Repeat("x", 1<<19)}, "temporary", 4},
		"a 200 with nothing": {ehpctest.Fault{Status: 200, Body: []byte{}}, "malformed", 4},
		"two documents": {ehpctest.Fault{
			Body: []byte(`{"Images":{"ImageInfo":[]}}{"Images":{"ImageInfo":[]}}`)}, "malformed", 4},
		"an image of 9,000 levels": {ehpctest.Fault{
			Body: []byte(`{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-1","New":` + strings.Repeat("[", 9000) +
				strings.Repeat("1,", 1<<18) + "1" + strings.Repeat("]", 9000) + `}]}}`)}, "malformed", 4},
		"an answer in Latin-1": {ehpctest.Fault{
			Body: []byte("{\"RequestId\":\"r\",\"Images\":{\"ImageInfo\":" +
				"[{\"ImageId\":\"m-\xe4\"},{\"ImageId\":\"m-\xf6\"}]}}")},
			"malformed", 4},
		"an id with U+0085": {ehpctest.Fault{
			Body: []byte("{\"RequestId\":\"r\",\"Images\":{\"ImageInfo\":[{\"ImageId\":\"m-\u0085\"}]}}")}, "malformed", 4},
		"an id with an escaped U+009B": {ehpctest.Fault{
			Body: []byte(`{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-\u009b"}]}}`)}, "malformed", 4},
		"half of a surrogate pair": {ehpctest.Fault{
			Body: []byte(`{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"m-\ud800"}]}}`)}, "malformed", 4},
		"a member twice in an image": {ehpctest.Fault{
			Body: []byte(`{"RequestId":"r","Images":{"ImageInfo":[{"ImageId":"a","ImageId":"b"}]}}`)}, "malformed", 4},
		"a list of which TotalCount says more": {ehpctest.Fault{
			Body: []byte(`{"RequestId":"r","TotalCount":5,"Images":{"ImageInfo":[{"ImageId":"a"},{"ImageId":"b"}]}}`)},
			"malformed", 4},
		"a known list of which TotalCount says more": {ehpctest.Fault{
			Body: []byte(`{"RequestId":"r","TotalCount":5,"Images":{"ImageInfo":[{"ImageId":"m-v1"}]}}`)}, "malformed", 4},
		"a list with a NextToken": {ehpctest.Fault{
			Body: []byte(`{"RequestId":"r","NextToken":"x","Images":{"ImageInfo":[{"ImageId":"a"},{"ImageId":"b"}]}}`)},
			"malformed", 4},
		"deep nesting that breaks parser": {ehpctest.Fault{
			Body: []byte(`{"Images":{"ImageInfo":` + strings.Repeat("[", 20000) + `}}`)}, "malformed", 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newCaptureFixture(t)
			if tc.fault.Drip > 0 || tc.fault.Delay > 0 {
				l = newCaptureFixtureWithTimeout(t, 600*time.Millisecond)
			}
			l.runCapture()
			l.setImageVersion("v2")
			var tries atomic.Int64
			l.setFault(func(c ehpctest.Call) *ehpctest.Fault {
				if c.ClusterID != "c2" {
					return nil
				}
				tries.Add(1)
				return &tc.fault
			})
			report := l.runCapture()
			if got, want := l.describeState(), " ok m-v2, c1 ok m-v2, c2 failed m-v1, c3 ok m-v2"; got != want {
				t.Errorf("published is %s, want %s", got, want)
			}
			failed := report.Regions[0].Failed
			if len(failed) != 1 || tc.class != "" && failed[0].Class != tc.class || failed[0].Message == "" ||
				len(failed[0].Message) > 2000 {
				t.Errorf("failed are %.300v, want class %s and a reason", failed, tc.class)
			}
			if calls := int(tries.Load()); calls > tc.calls || calls == 0 {
				t.Errorf("asked %d times, want %d", calls, tc.calls)
			}
			l.setFault(nil)
			l.runCapture()
			if got := l.describeState(); strings.Contains(got, "failed") || strings.Contains(got, "v1") {
				t.Errorf("after the fault has gone: %s", got)
			}
		})
	}
}

// TestOddAnswersThatAreGood: what upstream may send beyond its documentation
// is stored as it came.
func TestOddAnswersThatAreGood(t *testing.T) {
	t.Parallel()
	l := newCaptureFixture(t)
	q := ehpctest.Question{RegionID: region, ClusterID: "c1"}
	l.data.Bodies[q] = ` { "Images" : { "ImageInfo" : [ {"ImageId":"m-1","Size":"40",` +
		`"OsTag":"CentOS","Status":"Deprecated",` +
		`"New":{"a":[1.50]}} ] , "More" : 1 } , "NextToken" : "", "TotalCount" : 1, "RequestId" : "r" } `
	l.runCapture()
	r, err := l.writer.Now(context.Background(), region, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.writer.Snapshot(context.Background(), catalog.Scope{RegionID: region, ClusterID: "c1"},
		r.ScopesOf("c1")[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"ImageId":"m-1","New":{"a":[1.50]},"OsTag":"CentOS","Size":"40","Status":"Deprecated"}`; len(
		s.Images) != 1 || s.Images[0].Raw != want {
		t.Errorf("stored is %s, want %s", s.Images[0].Raw, want)
	}
}

// TestClockThatIsWrong: by a clock that is 16 minutes off no call is accepted.
// Each worker finds out once at the most, the report says what it is, nothing is
// replaced, and the run after that is as any other.
func TestClockThatIsWrong(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{16 * time.Minute, -16 * time.Minute} {
		l := newCaptureFixture(t)
		l.runCapture()
		l.setImageVersion("v2")
		l.clockSkew.Store(int64(skew))
		calls := l.ehpc.Calls()
		r := l.runCapture()
		said := fmt.Sprint(r.Regions[0].Problems, r.Regions[0].Failed)
		if c := r.Counts; c.Failed+c.Left != 4 || !strings.Contains(said, "InvalidTimeStamp") {
			t.Errorf("%s off: %+v, %s", skew, c, said)
		}
		if n := l.ehpc.Calls() - calls; n > 5 {
			t.Errorf("%s off: %d calls", skew, n)
		}
		if got := l.describeState(); strings.Contains(got, "v2") || strings.Count(got, "v1") != 4 {
			t.Errorf("%s off: published is %s", skew, got)
		}
		l.clockSkew.Store(0)
		l.runCapture()
		if got := l.describeState(); strings.Count(got, " ok m-v2") != 4 {
			t.Errorf("then: %s", got)
		}
	}
}

// TestTimeLeftIsWaitedFor: E-HPC's answer 429 says how long to wait.
func TestTimeLeftIsWaitedFor(t *testing.T) {
	t.Parallel()
	l := newCaptureFixture(t)
	var tries []time.Time // of one scope, one after the other
	l.setFault(func(c ehpctest.Call) *ehpctest.Fault {
		if c.ClusterID != "c2" {
			return nil
		}
		if tries = append(tries, time.Now()); len(tries) > 2 {
			return nil
		}
		return &ehpctest.Fault{Status: 429, Code: "Throttling.User",
			Header: http.Header{"X-Ratelimit-User-Api": {"Limit:1,Remain:0,TimeLeft:300,Reset:1"}}}
	})
	if r := l.runCapture(); r.Counts.Failed > 0 || len(tries) != 3 {
		t.Fatalf("%d tries, counts are %+v", len(tries), r.Counts)
	}
	for i := range 2 {
		if waited := tries[i+1].Sub(tries[i]); waited < 300*time.Millisecond {
			t.Errorf("try %d comes after %s", i+2, waited)
		}
	}
}

// TestBadListings: a listing that is bad in whatever way ends no scope.
func TestBadListings(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]ehpctest.Fault{
		"no list": {Body: []byte(`{"TotalCount":0}`)},
		"TotalCount disagrees": {
			Body: []byte(
				`{"TotalCount":3,"PageNumber":1,"PageSize":50,` +
					`"Clusters":{"ClusterInfoSimple":[{"Id":"c1","RegionId":"cn-hangzhou"}]}}`)},
		"NextToken beside a whole list": {
			Body: []byte(
				`{"TotalCount":1,"PageNumber":1,"PageSize":50,"NextToken":"x",` +
					`"Clusters":{"ClusterInfoSimple":[{"Id":"c1","RegionId":"cn-hangzhou"}]}}`)},
		"not authorised":        {Status: 407, Code: "NotAuthorized"},
		"service unavailable":   {Status: 503, Code: "ServiceUnavailable"},
		"a page that is a page": {Body: []byte("<html>"), ContentType: "text/html"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newCaptureFixture(t)
			l.runCapture()
			l.setImageVersion("v2")
			l.setFault(func(c ehpctest.Call) *ehpctest.Fault {
				if c.Action == "ListClusters" {
					return &fault
				}
				return nil
			})
			report := l.runCapture()
			if got, want := l.describeState(), " ok m-v2, c1 ok m-v2, c2 ok m-v2, c3 ok m-v2"; got != want {
				t.Errorf("published is %s, want %s", got, want)
			}
			if len(report.Regions[0].Problems) != 1 || report.Counts.Ended != 0 {
				t.Errorf("report is %+v", report.Regions[0])
			}
		})
	}
}
