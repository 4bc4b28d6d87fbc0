package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/scripts/deploy/deploytest"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/fcrun/fctest"
)

// notProvedHere are the claims that the embedded platform does not prove.
var notProvedHere = map[string]verdict{
	"runtime/frozen": refuted, // a process on this machine is never frozen
}

// clusterEvent is an event of E-HPC as EventBridge delivers it.
const clusterEvent = `{"specversion":"1.0","id":"1","source":"acs.ehpc",` +
	`"type":"ehpc:ClusterOperation:ClusterStarted","time":"2026-11-29T10:00:00Z",` +
	`"data":{"ClusterId":"ehpc-hz-1","RegionId":"cn-hangzhou"}}`

func TestMain(m *testing.M) {
	fctest.SetParallel(6)
	os.Exit(m.Run())
}

func TestEmbeddedPlatformProvesTheClaims(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, falsity{}, ehpctest.NewSimulation(1))
	p.onOutput = func(text string) {
		if strings.Contains(text, "start, stop, create or delete a cluster now") {
			p.cloud.DeliverEvent(t.Context(), []byte(clusterEvent))
		}
	}
	// All events come, so the waits for them may last as long as the test may.
	p.timerWait = time.Hour
	if deadline, ok := t.Deadline(); ok {
		p.timerWait = min(p.timerWait, time.Until(deadline)-time.Minute)
	}
	o := p.run(t.Context(), "", "-yes", "-events", p.timerWait.String())
	if o.code != 1 || !strings.Contains(o.err, "claims are refuted") {
		t.Errorf("exit %d, %s", o.code, o.err)
	}
	for _, f := range o.report.Findings {
		want := proved
		if other, ok := notProvedHere[f.Claim]; ok {
			want = other
		}
		if f.Verdict != want {
			t.Errorf("%s is %s, want %s: %s\nseen: %s", f.Claim, f.Verdict, want, f.Text, f.Seen)
		}
		if f.Text == "" || f.Source == "" || f.Tried == "" || f.Seen == "" {
			t.Errorf("%s lacks a part: %+v", f.Claim, f)
		}
	}
	if n := o.report.Proved; n < 65 {
		t.Errorf("%d claims are proved", n)
	}
	p.mustBeEmpty()
}

// mustBeEmpty fails the test if a stack or a bucket is left.
func (p *platform) mustBeEmpty() {
	p.t.Helper()
	if stacks := p.cloud.StackNames(); len(stacks) != 0 {
		p.t.Errorf("stacks are left: %q", stacks)
	}
	if buckets := p.oss.Buckets(); len(buckets) != 0 {
		p.t.Errorf("buckets are left: %q", buckets)
	}
}

// TestFalsePlatformIsRefuted runs against a platform that differs from the
// documents in as many ways as one run can show. Each must be noticed.
func TestFalsePlatformIsRefuted(t *testing.T) {
	t.Parallel()
	image := `{"ImageId":"m-1","ImageName":"a","OsTag":"CentOS_7","Size":"40","Status":""}`
	other := strings.Replace(image, "m-1", "m-2", 1)
	data := &ehpctest.Fixed{
		RegionList: []ehpctest.Region{{RegionID: region}},
		ClusterLists: map[string][]json.RawMessage{
			region: {json.RawMessage(`{"Id":"c1","Status":"running","RegionId":"` + region + `"}`)},
		},
		ImageLists: map[ehpctest.Question]string{
			{RegionID: region}:                  "[" + image + "," + image + "]",
			{RegionID: region, ClusterID: "c1"}: "[" + other + "]",
		},
	}
	p := newPlatform(t, falsity{
		cloud: deploytest.Falsify{Gateway: falsifyGateway, NoRetry: true, TimerEvent: addMember},
		oss:   acceptConflicts,
	}, data)
	o := p.run(t.Context(), "", "-yes")
	got := o.byClaim()
	for _, claim := range []string{
		"ehpc/objects", "ehpc/unused", "ehpc/unique", "ehpc/clusters",
		"store/rule-09", "store/rule-10", "store/rule-11", "store/rule-14",
		"timer/event", "timer/retry",
		"http/decoding", "http/repeats", "http/double-encoding", "http/authorization", "http/acs-headers",
		"response/gzip", "response/headers", "response/disposition", "response/request-id", "response/cors",
		"response/not-modified",
	} {
		if got[claim] != refuted {
			t.Errorf("%s is %s, want refuted", claim, got[claim])
		}
	}
	if o.code != 1 {
		t.Errorf("exit %d", o.code)
	}
	if t.Failed() {
		t.Log(o.out)
	}
	p.mustBeEmpty()
}

// falsifyGateway is a gateway that loses and changes parts of requests and
// responses.
func falsifyGateway(function http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Authorization")
		for name := range r.Header {
			if strings.HasPrefix(name, "X-Acs-") {
				r.Header.Del(name)
			}
		}
		r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "%", "%25") // values arrive encoded
		if first, _, ok := strings.Cut(r.URL.RawQuery, "&a="); ok {
			r.URL.RawQuery = first // repeats are dropped
		}
		function.ServeHTTP(&falseWriter{w}, r)
	})
}

// falseWriter changes the headers of a response.
type falseWriter struct{ http.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *falseWriter) WriteHeader(status int) {
	h := w.Header()
	for _, name := range []string{"Content-Encoding", "X-Fc-Request-Id", "ETag", "Access-Control-Allow-Origin"} {
		h.Del(name)
	}
	h.Set("Content-Disposition", "inline")
	w.ResponseWriter.WriteHeader(status)
}

