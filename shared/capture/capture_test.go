package capture_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/capture"
	"community-images/shared/catalog"
	"community-images/shared/ehpc"
)

// upstream is an E-HPC of one's own making. It checks the law of the budget:
// no scope is asked twice at once.
type upstream struct {
	t  *testing.T
	mu sync.Mutex
	// clusters lists the entries of each region's endpoint.
	clusters map[string][]ehpc.Cluster
	// listings are given once each, in order, before clusters.
	listings [][]ehpc.Cluster
	// images maps a scope to its image ids; a scope that is not in it has none.
	images map[string][]string
	once   map[string][]string // answers given once, before images
	// faults are served before the answer, in order, by scope or "clusters <region>".
	faults map[string][]error
	decide func(name string) error // goes before faults
	delay  time.Duration
	pages  int // of each listing, all asked at once; 0: one
	asked  []string
	under  map[string]bool
	most   int
}

func newUpstream(t *testing.T) *upstream {
	return &upstream{t: t, clusters: map[string][]ehpc.Cluster{}, images: map[string][]string{},
		once: map[string][]string{}, faults: map[string][]error{}, under: map[string]bool{}}
}

func (u *upstream) cluster(endpoint, region, id string, types ...string) {
	raw := fmt.Appendf(nil, `{"Id":%q}`, id)
	u.clusters[endpoint] = append(u.clusters[endpoint], ehpc.Cluster{
		Cluster: catalog.Cluster{ClusterID: id, RegionID: region, InstanceTypes: types}, Raw: raw,
	})
}

func (u *upstream) begin(ctx context.Context, name string) error {
	u.mu.Lock()
	u.asked = append(u.asked, name)
	if u.under[name] && !strings.HasPrefix(name, "clusters ") { // shards list side by side
		u.t.Errorf("%s is asked twice at once", name)
	}
	u.under[name] = true
	u.most = max(u.most, len(u.under))
	var fault error
	if u.decide != nil {
		fault = u.decide(name)
	}
	if list := u.faults[name]; len(list) > 0 {
		fault, u.faults[name] = list[0], list[1:]
	}
	delay := u.delay
	u.mu.Unlock()
	defer func() {
		u.mu.Lock()
		delete(u.under, name)
		u.mu.Unlock()
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(delay):
		return fault
	}
}

