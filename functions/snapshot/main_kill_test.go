package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/gc"
	"community-images/shared/catalog"
	"community-images/shared/cloud"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket"
)

// faultsLong selects the long forms of the fault tests.
var faultsLong = flag.Bool("faults.long", false, "try faults for minutes instead of seconds")

// killTime is when a process dies with respect to one of its requests to OSS.
type killTime string

const (
	before killTime = "before the request"
	middle killTime = "in the middle of the body" // of the request, or of the answer if it has none
	after  killTime = "after it took effect"
)

// killingProxy is a way to OSS that kills the process at its n-th request.
type killingProxy struct {
	next http.Handler
	kill func()
	at   int64
	when killTime

	count  atomic.Int64
	struck atomic.Bool
}

// ServeHTTP implements http.Handler.
func (k *killingProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if k.count.Add(1) != k.at {
		k.next.ServeHTTP(w, r)
		return
	}
	k.struck.Store(true)
	answer := httptest.NewRecorder()
	switch {
	case k.when == before:
		k.kill()
	case k.when == middle && r.ContentLength > 0:
		half := make([]byte, r.ContentLength/2)
		_, _ = io.ReadFull(r.Body, half)
		k.kill()
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader(string(half)), errorReader{}))
		k.next.ServeHTTP(answer, r)
	case k.when == middle:
		k.next.ServeHTTP(answer, r)
		w.Header().Set("Content-Length", fmt.Sprint(answer.Body.Len()))
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
		_ = http.NewResponseController(w).Flush()
		k.kill()
	default:
		k.next.ServeHTTP(answer, r)
		k.kill()
	}
	panic(http.ErrAbortHandler)
}

// errorReader is what is left of a connection whose other end is gone.
type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// fleetState is an E-HPC of a number of scopes whose lists have a version each.
type fleetState struct {
	scopes   []ehpctest.Question
	versions []int
	cycle    int  // after so many versions a list is what it was; 0: never
	hasAlias bool // there is an alias too
	random   *rand.Rand
}

// newFleetState has a scope without a cluster, and clusters with one type each; an
// even number of scopes leaves the last cluster without.
func newFleetState(scopes int, seed uint64) *fleetState {
	f := &fleetState{random: rand.New(rand.NewPCG(seed, 1)), versions: make([]int, scopes)}
	f.scopes = append(f.scopes, ehpctest.Question{RegionID: region})
	for i := 1; len(f.scopes) < scopes; i++ {
		q := ehpctest.Question{RegionID: region, ClusterID: fmt.Sprintf("ehpc-hz-%02d", i)}
		f.scopes = append(f.scopes, q)
		if q.InstanceType = "ecs.c7.large"; len(f.scopes) < scopes {
			f.scopes = append(f.scopes, q)
		}
	}
	return f
}

// changeSomeLists changes every list but one, or all where they come again.
func (f *fleetState) changeSomeLists() {
	stays := f.random.IntN(len(f.versions))
	for i := range f.versions {
		if i != stays || f.cycle > 0 {
			f.versions[i]++
		}
	}
}

func (f *fleetState) upstreamData() *ehpctest.Fixed {
	d := &ehpctest.Fixed{RegionList: []ehpctest.Region{{RegionID: region}},
		ClusterLists: map[string][]json.RawMessage{}, ImageLists: map[ehpctest.Question]string{}}
	types := map[string]string{}
	for i, q := range f.scopes {
		d.ImageLists[q] = f.imagesJSON(i)
		types[q.ClusterID] += q.InstanceType
	}
	delete(types, "")
	for id, t := range types {
		d.ClusterLists[region] = append(d.ClusterLists[region],
			fmt.Appendf(nil, `{"Id":%q,"RegionId":%q,"InstanceType":%q}`, id, region, t))
	}
	return d
}

// versionMark is the image that tells which version of which list this is.
func (f *fleetState) versionMark(i int) string {
	version := f.versions[i]
	if f.cycle > 0 {
		version %= f.cycle
	}
	return fmt.Sprintf("m-%03d-v%d", i, version)
}

// imagesJSON is the list of a scope.
func (f *fleetState) imagesJSON(i int) string {
	return fmt.Sprintf(`[{"ImageId":"m-stays","Status":"Available"},{"ImageId":%q,"Status":"Available"}]`,
		f.versionMark(i))
}

// setFleet makes E-HPC answer with the fleet as it is. The operator pins an alias to the
// newest image that every cluster supports.
func (w *fixture) setFleet(f *fleetState) {
	w.t.Helper()
	w.ehpc.SetData(f.upstreamData())
	if !f.hasAlias { // later calls change the fleet while lookups are watched
		w.views, f.hasAlias = append(slices.Clone(views), aliasView), true
	}
	bucket, keys := w.openBucket()
	file := fmt.Sprintf(`{"Aliases":[{"Name":"mark","RegionId":%q,"Lookup":"q=m","Pin":{"ImageId":%q,"Reason":"test"}}]}`,
		region, f.versionMark(0))
	if err := bucket.Put(w.t.Context(), keys.Aliases(), []byte(file)); err != nil {
		w.t.Fatal(err)
	}
}

