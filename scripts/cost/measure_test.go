package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/cloud"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket"
	"community-images/shared/ossbucket/osstest"
)

var update = flag.Bool("update", false, "write counts.json anew")

func TestMain(m *testing.M) { os.Exit(fctest.Run(m)) }

const region = "cn-hangzhou"

// fleetData is a Sized fleet whose clusters have an instance type, and some
// of which can be given another list.
type fleetData struct {
	*ehpctest.Sized
	clusters []json.RawMessage
	mu       sync.Mutex
	changed  map[string]string
}

func newFleetData(n int) *fleetData {
	d := &fleetData{Sized: ehpctest.NewSized(region, n, 100, 400), changed: map[string]string{}}
	for _, raw := range d.Sized.Clusters(region) {
		d.clusters = append(d.clusters, bytes.Replace(raw, []byte(`"InstanceType":""`),
			[]byte(`"InstanceType":"ecs.c7.large"`), 1))
	}
	return d
}

func (d *fleetData) Clusters(string) []json.RawMessage { return d.clusters }

func (d *fleetData) Images(q ehpctest.Question) (ehpctest.Images, bool) {
	images, ok := d.Sized.Images(q)
	d.mu.Lock()
	defer d.mu.Unlock()
	if text := d.changed[q.ClusterID]; text != "" && q.InstanceType == "" {
		images.Array = bytes.Replace(images.Array, []byte(`"Size":40`), []byte(text), 1)
	}
	return images, ok
}

// change gives the first n clusters another list.
func (d *fleetData) change(n int, size int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range n {
		d.changed[fmt.Sprintf("ehpc-hz-%010d", i)] = fmt.Sprintf(`"Size":%d`, size)
	}
}

// site is the two real functions between the two endpoints.
type site struct {
	t    *testing.T
	data *fleetData
	ehpc *ehpctest.Endpoint
	url  string
	oss  *osstest.Endpoint

	ended chan struct{} // one for each invocation

	mu  sync.Mutex
	log int // bytes
}

