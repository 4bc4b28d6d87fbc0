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
	"community-images/shared/catalog"
)

// chronicle is a region that drifts, and next to it what really happened.
// Nothing in then comes from the archive.
type chronicle struct {
	*fixture
	rand   *rand.Rand
	writer *archive.Writer
	base   *archive.Region
	live   map[string]*scopeThen      // by path
	list   map[string]catalog.Cluster // as upstream would list them
	then   []stateThen                // by commit: then[0] is number 1
	quiet  int                        // runs that changed nothing
}

// stateThen is the region after a commit.
type stateThen struct {
	at       time.Time
	seal     bool // the commit only ended a month
	scopes   map[string]scopeThen
	clusters map[string]catalog.Cluster
}

// scopeThen is one scope after a commit.
type scopeThen struct {
	docs     []string // stored objects in canonical order; nil: never captured
	state    archive.State
	problem  string
	since    time.Time
	captured time.Time
	checked  time.Time // latest check that was answered, whatever the clock did since
}

const (
	chronicleCommits = 200
	// mostBack bounds how far the clock is behind where it was, after several
	// steps back; times of checks may be that much before times of commits.
	mostBack = time.Hour
)

// beginChronicle is a region in which nothing has happened yet.
func beginChronicle(t testing.TB, seed uint64) *chronicle {
	c := &chronicle{fixture: newFixture(t), rand: rand.New(rand.NewPCG(seed, 0)), live: map[string]*scopeThen{}, list: map[string]catalog.Cluster{}}
	c.Now = time.Date(2026, 10, 20, 7, 0, 0, 0, time.UTC)
	c.writer = archive.NewWriter(c.Memory, c.Keys, func() time.Time { return c.Now })
	base, err := c.writer.Load(context.Background(), hangzhou)
	if err != nil {
		t.Fatal(err)
	}
	c.base = base
	return c
}

func newChronicle(t testing.TB, seed uint64) *chronicle {
	c := beginChronicle(t, seed)
	for commits := 0; commits < chronicleCommits; {
		if c.step() {
			commits++
		}
		c.tick(commits < chronicleCommits-20)
	}
	if c.quiet == 0 || len(c.then) < chronicleCommits+2 {
		t.Fatalf("the run has %d commits with seals and %d quiet runs; it should cross two months", len(c.then), c.quiet)
	}
	return c
}

// tick moves the clock: mostly on, now and then not at all or back.
func (c *chronicle) tick(back bool) {
	switch k := c.rand.IntN(100); {
	case k < 3 && back:
	case k < 5 && back:
		c.Now = c.Now.Add(-10 * time.Minute)
	default:
		c.Now = c.Now.Add(time.Duration(1+c.rand.IntN(16*3600*1000)) * time.Millisecond)
	}
}

// step is one run of the snapshot function. It says whether it committed.
func (c *chronicle) step() bool {
	var ended []string
	if !chance(c.rand, 5) {
		ended = c.churn()
	}
	run := archive.Run{RunID: fmt.Sprint("run-", len(c.then), "-", c.quiet), Trigger: "timer", StartedAt: catalog.At(c.Now)}
	run.Discovery = &archive.Listing{At: catalog.At(c.Now)}
	for _, id := range slices.Sorted(maps.Keys(c.list)) {
		run.Discovery.Clusters = append(run.Discovery.Clusters, c.list[id])
	}
	for _, path := range slices.Sorted(maps.Keys(c.live)) {
		run.Checks = append(run.Checks, c.look(path))
	}
	for _, path := range ended {
		run.Ended = append(run.Ended, c.ParseScope(hangzhou, path))
		delete(c.live, path)
	}
	before := c.base.Sequence
	result, err := c.writer.Commit(context.Background(), c.base, run)
	if err != nil {
		c.T.Fatal(err)
	}
	c.base = result.Region
	return c.remember(c.base.Sequence - before)
}