// views are lookups that show the digests of all scopes, and the images that
// every cluster supports, the answers without a type, and everything.
var views = []string{"/v1/clusters?RegionId=cn-hangzhou", "/v1/images?format=ids",
	"/v1/images?ClusterId=*&InstanceType=_any&format=ids&limit=1000", "/v1/images?ClusterId=*&format=ids&limit=1000"}

// aliasView shows the alias of setFleet.
const aliasView = "/v1/aliases/mark?format=ids"

// expectedViews is what the views show of the fleet as it is.
func (f *fleetState) expectedViews(t *testing.T) []string {
	t.Helper()
	digests := ""
	ids := make([][]string, len(views))
	for i, q := range f.scopes {
		var in catalog.Interner
		images, err := in.DecodeImages([]byte(f.imagesJSON(i)))
		if err != nil {
			t.Fatal(err)
		}
		s := catalog.NewSnapshot(catalog.Scope{RegionID: region, ClusterID: q.ClusterID, InstanceType: q.InstanceType},
			catalog.Time{}, "", images)
		digests += s.Digest + "\n"
		shown := []int{3}
		if q.InstanceType == "" {
			shown = append(shown, 2)
			if q.ClusterID == "" {
				shown = append(shown, 1)
			}
		}
		for _, im := range s.Images {
			for _, v := range shown {
				ids[v] = append(ids[v], im.ImageID)
			}
		}
	}
	all := []string{digests}
	for _, list := range ids[1:] {
		slices.Sort(list)
		all = append(all, strings.Join(slices.Compact(list), "\n")+"\n")
	}
	if f.hasAlias {
		all = append(all, f.versionMark(0)+"\n")
	}
	return all
}

// readView asks for a view of now or of the past.
func (w *fixture) readView(f *fctest.Function, view int, at string) (text string, sequence int) {
	status, text, sequence := w.lookUpSequence(f, w.views[view]+at)
	if status != 200 {
		w.t.Errorf("%s%s is answered %d %s", w.views[view], at, status, text)
	}
	if view > 0 {
		return text, sequence
	}
	var body struct{ Scopes []struct{ Digest string } }
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		w.t.Errorf("%s: %v", text, err)
	}
	text = ""
	for _, s := range body.Scopes {
		text += s.Digest + "\n"
	}
	return text, sequence
}

// lookUpSequence is get, with the commit that is shown.
func (w *fixture) lookUpSequence(f *fctest.Function, target string) (status int, body string, sequence int) {
	recorder := httptest.NewRecorder()
	f.HTTPHandler().ServeHTTP(recorder, httptest.NewRequest("GET", target, nil))
	_, _ = fmt.Sscan(recorder.Header().Get("X-Snapshot-Sequence"), &sequence)
	return recorder.Code, recorder.Body.String(), sequence
}