func (u *upstream) ListCommunityImages(ctx context.Context, req ehpc.ImagesRequest) (*ehpc.ImagesAnswer, error) {
	scope := catalog.Scope{RegionID: req.RegionID, ClusterID: req.ClusterID, InstanceType: req.InstanceType}
	if err := u.begin(ctx, scope.String()); err != nil {
		return nil, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	var list []string
	ids := u.images[scope.String()]
	if once, ok := u.once[scope.String()]; ok {
		ids = once
		delete(u.once, scope.String())
	}
	for _, id := range ids {
		list = append(list, fmt.Sprintf(`{"ImageId":%q}`, id))
	}
	body := "[" + strings.Join(list, ",") + "]"
	return &ehpc.ImagesAnswer{RequestID: "r", Fingerprint: body,
		Decode: func(in *catalog.Interner) ([]*catalog.Image, error) {
			return in.DecodeImages([]byte(body))
		}}, nil
}

func (u *upstream) ListClusters(ctx context.Context, region string, call ehpc.CallRunner) ([]ehpc.Cluster, error) {
	var group errgroup.Group
	for page := range max(1, u.pages) {
		name := "clusters " + region
		if page > 0 {
			name = fmt.Sprint(name, " ", page+1)
		}
		group.Go(func() error { return call(ctx, func(ctx context.Context) error { return u.begin(ctx, name) }) })
	}
	if err := group.Wait(); err != nil || len(u.listings) == 0 {
		return u.clusters[region], err
	}
	list := u.listings[0]
	u.listings = u.listings[1:]
	return list, nil
}

// questions returns what was asked since the last call, sorted.
func (u *upstream) questions() string {
	slices.Sort(u.asked)
	s := strings.Join(u.asked, "\n")
	u.asked = nil
	return s
}

var (
	throttled = &ehpc.Error{Class: ehpc.Throttled, Code: "Throttling.User", Message: "slow down"}
	refused   = &ehpc.Error{Class: ehpc.NotAuthorized, Code: "NotAuthorized", Message: "no"}
	broken    = &ehpc.Error{Class: ehpc.Temporary, Code: "ServiceUnavailable", Message: "later"}
)

type bench struct {
	t        *testing.T
	up       *upstream
	mem      *buckettest.Memory
	writer   *archive.Writer
	settings capture.Settings
	qps      float64
	warnings []string
	runs     int
}

func newBench(t *testing.T, regions ...string) *bench {
	keys, err := archive.NewKeys("p")
	if err != nil {
		t.Fatal(err)
	}
	mem := buckettest.NewMemory(t)
	return &bench{t: t, qps: 1e6, up: newUpstream(t), mem: mem, writer: archive.NewWriter(mem, keys, time.Now),
		settings: capture.Settings{Regions: regions, Unscoped: true, InstanceTypes: capture.InstanceTypes{Auto: true},
			Concurrency: 4, ShrinkGuard: 100, Margin: 5 * time.Second}}
}

func (b *bench) run(ctx context.Context, req capture.Request) (*capture.Report, error) {
	b.runs++
	req.RunID, req.Trigger = cmp.Or(req.RunID, fmt.Sprint("run-", b.runs)), "timer"
	c := capture.New(b.settings, b.up, capture.NewRateLimiter(b.qps, time.Now), b.writer, time.Now)
	return c.Run(ctx, req, func(s catalog.Scope, err error) {
		b.warnings = append(b.warnings, s.String()+": "+err.Error())
	})
}

func (b *bench) mustRun(req capture.Request) *capture.Report {
	b.t.Helper()
	r, err := b.run(context.Background(), req)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// state renders the scopes of a region as they are stored.
func (b *bench) state(region string) string {
	b.t.Helper()
	r, err := b.writer.Now(context.Background(), region, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, s := range r.Scopes {
		ids := ""
		if s.Digest != "" {
			snap, err := b.writer.Snapshot(context.Background(), s.Scope(region), s.Digest)
			if err != nil {
				b.t.Fatal(err)
			}
			for _, im := range snap.Images {
				ids += " " + im.ImageID
			}
		}
		out = append(out, fmt.Sprintf("%s %s%s", s.Scope(region).Path(), s.State, ids))
	}
	return strings.Join(out, "\n")
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
	}
}

func TestEveryClusterIsAskedOnceInItsOwnRegion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz", "sh")
		for _, endpoint := range []string{"hz", "sh"} { // each lists the clusters of all regions
			b.up.cluster(endpoint, "hz", "c-hz", "ecs.a", "ecs.b")
			b.up.cluster(endpoint, "sh", "c-sh")
			b.up.cluster(endpoint, "bj", "c-bj")
		}
		b.up.images["hz/c-hz/ecs.b"] = []string{"m-1"}
		report := b.mustRun(capture.Request{})
		want(t, "asked", b.up.questions(), strings.Join(
			[]string{"clusters hz", "clusters sh", "hz/_any/_any", "hz/c-hz/_any", "hz/c-hz/ecs.a", "hz/c-hz/ecs.b",
				"sh/_any/_any", "sh/c-sh/_any"}, "\n"))
		want(t, "hz", b.state("hz"), "_any/_any ok\nc-hz/_any ok\nc-hz/ecs.a ok\nc-hz/ecs.b ok m-1")
		if report.Counts.Planned != 6 || report.Counts.Changed != 6 || report.Calls != 8 {
			t.Errorf("report is %+v", report)
		}
	})
}

