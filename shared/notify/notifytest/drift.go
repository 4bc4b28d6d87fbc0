package notifytest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive/archivetest"
	"community-images/shared/catalog"
	"community-images/shared/notify/subscription"
)

// World is all that E-HPC offers at a time: for each scope, by its path, the fields of its
// images by ImageId.
type World map[string]map[string]Fields

// Fields are the fields of an image that change.
type Fields struct {
	Status, Platform string
	Size             int
}

// Drift is an E-HPC that changes, and the states that a plain program has seen.
type Drift struct {
	*archivetest.Fixture
	Random *rand.Rand
	now    World
	States []World // after each commit; the first is empty
	boot   []map[string]string
}

// clone returns a copy.
func (w World) clone() World {
	c := World{}
	for path, list := range w {
		c[path] = maps.Clone(list)
	}
	return c
}

// ClusterOf returns the cluster of a scope's path, or "".
func ClusterOf(path string) string {
	cluster, _, _ := strings.Cut(path, "/")
	return strings.TrimPrefix(cluster, catalog.Any)
}

// NewDrift makes a region and lets it drift for a number of commits.
func NewDrift(t testing.TB, commits int, seed uint64) *Drift {
	d := &Drift{
		Fixture: archivetest.New(t), Random: rand.New(rand.NewPCG(seed, 9)), now: World{}, States: []World{{}},
		boot: []map[string]string{{}},
	}
	d.BootImages = map[string]string{}
	for _, path := range []string{"_any/_any", "ehpc-a/_any", "ehpc-a/ecs.c", "ehpc-b/_any"} {
		d.now[path] = d.randomList()
	}
	for len(d.States) <= commits {
		d.Next()
	}
	return d
}

// Next changes something and runs, 10 minutes after the last run. The run commits, unless
// nothing is different in the end.
func (d *Drift) Next() {
	before := d.now.clone()
	if len(d.States) > 1 {
		d.step()
	}
	d.commit(before)
}

// Add adds an image that was never there to the list without a cluster, and runs 10 minutes after
// the last run.
func (d *Drift) Add(id string) {
	before := d.now.clone()
	d.now["_any/_any"][id] = d.randomFields()
	d.commit(before)
}

// randomList returns the images of a new scope.
func (d *Drift) randomList() map[string]Fields {
	list := map[string]Fields{}
	for range 5 + d.Random.IntN(5) {
		list[d.randomID()] = d.randomFields()
	}
	return list
}

func (d *Drift) randomID() string { return fmt.Sprintf("m-%02d", d.Random.IntN(30)) }

func (d *Drift) randomFields() Fields {
	return Fields{
		[]string{"Available", "UnAvailable"}[d.Random.IntN(2)], []string{"CentOS", "Rocky", "Windows"}[d.Random.IntN(3)],
		40 + d.Random.IntN(3),
	}
}

// step changes some lists, and sometimes ends or adds a cluster.
func (d *Drift) step() {
	paths := slices.Sorted(maps.Keys(d.now))
	for range 1 + d.Random.IntN(4) {
		list := d.now[paths[d.Random.IntN(len(paths))]]
		id := d.randomID()
		switch _, isThere := list[id]; {
		case isThere && d.Random.IntN(2) == 0:
			delete(list, id)
		default:
			list[id] = d.randomFields()
		}
	}
	cluster := string(rune('a' + d.Random.IntN(5)))
	path := "ehpc-" + cluster + []string{"/_any", "/ecs.c", "/ecs.g"}[d.Random.IntN(3)]
	switch _, isThere := d.now[path]; {
	case d.Random.IntN(4) > 0:
	case !isThere:
		d.now[path] = d.randomList()
	case d.Random.IntN(2) == 0:
		delete(d.now, path)
	default: // the whole cluster
		maps.DeleteFunc(d.now, func(p string, _ map[string]Fields) bool { return ClusterOf(p) == "ehpc-"+cluster })
	}
	if d.Random.IntN(3) == 0 {
		d.BootImages["ehpc-"+cluster] = d.randomID()
	}
}

