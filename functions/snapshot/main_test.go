package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/archive/fsck"
	"community-images/shared/cloud"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket/osstest"
)

const region = "cn-hangzhou"

// fixture is everything around the two functions.
type fixture struct {
	t    *testing.T
	data *ehpctest.Fixed
	ehpc *ehpctest.Endpoint
	oss  *osstest.Endpoint
	url  string // of E-HPC
	// onCall, a func(ehpctest.Call), is told of every call of E-HPC.
	onCall atomic.Value
	// fault, a func(ehpctest.Call) *ehpctest.Fault, decides about every call.
	fault atomic.Value
	// views are the lookups of readView.
	views []string

	mu   sync.Mutex
	logs []string
}

func newFixture(t *testing.T) *fixture {
	w := &fixture{t: t, views: views, oss: osstest.Start(t, ""), data: &ehpctest.Fixed{
		RegionList: []ehpctest.Region{{RegionID: region}},
		ClusterLists: map[string][]json.RawMessage{
			region: {json.RawMessage(
				`{"Id":"ehpc-hz-1","Name":"one","RegionId":"cn-hangzhou","InstanceType":"ecs.c7.large"}`)}},
		ImageLists: map[ehpctest.Question]string{},
		Bodies:     map[ehpctest.Question]string{},
	}}
	w.setImageVersion("v1")
	w.ehpc = ehpctest.New(ehpctest.Options{
		Data: w.data, Keys: map[string]ehpctest.Key{w.oss.Key.ID: {Secret: w.oss.Key.Secret, Token: w.oss.Key.Token}},
		Fault: func(c ehpctest.Call) *ehpctest.Fault {
			if hook, ok := w.onCall.Load().(func(ehpctest.Call)); ok {
				hook(c)
			}
			if hook, ok := w.fault.Load().(func(ehpctest.Call) *ehpctest.Fault); ok {
				return hook(c)
			}
			return nil
		},
	})
	server, err := ehpctest.Listen(w.ehpc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	w.url = server.URL
	return w
}

// setImageVersion sets the images of every scope: one that stays and one that is named.
func (w *fixture) setImageVersion(version string) {
	list := fmt.Sprintf(`[{"ImageId":"m-stays","Status":"Available"},{"ImageId":"m-%s","Status":"Available"}]`, version)
	for _, q := range []ehpctest.Question{{}, {ClusterID: "ehpc-hz-1"},
		{ClusterID: "ehpc-hz-1", InstanceType: "ecs.c7.large"}} {
		q.RegionID = region
		w.data.ImageLists[q] = list
	}
}

func (w *fixture) functionEnv() []string {
	return []string{"OSS_ENDPOINT=" + w.oss.URL, "OSS_BUCKET=" + w.oss.Bucket, "EHPC_REGIONS=" + region,
		"EHPC_ENDPOINT=" + w.url,
		"SNAPSHOT_QPS=1000", "SNAPSHOT_SHRINK_GUARD=100", "QUERY_HEAD_TTL=0s"}
}

// startFunction runs a function's real binary.
func (w *fixture) startFunction(name string, env ...string) *fctest.Function {
	w.t.Helper()
	f, err := fctest.Start(w.t.Context(), fctest.Binary(w.t, "community-images/functions/"+name), fctest.Options{
		Env: append(w.functionEnv(), env...), Timeout: 30 * time.Second,
		Credentials: cloud.Credentials{AccessKeyID: w.oss.Key.ID, AccessKeySecret: w.oss.Key.Secret,
			SecurityToken: w.oss.Key.Token},
		Output: w.addLog,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(f.Stop)
	return f
}

func (w *fixture) addLog(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logs = append(w.logs, line)
}

// logLines is what the functions have printed so far.
func (w *fixture) logLines() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.logs)
}

// timerEventNow is the event of FC's timer, due now.
func timerEventNow() string {
	return `{"triggerTime":"` + time.Now().UTC().Format(time.RFC3339Nano) + `","triggerName":"schedule","payload":""}`
}

// report is the part of a run's answer that the tests look at.
type report struct {
	RunID   string `json:"RunId"`
	Regions []struct {
		Sequence  int64
		Committed bool
		Counts    format.RunCounts
		Stored    int
	}
}

func (w *fixture) runSnapshot(f *fctest.Function) report {
	w.t.Helper()
	response, err := f.Invoke(w.t.Context(), []byte(timerEventNow()))
	if err != nil || response.Error != nil {
		w.t.Fatal(err, response.Error)
	}
	var r report
	if err := json.Unmarshal(response.Payload, &r); err != nil || len(r.Regions) != 1 || r.RunID != response.RequestID {
		w.t.Fatalf("%s: %v", response.Payload, err)
	}
	return r
}

// lookUp asks the query function through FC's HTTP trigger.
func (w *fixture) lookUp(f *fctest.Function, target string) (int, string) {
	recorder := httptest.NewRecorder()
	f.HTTPHandler().ServeHTTP(recorder, httptest.NewRequest("GET", target, nil))
	return recorder.Code, recorder.Body.String()
}

// auditArchive proves the bucket; orphans are what dead runs left.
func (w *fixture) auditArchive() *fsck.Audit {
	w.t.Helper()
	bucket, keys := w.openBucket()
	audit, err := fsck.Verify(context.Background(), archive.New(bucket, keys), region)
	if err != nil {
		w.t.Fatal(err)
	}
	return audit
}

func TestReferencePageComesBackFieldForField(t *testing.T) {
	t.Parallel()
	sample, err := os.ReadFile("../../shared/ehpc/testdata/sample.json")
	if err != nil {
		t.Fatal(err)
	}
	w := newFixture(t)
	w.data.Bodies[ehpctest.Question{RegionID: region}] = string(sample)
	w.runSnapshot(w.startFunction("snapshot"))
	status, body := w.lookUp(w.startFunction("query"), "/v1/images")
	var got struct{ Images []map[string]any }
	var want struct {
		Images struct{ ImageInfo []map[string]any }
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != 200 {
		t.Fatal(status, body)
	}
	if err := json.Unmarshal(sample, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Images.ImageInfo, got.Images); diff != "" {
		t.Error(diff)
	}
}

// TestRequestsOfARun pins what a first, an unchanged and a changed run ask of
// OSS.
func TestRequestsOfARun(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	f := w.startFunction("snapshot")
	for _, step := range []struct{ name, offer, writes string }{
		{"a first run", "v1", "PUT clusters 3, POST log 1, PUT head 1"},
		{"an unchanged run", "v1", "PUT head 1"},
		{"a changed run", "v2", "PUT clusters 3, POST log 1, PUT head 1"},
	} {
		w.setImageVersion(step.offer)
		w.oss.Requests()
		w.runSnapshot(f)
		if got := onlyWrites(w.oss.Requests()); got != step.writes {
			t.Errorf("%s writes %s, want %s", step.name, got, step.writes)
		}
	}
	var done int
	f.Stop() // until then the last lines may be on their way
	for _, line := range w.logLines() {
		var entry struct{ Message, RequestID string }
		if err := json.Unmarshal([]byte(line), &entry); err == nil && entry.Message == "snapshot done" &&
			entry.RequestID != "" {
			done++
		}
	}
	if done != 3 {
		t.Errorf("three runs wrote %d summary lines:\n%s", done, strings.Join(w.logLines(), "\n"))
	}
}

// onlyWrites counts the requests that change something, by kind of object.
func onlyWrites(requests string) string {
	counts := map[string]int{}
	for line := range strings.SplitSeq(requests, "\n") {
		for _, kind := range []string{"PUT clusters", "POST log", "PUT head"} {
			method, object, _ := strings.Cut(kind, " ")
			if strings.HasPrefix(line, method+" ") && strings.Contains(line, "/"+object) {
				counts[kind]++
			}
		}
	}
	var out []string
	for _, kind := range []string{"PUT clusters", "POST log", "PUT head"} {
		if n := counts[kind]; n > 0 {
			out = append(out, fmt.Sprintf("%s %d", kind, n))
		}
	}
	return strings.Join(out, ", ")
}

// TestTwoRunsAtOnce runs two instances on one region at the same time, each
// with something of its own to commit.
func TestTwoRunsAtOnce(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	var group sync.WaitGroup
	for _, clusters := range []string{`["ehpc-hz-1"]`, `[]`} {
		f := w.startFunction("snapshot")
		group.Go(func() {
			response, err := f.Invoke(t.Context(), []byte(`{"clusters":`+clusters+`}`))
			if err != nil || response.Error != nil {
				t.Error(err, response.Error)
			}
		})
	}
	group.Wait()
	w.runSnapshot(w.startFunction("snapshot"))
	if audit := w.auditArchive(); len(audit.Findings) > 0 || audit.Commits < 1 || audit.Commits > 2 {
		t.Errorf("audit is %+v", audit)
	}
}

// TestSecretsAreNeverPrintedOrStored plants secrets and looks for them in everything that is
// printed, stored and answered, through faults of every kind.
func TestSecretsAreNeverPrintedOrStored(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	f := w.startFunction("snapshot")
	var said []string
	invoke := func() {
		response, err := f.Invoke(t.Context(), []byte(timerEventNow()))
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, string(response.Payload))
		if response.Error != nil {
			said = append(said, response.Error.Error())
		}
	}
	invoke()
	w.oss.SetFault(func(r osstest.Request) *osstest.Fault {
		return &osstest.Fault{Status: 403, Code: "SignatureDoesNotMatch", Message: fmt.Sprint(r.Header)}
	})
	invoke()
	w.oss.SetFault(nil)
	w.ehpc.SetKeys(nil)
	invoke()
	q := w.startFunction("query")
	_, body := w.lookUp(q, "/v1/images")
	f.Stop()
	q.Stop()
	said = append(append(said, body), w.logLines()...)
	for _, text := range said {
		for _, secret := range []string{w.oss.Key.Secret, w.oss.Key.Token} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in %s", secret, text)
			}
		}
	}
}