func TestFailureKeepsTheLastGoodData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz")
		b.up.cluster("hz", "hz", "c1")
		b.up.images["hz/_any/_any"], b.up.images["hz/c1/_any"] = []string{"m-1"}, []string{"m-2"}
		b.mustRun(capture.Request{})
		b.up.images["hz/_any/_any"], b.up.images["hz/c1/_any"] = []string{"m-3"}, []string{"m-4"}
		b.up.faults["hz/c1/_any"] = []error{refused}
		report := b.mustRun(capture.Request{})
		want(t, "hz", b.state("hz"), "_any/_any ok m-3\nc1/_any failed m-2")
		if f := report.Regions[0].Failed; len(f) != 1 || f[0].Scope != "hz/c1/_any" || f[0].Code != "NotAuthorized" {
			t.Errorf("failed scopes are %+v", f)
		}
		b.mustRun(capture.Request{})
		want(t, "hz, after it recovered", b.state("hz"), "_any/_any ok m-3\nc1/_any ok m-4")
	})
}

func TestRetriesOnlyWhereTheyCanHelp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz")
		b.settings.Unscoped = false
		for _, id := range []string{"c1", "c2", "c3"} {
			b.up.cluster("hz", "hz", id)
		}
		b.up.faults["clusters hz"] = []error{broken}
		b.up.faults["hz/c1/_any"] = []error{throttled, broken, errors.New("reset")}
		b.up.faults["hz/c2/_any"] = []error{throttled, throttled, throttled, throttled}
		b.up.faults["hz/c3/_any"] = []error{refused}
		report := b.mustRun(capture.Request{})
		want(t, "hz", b.state("hz"), "c1/_any ok\nc2/_any failed\nc3/_any failed")
		want(t, "asked", b.up.questions(), strings.Join([]string{"clusters hz", "clusters hz",
			"hz/c1/_any", "hz/c1/_any", "hz/c1/_any", "hz/c1/_any", "hz/c2/_any", "hz/c2/_any", "hz/c2/_any",
			"hz/c2/_any", "hz/c3/_any"}, "\n"))
		if report.Counts.Failed != 2 {
			t.Errorf("counts are %+v", report.Counts)
		}
	})
}

func TestUpstreamsDemandToWaitIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz")
		b.up.faults["hz/_any/_any"] = []error{&ehpc.Error{Class: ehpc.Throttled, RetryAfter: 30 * time.Second}}
		began := time.Now()
		b.mustRun(capture.Request{})
		if took := time.Since(began); took < 30*time.Second || took > 40*time.Second {
			t.Errorf("a call that was to wait 30 s took %v", took)
		}
	})
}

func TestBudgetBoundsCallsAndConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz")
		b.qps, b.settings.Concurrency = 10, 3
		b.up.delay = 2 * time.Second
		for i := range 30 {
			b.up.cluster("hz", "hz", fmt.Sprint("c", i))
		}
		began := time.Now()
		b.mustRun(capture.Request{})
		if b.up.most > 3 {
			t.Errorf("%d calls at once", b.up.most)
		}
		if took, least := time.Since(began), 32*2*time.Second/3; took < least {
			t.Errorf("32 calls of 2 s, 3 at a time, took %v", took)
		}
		b.up.delay, b.settings.Concurrency = 0, 16
		began = time.Now()
		b.mustRun(capture.Request{})
		if took := time.Since(began); took < 3*time.Second || took > 4*time.Second {
			t.Errorf("32 calls at 10 a second took %v", took)
		}
	})
}