// commit commits what has changed.
func (d *Drift) commit(before World) {
	d.Now = d.Now.Add(10 * time.Minute)
	found := archivetest.Content{}
	for path, list := range d.now {
		images := []*catalog.Image{}
		for _, id := range slices.Sorted(maps.Keys(list)) {
			f := list[id]
			images = append(images, archivetest.ParseImages(d.T, fmt.Sprintf(
				`{"ImageId":%q,"ImageName":"name of %s","Status":%q,"Size":%d,"OsTag":{"Platform":%q}}`,
				id, id, f.Status, f.Size, f.Platform))...)
		}
		found[path] = images
	}
	var ended []string
	for path := range before {
		if _, isThere := d.now[path]; !isThere {
			ended = append(ended, path)
		}
	}
	slices.Sort(ended)
	r := d.CommitRun(archivetest.Hangzhou, found, ended...)
	for int64(len(d.States)) <= r.Sequence {
		d.States, d.boot = append(d.States, d.now.clone()), append(d.boot, maps.Clone(d.BootImages))
	}
}

// Selects reports whether a filter has a scope.
func Selects(f *subscription.Filter, path string) bool {
	_, instanceType, _ := strings.Cut(path, "/")
	return f.HasScope(ClusterOf(path), strings.TrimPrefix(instanceType, catalog.Any))
}

// Offered returns the images that the selected scopes offer, each with one content that meets
// the conditions, if there is one.
func (w World) Offered(f *subscription.Filter) map[string]bool {
	all := map[string]bool{}
	for path, list := range w {
		for id := range list {
			all[id] = all[id] || Selects(f, path)
		}
	}
	maps.DeleteFunc(all, func(_ string, is bool) bool { return !is })
	return all
}

// Expect returns what a plain program says of the commits from one to another: it has all
// states and reads no log.
func (d *Drift) Expect(f *subscription.Filter, from, to int) (added, removed, ended, boot []string) {
	before, after := d.States[from-1], d.States[to]
	had, has := before.Offered(f), after.Offered(f)
	for id := range has {
		if had[id] || !f.HasImage(id) {
			continue
		}
		announced := from > 1 && !slices.ContainsFunc(d.States[:from], func(w World) bool { return w.Offered(&subscription.Filter{})[id] })
		for path, list := range after {
			_, offers := list[id]
			_, isOld := before[path]
			announced = announced || offers && isOld && Selects(f, path)
		}
		if announced {
			added = append(added, id)
		}
	}
	for id := range had {
		if !has[id] && f.HasImage(id) {
			removed = append(removed, id)
		}
	}
	for path := range before {
		if _, isThere := after[path]; !isThere && Selects(f, path) {
			ended = append(ended, path)
		}
	}
	for cluster, id := range d.boot[to] {
		own := &subscription.Filter{Clusters: []string{cluster}}
		isListed := slices.ContainsFunc(slices.Collect(maps.Keys(after)), func(p string) bool { return ClusterOf(p) == cluster })
		for path := range d.States[to-1] { // the fixture leaves a cluster out of the listing that ends one of its scopes
			if _, isThere := after[path]; !isThere && ClusterOf(path) == cluster {
				isListed = false
			}
		}
		if isListed && f.HasCluster(cluster) && f.HasImage(id) && before.Offered(own)[id] && !after.Offered(own)[id] {
			boot = append(boot, cluster+" "+id)
		}
	}
	return sorted(added), sorted(removed), sorted(ended), sorted(boot)
}

// ExpectChanged returns the images that have other fields after a commit in a selected scope.
func (d *Drift) ExpectChanged(f *subscription.Filter, n int) (changed []string) {
	for path, list := range d.States[n] {
		for id, after := range list {
			before, wasThere := d.States[n-1][path][id]
			if wasThere && before != after && Selects(f, path) && f.HasImage(id) && !slices.Contains(changed, id) {
				changed = append(changed, id)
			}
		}
	}
	return sorted(changed)
}

func sorted(list []string) []string { slices.Sort(list); return list }
