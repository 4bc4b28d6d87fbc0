package query_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// simulation is a region whose upstream changes at random, and beside it what
// the archive must answer. expected is made without the archive.
type simulation struct {
	*fixture
	rand           *rand.Rand
	writer         *archive.Writer
	base           *archive.Region
	upstream       map[string]*expectedScope  // by path
	listedClusters map[string]catalog.Cluster // as upstream would list them
	expected       []expectedState            // by commit: expected[0] is commit 1
	quietRuns      int                        // runs that changed nothing
}

// expectedState is the region after a commit.
type expectedState struct {
	at        time.Time
	endsMonth bool // the commit only ended a month
	scopes    map[string]expectedScope
	clusters  map[string]catalog.Cluster
}

// expectedScope is one scope after a commit.
type expectedScope struct {
	docs     []string // stored objects in canonical order; nil: never captured
	state    format.State
	problem  string
	since    time.Time
	captured time.Time
	checked  time.Time // latest check that was answered, whatever the clock did since
}

const (
	simulatedCommits = 200
	// maxClockStepBack bounds how far the clock is behind its latest time after
	// several steps back. Times of checks can be that much earlier than times
	// of commits.
	maxClockStepBack = time.Hour
)

// newEmptySimulation returns a region in which nothing has happened yet.
func newEmptySimulation(t testing.TB, seed uint64) *simulation {
	c := &simulation{fixture: newFixture(t), rand: rand.New(rand.NewPCG(seed, 0)),
		upstream: map[string]*expectedScope{}, listedClusters: map[string]catalog.Cluster{}}
	c.Now = time.Date(2026, 10, 20, 7, 0, 0, 0, time.UTC)
	c.writer = archive.NewWriter(c.Memory, c.Keys, func() time.Time { return c.Now })
	base, err := c.writer.Load(context.Background(), hangzhou)
	if err != nil {
		t.Fatal(err)
	}
	c.base = base
	return c
}

func newSimulation(t testing.TB, seed uint64) *simulation {
	c := newEmptySimulation(t, seed)
	for commits := 0; commits < simulatedCommits; {
		if c.runOnce() {
			commits++
		}
		c.moveClock(commits < simulatedCommits-20)
	}
	if c.quietRuns == 0 || len(c.expected) < simulatedCommits+2 {
		t.Fatalf("the run has %d commits, ends of months included, and %d quiet runs; it should cross two months",
			len(c.expected),
			c.quietRuns)
	}
	return c
}

// moveClock moves the clock: mostly forward, sometimes not at all, and if back
// is set sometimes back.
func (c *simulation) moveClock(back bool) {
	switch k := c.rand.IntN(100); {
	case k < 3 && back:
	case k < 5 && back:
		c.Now = c.Now.Add(-10 * time.Minute)
	default:
		c.Now = c.Now.Add(time.Duration(1+c.rand.IntN(16*3600*1000)) * time.Millisecond)
	}
}

// runOnce does one run of the snapshot function. It reports whether the run
// made a commit.
func (c *simulation) runOnce() bool {
	var ended []string
	if !chance(c.rand, 5) {
		ended = c.changeUpstream()
	}
	run := archive.Run{RunID: fmt.Sprint("run-", len(c.expected), "-", c.quietRuns), Trigger: "timer",
		StartedAt: catalog.At(c.Now)}
	run.Discovery = &archive.Listing{At: catalog.At(c.Now)}
	for _, id := range slices.Sorted(maps.Keys(c.listedClusters)) {
		run.Discovery.Clusters = append(run.Discovery.Clusters, c.listedClusters[id])
	}
	for _, path := range slices.Sorted(maps.Keys(c.upstream)) {
		run.Checks = append(run.Checks, c.checkScope(path))
	}
	for _, path := range ended {
		run.Ended = append(run.Ended, c.ParseScope(hangzhou, path))
		delete(c.upstream, path)
	}
	before := c.base.Sequence
	result, err := c.writer.Commit(context.Background(), c.base, run)
	if err != nil {
		c.T.Fatal(err)
	}
	c.base = result.Region
	return c.recordExpected(c.base.Sequence - before)
}

// recordExpected keeps the state under the numbers that the run's commits took.
func (c *simulation) recordExpected(numbers int64) bool {
	if numbers == 0 {
		c.quietRuns++
		return false
	}
	state := expectedState{at: c.Now.UTC().Truncate(time.Millisecond), scopes: map[string]expectedScope{},
		clusters: maps.Clone(c.listedClusters)}
	for path, s := range c.upstream {
		state.scopes[path] = *s
	}
	if len(c.expected) > 0 {
		last := c.expected[len(c.expected)-1]
		if state.at.Before(last.at) {
			state.at = last.at
		}
		if numbers == 2 { // the end of a month takes a number
			last.at, last.endsMonth = state.at, true
			c.expected = append(c.expected, last)
		}
	}
	c.expected = append(c.expected, state)
	return true
}

// checkScope returns the check of a scope, as upstream answers now.
func (c *simulation) checkScope(path string) archive.Check {
	s := c.upstream[path]
	at := catalog.At(c.Now)
	check := archive.Check{Scope: c.ParseScope(hangzhou, path), At: at, State: s.state}
	if s.state != format.StateOK {
		check.Problem = &format.Problem{Class: "temporary", Code: s.problem, Message: "no"}
		return check
	}
	if at.After(s.checked) {
		s.checked = at.Time
	}
	was, _ := c.base.Scope(check.Scope)
	snapshot := catalog.NewSnapshot(check.Scope, at, "up", parseImages(c.T, s.docs...))
	if snapshot.Digest == was.Digest {
		return check
	}
	s.captured, check.Snapshot = at.Time, snapshot
	if was.Digest != "" {
		before, err := c.writer.Snapshot(context.Background(), check.Scope, was.Digest)
		if err != nil {
			c.T.Fatal(err)
		}
		check.Before = before
	}
	return check
}

