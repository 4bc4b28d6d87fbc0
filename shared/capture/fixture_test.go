package capture_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/capture"
	"community-images/shared/catalog"
	"community-images/shared/ehpc"
)

// upstream is an E-HPC in memory. It fails the test if a scope is asked twice at once.
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
	faults     map[string][]error
	decide     func(name string) error // goes before faults
	delay      time.Duration
	pages      int // of each listing, all asked at once; 0: one
	asked      []string
	running    map[string]bool
	maxRunning int
}

func newUpstream(t *testing.T) *upstream {
	return &upstream{t: t, clusters: map[string][]ehpc.Cluster{}, images: map[string][]string{},
		once: map[string][]string{}, faults: map[string][]error{}, running: map[string]bool{}}
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
	if u.running[name] && !strings.HasPrefix(name, "clusters ") { // shards list side by side
		u.t.Errorf("%s is asked twice at once", name)
	}
	u.running[name] = true
	u.maxRunning = max(u.maxRunning, len(u.running))
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
		delete(u.running, name)
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

// fixture runs captures against upstream and a bucket in memory.
type fixture struct {
	t        *testing.T
	up       *upstream
	mem      *buckettest.Memory
	writer   *archive.Writer
	settings capture.Settings
	qps      float64
	warnings []string
	runs     int
}

func newFixture(t *testing.T, regions ...string) *fixture {
	keys, err := archive.NewKeys("p")
	if err != nil {
		t.Fatal(err)
	}
	mem := buckettest.NewMemory(t)
	return &fixture{t: t, qps: 1e6, up: newUpstream(t), mem: mem, writer: archive.NewWriter(mem, keys, time.Now),
		settings: capture.Settings{Regions: regions, Unscoped: true, InstanceTypes: capture.InstanceTypes{Auto: true},
			Concurrency: 4, ShrinkGuard: 100, Margin: 5 * time.Second}}
}

func (b *fixture) run(ctx context.Context, req capture.Request) (*capture.Report, error) {
	b.runs++
	req.RunID, req.Trigger = cmp.Or(req.RunID, fmt.Sprint("run-", b.runs)), "timer"
	c := capture.New(b.settings, b.up, capture.NewRateLimiter(b.qps, time.Now), b.writer, time.Now)
	report, err := c.Run(ctx, req)
	for _, u := range report.Unreadable {
		b.warnings = append(b.warnings, u.Scope.String()+": "+u.Err.Error())
	}
	return report, err
}

func (b *fixture) mustRun(req capture.Request) *capture.Report {
	b.t.Helper()
	r, err := b.run(context.Background(), req)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// state returns the stored scopes of a region as text, with their images.
func (b *fixture) state(region string) string {
	b.t.Helper()
	r, err := b.writer.Now(context.Background(), region, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, s := range r.Scopes() {
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

func checkText(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
	}
}