// watchLookups looks at every view over and over until stop is called, which returns
// the different texts that each has shown. A reader is never led back.
func (w *fixture) watchLookups(q *fctest.Function) (stop func() [][]string) {
	seen := make([][]string, len(w.views))
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for n, last := 0, 0; ; n++ {
			v := n % len(w.views)
			text, sequence := w.readView(q, v, "")
			if sequence < last {
				w.t.Errorf("a lookup shows commit %d after commit %d", sequence, last)
			}
			last = sequence
			if !slices.Contains(seen[v], text) {
				seen[v] = append(seen[v], text)
			}
			select {
			case <-ended:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	return func() [][]string {
		close(ended)
		<-done
		return seen
	}
}

// TestKilledAtEveryRequest kills the real binary with SIGKILL at every request
// it makes to OSS. Whoever looks meanwhile sees one whole state, the next run
// goes on unaided, and nothing that was committed is lost. What a dead run
// stored and nobody wants goes once it has been there for the grace period.
func TestKilledAtEveryRequest(t *testing.T) {
	t.Parallel()
	scopes, seeds := 4, uint64(1)
	if *faultsLong {
		scopes, seeds = 20, 3
	}
	var kills, orphans atomic.Int64
	t.Run("", func(t *testing.T) {
		for seed := range seeds {
			for _, when := range []killTime{before, middle, after} {
				t.Run(fmt.Sprintf("%s, seed %d", when, seed), func(t *testing.T) {
					t.Parallel()
					n, left := killAtEveryRequest(t, newFleetState(scopes, seed), when)
					if n < 2*scopes {
						t.Errorf("a changed run of %d scopes makes only %d requests", scopes, n)
					}
					kills.Add(int64(n))
					orphans.Add(int64(left))
				})
			}
		}
	})
	if orphans.Load() == 0 {
		t.Error("no run left anything behind")
	}
	t.Logf("%d scopes, %d seeds: %d kills, 0 commits lost, 0 torn states seen, %d orphans left and collected", scopes,
		seeds, kills.Load(), orphans.Load())
}

// killAtEveryRequest returns how many requests there were to die at, and how many
// orphans the dead left.
func killAtEveryRequest(t *testing.T, fleet *fleetState, when killTime) (kills, orphans int) {
	w := newFixture(t)
	w.setFleet(fleet)
	k := &killingProxy{next: w.oss, when: when}
	server := httptest.NewServer(k)
	t.Cleanup(server.Close)
	w.runSnapshot(w.startFunction("snapshot"))
	q := w.startFunction("query")
	committed := map[int][]string{}
	for at := int64(1); ; at++ {
		was := fleet.expectedViews(t)
		for v, want := range was {
			text, sequence := w.readView(q, v, "")
			if text != want {
				t.Fatalf("before request %d, %s: %s shows %s, want %s", at, when, w.views[v], text, want)
			}
			committed[sequence] = was
		}
		fleet.changeSomeLists()
		w.setFleet(fleet)
		stop := w.watchLookups(q)
		f := w.startFunction("snapshot", "OSS_ENDPOINT="+server.URL)
		k.kill, k.at = f.Kill, at
		k.count.Store(0)
		k.struck.Store(false)
		response, err := f.Invoke(t.Context(), []byte(timerEventNow()))
		f.Stop()
		struck := k.struck.Load()
		if err != nil || struck && (response.Error == nil || response.Error.Type != fctest.ProcessExited) {
			t.Fatalf("killed at request %d: %v, %v", at, err, response.Error)
		}
		dead := fleet.expectedViews(t)
		if at%2 == 0 { // nobody will want what the dead run stored
			fleet.changeSomeLists()
			w.setFleet(fleet)
		}
		report := w.runSnapshot(w.startFunction("snapshot"))
		if c := report.Regions[0].Counts; c.Failed+c.Lost+c.Left > 0 {
			t.Errorf("killed at request %d, %s: the next run ends with %+v", at, when, c)
		}
		now := fleet.expectedViews(t)
		for v, texts := range stop() {
			for _, text := range texts {
				if text != was[v] && text != dead[v] && text != now[v] {
					t.Errorf("killed at request %d, %s: %s shows %s", at, when, w.views[v], text)
				}
			}
		}
		if audit := w.auditArchive(); len(audit.Findings) > 0 {
			t.Errorf("killed at request %d, %s: %v", at, when, audit.Findings)
		}
		if !struck {
			break
		}
		kills++
	}
	for sequence, want := range committed {
		for v := range w.views {
			if text, _ := w.readView(q, v, fmt.Sprintf("&at=%d", sequence)); text != want[v] {
				t.Errorf("%s&at=%d shows %s, was %s", w.views[v], sequence, text, want[v])
			}
		}
	}
	return kills, w.collectOrphans()
}

// collectOrphans moves the clock past the grace period; the first sweep after
// that removes what nobody refers to.
func (w *fixture) collectOrphans() int {
	w.t.Helper()
	orphans := len(w.auditArchive().Orphans)
	keep := func(now time.Time) time.Time { return now.AddDate(0, -13, 0) }
	bucket, keys := w.openBucket()
	for _, row := range []struct {
		later time.Duration
		want  int
	}{{archive.Grace - time.Hour, 0}, {archive.Grace + time.Hour, orphans}} {
		sweep, err := gc.NewCollector(bucket, keys, keep, func() time.Time {
			return time.Now().Add(row.later)
		}).Collect(w.t.Context(), region)
		if err != nil || sweep.Removed != row.want {
			w.t.Errorf("a sweep after %s removes %d of %d orphans: %v", row.later, sweep.Removed, orphans, err)
		}
	}
	if audit := w.auditArchive(); len(audit.Findings)+len(audit.Orphans) > 0 {
		w.t.Errorf("after the sweep: %v, orphans %v", audit.Findings, audit.Orphans)
	}
	return orphans
}

// openBucket is the world's OSS without any fault.
func (w *fixture) openBucket() (*ossbucket.Bucket, archive.Keys) {
	w.t.Helper()
	bucket, err := ossbucket.New(ossbucket.Options{Endpoint: w.oss.URL, Region: w.oss.Region, Bucket: w.oss.Bucket,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return cloud.Credentials{AccessKeyID: w.oss.Key.ID, AccessKeySecret: w.oss.Key.Secret,
				SecurityToken: w.oss.Key.Token}, nil
		}})
	keys, keysErr := archive.NewKeys("community-images")
	if err := errors.Join(err, keysErr); err != nil {
		w.t.Fatal(err)
	}
	return bucket, keys
}