// TestConcurrencyIsOneForEverything: the pages of the listings of all regions
// and the scopes share what may be under way, and use all of it.
func TestConcurrencyIsOneForEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const concurrency = 4
		regions := []string{"bj", "hz", "sh"}
		b := newBench(t, regions...)
		b.settings.Concurrency, b.up.pages, b.up.delay = concurrency, 8, time.Second
		for _, region := range regions {
			for i := range 20 {
				b.up.cluster(region, region, fmt.Sprint(region, i))
			}
		}
		for run := range 2 { // the second asks what it knows while it lists
			report := b.mustRun(capture.Request{})
			took, ideal := report.FinishedAt.Sub(report.StartedAt.Time), time.Duration(
				report.Calls)*time.Second/concurrency
			if report.Calls != 3*(8+21) || b.up.most != concurrency || took > ideal+2*time.Second {
				t.Errorf("run %d: %d calls, %d at once, in %v of %v", run+1, report.Calls, b.up.most, took, ideal)
			}
		}
	})
}

// TestSlowAnswersSaveUpNoBurst: while every call hangs none is granted, so that
// the budget is kept when they come back.
func TestSlowAnswersSaveUpNoBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const qps = 10
		b := newBench(t, "hz")
		b.qps, b.settings.Concurrency, b.up.pages = qps, 4, 40
		b.up.cluster("hz", "hz", "c1")
		var calls []time.Time
		began := time.Now()
		b.up.decide = func(string) error {
			calls = append(calls, time.Now())
			if b.up.delay = 0; time.Since(began) < 10*time.Second {
				b.up.delay = 10 * time.Second
			}
			return nil
		}
		b.mustRun(capture.Request{})
		for i := range calls {
			if i >= qps && calls[i].Sub(calls[i-qps]) < time.Second-time.Millisecond {
				t.Fatalf("%d calls within %v, %v after the start", qps+1, calls[i].Sub(calls[i-qps]),
					calls[i].Sub(began))
			}
		}
		if len(calls) != 42 {
			t.Errorf("%d calls", len(calls))
		}
	})
}

// TestRunThatIsCutShortIsContinuedByTheNext: a run has 5.5 seconds for ten
// scopes and the listing, of which each takes one. While the listing waits for
// the one slot and then for its answer, up to two known scopes are asked.
func TestRunThatIsCutShortIsContinuedByTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz")
		b.settings.Concurrency = 1
		b.up.delay = time.Second
		for i := range 9 {
			b.up.cluster("hz", "hz", fmt.Sprint("c", i))
		}
		seen := map[string]int{}
		for range 4 {
			ctx, cancel := context.WithTimeout(context.Background(), 10500*time.Millisecond)
			report, err := b.run(ctx, capture.Request{})
			cancel()
			if err != nil {
				t.Fatal(err)
			}
			if took := report.FinishedAt.Sub(report.StartedAt.Time); took > 6*time.Second {
				t.Errorf("a run with 5 s of margin before 10.5 s took %v", took)
			}
			if c := report.Counts; c.Left == 0 || c.Failed != 0 || c.Left+c.Changed+c.Unchanged != c.Planned {
				t.Errorf("counts are %+v", c)
			}
			for q := range strings.Lines(b.up.questions()) {
				seen[strings.TrimSpace(q)]++
			}
		}
		for i := range 9 {
			if n := seen[fmt.Sprintf("hz/c%d/_any", i)]; n < 1 || n > 3 {
				t.Errorf("c%d was asked %d times in four runs of four or five", i, n)
			}
		}
	})
}

func TestClustersThatGoEndTheirScopes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz")
		b.up.cluster("hz", "hz", "c1", "ecs.a")
		b.up.cluster("hz", "hz", "c2")
		b.mustRun(capture.Request{})
		b.up.clusters["hz"] = b.up.clusters["hz"][:1]
		b.up.clusters["hz"][0].InstanceTypes = []string{"ecs.b"}

		b.up.faults["clusters hz"] = []error{refused}
		report := b.mustRun(capture.Request{})
		want(t, "after a failed discovery", b.state("hz"), "_any/_any ok\nc1/_any ok\nc1/ecs.a ok\nc2/_any ok")
		if p := report.Regions[0].Problems; len(p) != 1 || !strings.Contains(p[0], "NotAuthorized") {
			t.Errorf("problems are %q", p)
		}
		b.mustRun(capture.Request{Clusters: []string{"c1"}})
		want(t, "after a restricted run", b.state("hz"),
			"_any/_any ok\nc1/_any ok\nc1/ecs.a ok\nc1/ecs.b ok\nc2/_any ok")
		report = b.mustRun(capture.Request{})
		want(t, "after a whole run", b.state("hz"), "_any/_any ok\nc1/_any ok\nc1/ecs.b ok")
		if report.Counts.Ended != 2 {
			t.Errorf("counts are %+v", report.Counts)
		}
	})
}

func TestShardsCoverTheFleetOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz")
		for i := range 20 {
			b.up.cluster("hz", "hz", fmt.Sprint("c", i), "ecs.a")
		}
		b.mustRun(capture.Request{})
		all := b.up.questions()
		var parts []string
		for i := range 3 {
			b.mustRun(capture.Request{Shard: capture.Shard{Index: i + 1, Count: 3}})
			parts = append(parts, strings.Split(b.up.questions(), "\n")[1:]...) // without the listing
		}
		slices.Sort(parts)
		want(t, "asked by the shards", "clusters hz\n"+strings.Join(parts, "\n"), all)
		if n := strings.Count(b.state("hz"), " ok"); n != 41 {
			t.Errorf("%d scopes are left, a shard ended another's", n)
		}
	})
}

func TestNamedClustersNeedNoListing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz")
		b.settings.Clusters, b.settings.InstanceTypes = []string{"c1",
			"c2"}, capture.InstanceTypes{List: []string{"ecs.a"}}
		b.mustRun(capture.Request{})
		want(t, "asked", b.up.questions(),
			"hz/_any/_any\nhz/_any/ecs.a\nhz/c1/_any\nhz/c1/ecs.a\nhz/c2/_any\nhz/c2/ecs.a")
	})
}

func TestNothingCommittedIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz")
		keys, _ := archive.NewKeys("p")
		faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
			if op.Verb == "append" {
				return &buckettest.Fault{Err: errors.New("storage is down")}
			}
			return nil
		})
		b.writer = archive.NewWriter(faulty, keys, time.Now)
		report, err := b.run(context.Background(), capture.Request{})
		if err == nil || !strings.Contains(err.Error(), "storage is down") || report.Regions[0].Error == "" {
			t.Errorf("report %+v, error %v", report.Regions[0], err)
		}
	})
}

func TestRequestsThatCannotBeServed(t *testing.T) {
	t.Parallel()
	s := capture.Settings{Regions: []string{"hz", "sh"}, Clusters: []string{"c1"}}
	for _, tc := range []struct {
		req  capture.Request
		want string
	}{
		{capture.Request{Regions: []string{"bj"}}, `regions: "bj" is not captured here; allowed are hz, sh`},
		{capture.Request{Clusters: []string{"../x"}}, "clusters:"},
		{capture.Request{Clusters: []string{"c2"}}, `clusters: "c2" is not captured here; allowed are c1`},
		{capture.Request{InstanceTypes: []string{""}}, "instanceTypes:"},
		{capture.Request{Accept: []string{"bj/c1/_any"}}, `accept: "bj/c1/_any" is not a scope of the form`},
		{capture.Request{Accept: []string{"hz/c1"}}, `accept: "hz/c1" is not a scope of the form`},
		{capture.Request{Regions: []string{"sh"}, Accept: []string{"sh/c1/_any", "hz/c1/_any"}},
			`accept: the region of "hz/c1/_any" is not one of the "regions"`},
	} {
		if err := tc.req.Validate(s); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v, want %s", tc.req, err, tc.want)
		}
	}
	for _, bad := range []string{"", "1", "0/1", "2/1", "a/b", "1/1001", "1/2/3", "-1/2"} {
		if s, err := capture.ParseShard(bad); err == nil {
			t.Errorf("ParseShard(%q) = %v", bad, s)
		}
	}
}