func newSite(t *testing.T, clusters int) *site {
	s := &site{t: t, data: newFleetData(clusters), oss: osstest.Start(t, ""), ended: make(chan struct{}, 1)}
	s.ehpc = ehpctest.New(ehpctest.Options{Data: s.data,
		Keys: map[string]ehpctest.Key{s.oss.Key.ID: {Secret: s.oss.Key.Secret, Token: s.oss.Key.Token}}})
	server, err := ehpctest.Listen(s.ehpc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	s.url = server.URL
	return s
}

// start runs a function.
func (s *site) start(name string, env ...string) *fctest.Function {
	s.t.Helper()
	f, err := fctest.Start(s.t.Context(), fctest.Binary(s.t, "community-images/functions/"+name), fctest.Options{
		Timeout: 5 * time.Minute, Credentials: cloud.Credentials{AccessKeyID: s.oss.Key.ID,
			AccessKeySecret: s.oss.Key.Secret, SecurityToken: s.oss.Key.Token},
		Env: append([]string{"OSS_ENDPOINT=" + s.oss.URL, "OSS_BUCKET=" + s.oss.Bucket, "EHPC_REGIONS=" + region,
			"EHPC_ENDPOINT=" + s.url, "SNAPSHOT_QPS=100000"}, env...),
		Output: func(line string) {
			s.mu.Lock()
			s.log += len(line) + 1
			s.mu.Unlock()
			if strings.HasPrefix(line, "FC Invoke End ") {
				s.ended <- struct{}{}
			}
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(f.Stop)
	return f
}

// used tells what has been used since the last time. stored is the size of
// the bucket then.
func (s *site) used(stored *int) use {
	s.t.Helper()
	u := use{Calls: len(s.ehpc.DrainCallNames())}
	for line := range strings.SplitSeq(s.oss.Requests(), "\n") {
		switch {
		case line == "":
		case strings.HasPrefix(line, "GET ") && !strings.HasPrefix(line, "GET ?"), strings.HasPrefix(line, "HEAD "):
			u.OSSReads++
		default:
			u.OSSWrites++
		}
	}
	before := *stored
	*stored = s.size()
	u.StoredBytes = *stored - before
	s.mu.Lock()
	defer s.mu.Unlock()
	u.LogBytes, s.log = s.log, 0
	return u
}

func (s *site) size() (n int) {
	bucket, err := ossbucket.New(ossbucket.Options{Endpoint: s.oss.URL, Region: s.oss.Region, Bucket: s.oss.Bucket,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return cloud.Credentials{AccessKeyID: s.oss.Key.ID, AccessKeySecret: s.oss.Key.Secret,
				SecurityToken: s.oss.Key.Token}, nil
		}})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := bucket.Entries(s.t.Context(), "", func(_ string, size int64, _ time.Time) {
		n += int(size)
	}); err != nil {
		s.t.Fatal(err)
	}
	s.oss.Requests() // those of this look
	return n
}

// measure lets a fleet live through the steps.
func measure(t *testing.T, clusters int) fleet {
	s := newSite(t, clusters)
	m := fleet{Clusters: clusters, Scopes: 2*clusters + 1}
	stored := 0
	snapshot := s.start("snapshot")
	run := func(event string) use {
		t.Helper()
		response, err := snapshot.Invoke(t.Context(), []byte(event))
		if err != nil || response.Error != nil {
			t.Fatal(err, response.Error)
		}
		s.settle()
		return s.used(&stored)
	}
	m.Steps.FirstRun = run(`{}`)
	m.Steps.UnchangedRun = run(`{}`)
	s.data.change(1, 41)
	m.Steps.OneChanged = run(`{}`)
	s.data.change(10, 42)
	m.Steps.TenChanged = run(`{}`)
	m.Steps.Event = run(`{"specversion":"1.0","id":"e-0001","source":"acs.ehpc",` +
		`"type":"ehpc:ClusterOperation:ClusterStarted",` +
		`"data":{"clusterId":"ehpc-hz-0000000003","regionId":"` + region + `"}}`)
	snapshot.Stop()

	lookup := func(f *fctest.Function) use {
		t.Helper()
		rec := httptest.NewRecorder()
		f.HTTPHandler().ServeHTTP(rec, httptest.NewRequest("GET",
			"/v1/images?ClusterId=ehpc-hz-0000000003&Status=Available&sort=-OsTag.Version&limit=1", nil))
		if rec.Code != 200 {
			t.Fatal(rec.Code, rec.Body)
		}
		s.settle()
		u := s.used(&stored)
		u.AnswerBytes = rec.Body.Len()
		return u
	}
	q := s.start("query", "QUERY_HEAD_TTL=1h")
	m.Steps.ColdLookup, m.Steps.WarmLookup = lookup(q), lookup(q)
	q.Stop()
	q = s.start("query", "QUERY_HEAD_TTL=0s")
	lookup(q)
	m.Steps.LaterLookup = lookup(q)
	return m
}

// settle waits for the last line that FC's runtime prints of an invocation. The
// log arrives by itself, later than the answer or earlier.
func (s *site) settle() {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(time.Minute):
		s.t.Fatal("the log does not tell the end of the invocation")
	}
}

// sizes are the fleets of counts.json. The last is measured with -update
// only, for it takes its time; TestCountsGrowWithTheFleet holds it to the others.
var sizes = [...]int{10, 200, 2000}

// TestCounts measures what counts.json says. Bytes may differ by a few in a
// hundred, for they hold numbers of varying length.
func TestCounts(t *testing.T) {
	t.Parallel()
	pinned, err := readCounts()
	if err != nil {
		t.Fatal(err)
	}
	var got []fleet
	for i, clusters := range sizes {
		if i == len(sizes)-1 && !*update {
			break
		}
		m := measure(t, clusters)
		if i < len(pinned) {
			m.Steps = m.Steps.near(pinned[i].Steps)
		}
		got = append(got, m)
	}
	if !*update {
		if diff := cmp.Diff(pinned[:len(got)], got); diff != "" {
			t.Errorf("what the functions use has changed (-counts.json +measured); if that is meant: go test "+
				"./scripts/cost -update\n%s", diff)
		}
		return
	}
	data, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("counts.json", append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestCountsGrowWithTheFleet draws a line through the small fleets: what a
// function uses grows with the scopes, or not at all.
func TestCountsGrowWithTheFleet(t *testing.T) {
	t.Parallel()
	pinned, err := readCounts()
	if err != nil || len(pinned) != len(sizes) {
		t.Fatal(len(pinned), err)
	}
	a, b, large := pinned[0], pinned[1], pinned[2]
	values := func(f fleet) (list []int) {
		for _, u := range f.Steps.uses() {
			list = append(list, u.Calls, u.OSSWrites, u.OSSReads, u.StoredBytes)
		}
		return list
	}
	for i, got := range values(large) {
		x, y := values(a)[i], values(b)[i]
		want := y + (y-x)*(large.Scopes-b.Scopes)/(b.Scopes-a.Scopes)
		if d := got - want; max(d, -d) > 30+want/100 {
			t.Errorf("number %d of the large fleet is %d, the others make it %d", i, got, want)
		}
	}
}

// near takes over the bytes that are the same but for a few in a hundred.
func (s steps) near(pinned steps) steps {
	theirs := pinned.uses()
	for i, u := range s.uses() {
		for _, n := range [][2]*int{{&u.LogBytes, &theirs[i].LogBytes}, {&u.AnswerBytes, &theirs[i].AnswerBytes},
			{&u.StoredBytes, &theirs[i].StoredBytes}} {
			if d := *n[0] - *n[1]; max(d, -d) <= 30+*n[1]*3/100 {
				*n[0] = *n[1]
			}
		}
	}
	return s
}
