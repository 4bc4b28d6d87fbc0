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
)

// World is all that E-HPC offers at a time: for each scope, by its path, the fields of its
// images by ImageId.
type World map[string]map[string]Fields

// Fields are the fields of an image that change. An empty one has no value.
type Fields struct {
	Status, Platform, Version, Description string
	Size                                   int
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
	pick := func(values ...string) string { return values[d.Random.IntN(len(values))] }
	return Fields{
		pick("Available", "UnAvailable"), pick("CentOS", "Rocky", "Windows"), pick("7.9", "7.10", "8.2", ""),
		pick("for MPI, v2", "For GPU", "gpu", ""), 40 + d.Random.IntN(3),
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
				`{"ImageId":%q,"ImageName":"name of %s","Status":%q,"Size":%d,"Description":%q,`+
					`"OsTag":{"Platform":%q,"Version":%q}}`,
				id, id, f.Status, f.Size, f.Description, f.Platform, f.Version))...)
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