// addMember returns an event of the timer with a member more.
func addMember(event []byte) []byte { return append([]byte(`{"extra":1,`), event[1:]...) }

// acceptConflicts is an OSS that reports success for a write that it has refused
// because of its position, or because the object exists.
func acceptConflicts(oss http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		oss.ServeHTTP(answer, r)
		if answer.Code == http.StatusConflict && r.Method != http.MethodDelete {
			w.Header().Set("X-Oss-Next-Append-Position", "1")
			return
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

func TestRefusalAndLeftovers(t *testing.T) {
	t.Parallel()
	t.Run("without a yes nothing is made", func(t *testing.T) {
		t.Parallel()
		p := newPlatform(t, falsity{}, ehpctest.NewSimulation(1))
		o := p.run(t.Context(), "no\n")
		if o.code != 2 || !strings.Contains(o.err, "not confirmed, nothing was made") {
			t.Errorf("exit %d, %s", o.code, o.err)
		}
		p.mustBeEmpty()
	})

	t.Run("a creation that fails leaves its claims open and nothing behind", func(t *testing.T) {
		t.Parallel()
		p := newPlatform(t, falsity{}, ehpctest.NewSimulation(1))
		p.cloud.SetBreakage(func(action, resource string) string {
			if action == "CREATE" && resource == "QueryFunction" {
				return "QuotaExceeded"
			}
			return ""
		})
		defer p.cloud.SetBreakage(nil)
		o := p.run(t.Context(), "", "-yes")
		got := o.byClaim()
		if got["stack/create"] != refuted || got["http/decoding"] != open || got["product/lookup"] != open ||
			!strings.Contains(o.out, "QueryFunction (ALIYUN::FC3::Function): QuotaExceeded") {
			t.Errorf("%s%s", o.out, o.err)
		}
		p.mustBeEmpty()
	})

	t.Run("an interrupt removes everything", func(t *testing.T) {
		t.Parallel()
		p := newPlatform(t, falsity{}, ehpctest.NewSimulation(1))
		ctx, cancel := context.WithCancel(t.Context())
		p.cloud.SetBreakage(func(action, resource string) string {
			if action == "CREATE" && resource == "QueryFunction" {
				cancel()
			}
			return ""
		})
		defer p.cloud.SetBreakage(nil)
		if o := p.run(ctx, "", "-yes"); o.code != 1 && o.code != 0 {
			t.Errorf("exit %d, %s", o.code, o.err)
		}
		p.mustBeEmpty()
	})

	t.Run("what cannot be removed is named, and -remove removes it", func(t *testing.T) {
		t.Parallel()
		p := newPlatform(t, falsity{}, ehpctest.NewSimulation(1))
		p.cloud.SetBreakage(func(action, resource string) string {
			if action == "DELETE" && resource == "QueryFunction" {
				return "InternalError"
			}
			return ""
		})
		o := p.run(t.Context(), "", "-yes")
		p.cloud.SetBreakage(nil)
		_, rest, ok := strings.Cut(o.err, "-remove ")
		if o.code != 1 || !ok {
			t.Fatalf("exit %d, %s", o.code, o.err)
		}
		again := p.run(t.Context(), "", "-remove", strings.Fields(rest)[0])
		if again.code != 0 || !strings.Contains(again.out, "is removed") {
			t.Errorf("exit %d, %s%s", again.code, again.out, again.err)
		}
		p.mustBeEmpty()
	})
}

func TestWrongFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                              "-region is not set",
		"-region Hangzhou":              `-region "Hangzhou" is not a region id`,
		"-region cn-x -events 2h":       "-events 2h0m0s is not from 0s to 1h",
		"-region cn-x -remove my-stack": `-remove "my-stack" is not a name that a run has printed`,
		"-region cn-x more":             `unexpected argument "more"`,
		"-region cn-x":                  "ALIBABA_CLOUD_ACCESS_KEY_ID is not set",
	} {
		var errs strings.Builder
		if code := run(t.Context(), strings.Fields(args), process{dir: ".", stderr: &errs}); code != 2 ||
			!strings.Contains(errs.String(), want) {
			t.Errorf("%q: exit %d, %s; want %q", args, code, &errs, want)
		}
	}
}

func TestReportShowsNoIDs(t *testing.T) {
	t.Parallel()
	p := &prover{names: newNames(namePrefix + "1a2b3c4d")}
	const text = "account 1234567890123456, key LTAI5tAbCdEf, cluster ehpc-hz-FYUr32x, instance i-bp1abcdefghijklmnopq, " +
		"request 0F1E2D3C-0000-4000-8000-000000000001 of x-abc.cn-hangzhou.fcapp.run in ci-prove-1a2b3c4d-data, Size 40"
	want := "account [id], key [id], cluster [id], instance [id], request [id] of [id] in [name], Size 40"
	if got := p.redact(text); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestDocumentListsTheGroups compares the table in README.md with the claims.
func TestDocumentListsTheGroups(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	p := &prover{}
	var groups []string
	claims := slices.Concat(p.ehpcClaims(), p.storeClaims(), p.creationClaims(), p.removalClaims())
	for _, g := range p.deployedClaims() {
		claims = append(claims, g.claims...)
	}
	counts := map[string]int{}
	for _, c := range claims {
		name, _, _ := strings.Cut(c.id, "/")
		counts[name]++
		if !slices.Contains(groups, name) {
			groups = append(groups, name)
		}
	}
	for _, name := range groups {
		if row := fmt.Sprintf("| `%s` | %d | ", name, counts[name]); !strings.Contains(string(document), row) {
			t.Errorf("README.md has no row that begins with %s", row)
		}
	}
}