// remember keeps the state under the numbers that the commit has taken.
func (c *chronicle) remember(numbers int64) bool {
	if numbers == 0 {
		c.quiet++
		return false
	}
	state := stateThen{at: c.Now.UTC().Truncate(time.Millisecond), scopes: map[string]scopeThen{}, clusters: maps.Clone(c.list)}
	for path, s := range c.live {
		state.scopes[path] = *s
	}
	if len(c.then) > 0 {
		last := c.then[len(c.then)-1]
		if state.at.Before(last.at) {
			state.at = last.at
		}
		if numbers == 2 { // the end of a month takes a number
			last.at, last.seal = state.at, true
			c.then = append(c.then, last)
		}
	}
	c.then = append(c.then, state)
	return true
}

// look is the check of a scope by what upstream says now.
func (c *chronicle) look(path string) archive.Check {
	s := c.live[path]
	at := catalog.At(c.Now)
	check := archive.Check{Scope: c.ParseScope(hangzhou, path), At: at, State: s.state}
	if s.state != archive.OK {
		check.Problem = &archive.Problem{Class: "temporary", Code: s.problem, Message: "no"}
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

// churn changes what upstream says.
func (c *chronicle) churn() (ended []string) {
	c.appear("_any/_any", 100)
	for i := range 7 {
		id := fmt.Sprintf("ehpc-%d", i)
		_, listed := c.list[id]
		switch {
		case !listed && chance(c.rand, 12):
			c.list[id] = catalog.Cluster{ClusterID: id, Name: "first", InstanceTypes: []string{}, RegionID: hangzhou}
			listed = true
		case listed && chance(c.rand, 3):
			delete(c.list, id)
			for path := range c.live {
				if strings.HasPrefix(path, id+"/") {
					ended = append(ended, path)
				}
			}
			continue
		case listed && chance(c.rand, 3):
			cluster := c.list[id]
			cluster.Name = fmt.Sprint("name ", c.rand.IntN(9))
			c.list[id] = cluster
		}
		if listed {
			c.appear(id+"/_any", 80)
			c.appear(id+"/ecs.c7.large", 4)
			if path := id + "/ecs.c7.large"; c.live[path] != nil && chance(c.rand, 4) {
				ended = append(ended, path)
			}
		}
	}
	slices.Sort(ended)
	ended = slices.Compact(ended)
	for _, path := range slices.Sorted(maps.Keys(c.live)) {
		if !slices.Contains(ended, path) {
			c.drift(c.live[path])
		}
	}
	return ended
}

// appear lets a scope be asked for the first time, or again.
func (c *chronicle) appear(path string, percent int) {
	if c.live[path] == nil && chance(c.rand, percent) {
		c.live[path] = &scopeThen{}
	}
}

// drift decides how upstream answers about one scope.
func (c *chronicle) drift(s *scopeThen) {
	was := s.state
	switch k := c.rand.IntN(100); {
	case k < 6:
		s.state, s.problem = archive.Failed, "ServiceUnavailable"
	case k < 8:
		s.state, s.problem = archive.Held, "Shrunk"
	case k < 40 || was == "":
		s.state, s.problem = archive.OK, ""
	}
	if s.state != was {
		s.since = c.Now.UTC().Truncate(time.Millisecond)
	}
	if s.state == archive.OK && (s.docs == nil || chance(c.rand, 25)) {
		s.docs = c.changed(s.docs)
	}
}

// changed adds, removes and changes images, now and then all of them.
func (c *chronicle) changed(docs []string) []string {
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

// docID is the id of an object of newDoc.
func docID(doc string) string { return strings.Split(doc, `"`)[3] }

var (
	chronicleStatuses  = []string{"Available", "UnAvailable", "Creating", "CreateFailed", "available"}
	chroniclePlatforms = []string{"CentOS", "Ubuntu", "Windows Server 2003", "centos", "Alibaba Cloud Linux"}
)

// newDoc makes an object in which fields come, go and change.
func (c *chronicle) newDoc(id string) string {
	object := map[string]any{"ImageId": id, "Status": pick(c.rand, chronicleStatuses), "Size": 10 * c.rand.IntN(3)}
	tag := map[string]any{"Platform": pick(c.rand, chroniclePlatforms)}
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

// digestOf is the digest of a list by the storage contract.
func digestOf(docs []string) string {
	if docs == nil {
		return ""
	}
	sum := sha256.Sum256([]byte("[" + strings.Join(docs, ",") + "]"))
	return hex.EncodeToString(sum[:])
}