// changeUpstream changes clusters, scopes and images at random. It returns the
// scopes that ended.
func (c *simulation) changeUpstream() (ended []string) {
	c.maybeAddScope("_any/_any", 100)
	for i := range 7 {
		id := fmt.Sprintf("ehpc-%d", i)
		_, listed := c.listedClusters[id]
		switch {
		case !listed && chance(c.rand, 12):
			c.listedClusters[id] = catalog.Cluster{ClusterID: id, Name: "first", InstanceTypes: []string{},
				RegionID: hangzhou}
			listed = true
		case listed && chance(c.rand, 3):
			delete(c.listedClusters, id)
			for path := range c.upstream {
				if strings.HasPrefix(path, id+"/") {
					ended = append(ended, path)
				}
			}
			continue
		case listed && chance(c.rand, 3):
			cluster := c.listedClusters[id]
			cluster.Name = fmt.Sprint("name ", c.rand.IntN(9))
			c.listedClusters[id] = cluster
		}
		if listed {
			c.maybeAddScope(id+"/_any", 80)
			c.maybeAddScope(id+"/ecs.c7.large", 4)
			if path := id + "/ecs.c7.large"; c.upstream[path] != nil && chance(c.rand, 4) {
				ended = append(ended, path)
			}
		}
	}
	slices.Sort(ended)
	ended = slices.Compact(ended)
	for _, path := range slices.Sorted(maps.Keys(c.upstream)) {
		if !slices.Contains(ended, path) {
			c.changeScope(c.upstream[path])
		}
	}
	return ended
}

// maybeAddScope adds a scope with some probability, for the first time or
// again.
func (c *simulation) maybeAddScope(path string, percent int) {
	if c.upstream[path] == nil && chance(c.rand, percent) {
		c.upstream[path] = &expectedScope{}
	}
}

// changeScope decides how upstream answers about one scope.
func (c *simulation) changeScope(s *expectedScope) {
	was := s.state
	switch k := c.rand.IntN(100); {
	case k < 6:
		s.state, s.problem = format.StateFailed, "ServiceUnavailable"
	case k < 8:
		s.state, s.problem = format.StateHeld, "Shrunk"
	case k < 40 || was == "":
		s.state, s.problem = format.StateOK, ""
	}
	if s.state != was {
		s.since = c.Now.UTC().Truncate(time.Millisecond)
	}
	if s.state == format.StateOK && (s.docs == nil || chance(c.rand, 25)) {
		s.docs = c.changeDocs(s.docs)
	}
}

// changeDocs adds, removes and changes images, sometimes all of them.
func (c *simulation) changeDocs(docs []string) []string {
	next := slices.Clone(docs)
	if chance(c.rand, 3) {
		return []string{}
	}
	for range 1 + c.rand.IntN(5) {
		switch k := c.rand.IntN(10); {
		case k < 4 || len(next) == 0:
			next = append(next, c.newDoc(fmt.Sprintf("m-%02d", c.rand.IntN(60))))
		case k < 6:
			i := c.rand.IntN(len(next))
			next = slices.Delete(next, i, i+1)
		default: // one entry for the others of its id, or a further one
			i := c.rand.IntN(len(next))
			id := docID(next[i])
			if chance(c.rand, 80) {
				next = slices.DeleteFunc(next, func(doc string) bool { return docID(doc) == id })
			}
			next = append(next, c.newDoc(id))
		}
	}
	slices.SortFunc(next, func(a, b string) int {
		if x, y := docID(a), docID(b); x != y {
			return strings.Compare(x, y)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(next)
}

// docID returns the ImageId of an object of newDoc.
func docID(doc string) string { return strings.Split(doc, `"`)[3] }

var (
	simulatedStatuses  = []string{"Available", "UnAvailable", "Creating", "CreateFailed", "available"}
	simulatedPlatforms = []string{"CentOS", "Ubuntu", "Windows Server 2003", "centos", "Alibaba Cloud Linux"}
)

// newDoc makes an image object in which fields come, go and change.
func (c *simulation) newDoc(id string) string {
	object := map[string]any{"ImageId": id, "Status": pick(c.rand, simulatedStatuses), "Size": 10 * c.rand.IntN(3)}
	tag := map[string]any{"Platform": pick(c.rand, simulatedPlatforms)}
	if chance(c.rand, 50) {
		tag["Version"] = pick(c.rand, []any{"7.9", "7.10", nil})
	}
	switch c.rand.IntN(4) {
	case 0:
		object["OsTag"] = "CentOS_7.2_64"
	case 1, 2:
		object["OsTag"] = tag
	}
	if chance(c.rand, 30) {
		object["ZNewField"] = []any{c.rand.IntN(3), "<&>"}
	}
	return encodeObject(object)
}

// digestOf returns the digest of a list, as the stored format defines it.
func digestOf(docs []string) string {
	if docs == nil {
		return ""
	}
	sum := sha256.Sum256([]byte("[" + strings.Join(docs, ",") + "]"))
	return hex.EncodeToString(sum[:])
}
