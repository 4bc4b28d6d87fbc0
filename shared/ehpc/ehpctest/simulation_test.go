package ehpctest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/catalog"
)

// scopes are the questions that a run asks of the world.
func scopes(t *testing.T, w *Simulation) []Question {
	t.Helper()
	questions := []Question{{RegionID: "cn-hangzhou"}, {RegionID: "cn-shanghai"}}
	for _, raw := range w.Clusters("cn-hangzhou") {
		c, skipped, err := catalog.ParseCluster(raw, "")
		if err != nil || len(skipped) > 0 || len(c.InstanceTypes) == 0 {
			t.Fatalf("%s: %v, skipped %v", raw, err, skipped)
		}
		questions = append(questions, Question{RegionID: c.RegionID, ClusterID: c.ClusterID},
			Question{RegionID: c.RegionID, ClusterID: c.ClusterID, InstanceType: c.InstanceTypes[0]})
	}
	return questions
}

// picture is all that a world says.
func picture(t *testing.T, w *Simulation) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, q := range scopes(t, w) {
		images, ok := w.Images(q)
		if !ok {
			t.Fatalf("%+v is not known", q)
		}
		all[fmt.Sprint(q)] = string(images.Array)
	}
	for i, raw := range w.Clusters("") {
		all[fmt.Sprint("cluster ", i)] = string(raw)
	}
	return all
}

func images(t *testing.T, w *Simulation, q Question) []*catalog.Image {
	t.Helper()
	answer, _ := w.Images(q)
	list, err := new(catalog.Interner).DecodeImages(answer.Array)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestWorldDependsOnSeedAndTickAlone(t *testing.T) {
	t.Parallel()
	a, b := NewSimulation(7), NewSimulation(7)
	for range 13 {
		a.Tick()
		picture(t, a) // asking changes nothing
	}
	b.AdvanceTo(13)
	if diff := cmp.Diff(picture(t, a), picture(t, b)); diff != "" {
		t.Error(diff)
	}
	if b.AdvanceTo(5); b.TickCount() != 13 {
		t.Errorf("went back to %d", b.TickCount())
	}
	if cmp.Equal(picture(t, a), picture(t, NewSimulation(7))) ||
		cmp.Equal(picture(t, NewSimulation(8)), picture(t, NewSimulation(7))) {
		t.Error("tick or seed make no difference")
	}
}

func TestWorldLooksReal(t *testing.T) {
	t.Parallel()
	w := NewSimulation(1)
	schedulers, regions, ids := map[string]bool{}, map[string]bool{}, map[string]bool{}
	platforms, statuses, versions := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, raw := range w.Clusters("cn-shanghai") {
		c, _, _ := catalog.ParseCluster(raw, "")
		schedulers[c.SchedulerType], regions[c.RegionID] = true, true
		if c.ImageID == "" || c.ImageOwnerAlias == "" {
			t.Errorf("cluster %s has no image", c.ClusterID)
		}
	}
	for _, q := range scopes(t, w) {
		list := images(t, w, q)
		if len(list) < 20 {
			t.Errorf("%+v has %d images only", q, len(list))
		}
		for _, im := range list {
			ids[im.ImageID], platforms[im.Text("OsTag.Platform")], statuses[im.Text("Status")], versions[im.Text(
				"BaseOsTag.OsTag")] = true, true, true, true
			if len(im.ImageID) != 22 || im.Text("ImageName") == "" || im.Text("Size") == "" ||
				im.Text("OsTag.BaseOsTag") == "" || (im.Text("ProductCode") != "") != (im.Text("SkuCode") == "package") {
				t.Errorf("odd image %s", im.Raw)
			}
		}
	}
	if len(schedulers) < 5 || len(regions) != 2 || len(ids) < 120 || len(platforms) < 10 ||
		len(statuses) < 2 || len(versions) < 20 {
		t.Errorf("%d schedulers, %d regions, %d images, %d platforms, %d statuses, %d versions",
			len(schedulers), len(regions), len(ids), len(platforms), len(statuses), len(versions))
	}
}

func TestClustersAndTypesDifferButOverlap(t *testing.T) {
	t.Parallel()
	w := NewSimulation(1)
	ids := func(q Question) (list []string) {
		q.RegionID = "cn-hangzhou"
		for _, im := range images(t, w, q) {
			list = append(list, im.ImageID)
		}
		return list
	}
	common := func(a, b []string) (n int) {
		for _, id := range a {
			if slices.Contains(b, id) {
				n++
			}
		}
		return n
	}
	none := ids(Question{})
	cfd := ids(Question{ClusterID: "ehpc-hz-QnKzVnX9aT"})
	train := ids(Question{ClusterID: "ehpc-hz-b8LmW0sT5e"})
	gpu := ids(Question{ClusterID: "ehpc-hz-b8LmW0sT5e", InstanceType: "ecs.gn7i-c32g1.8xlarge"})
	if common(none, cfd) != len(none) || len(cfd) == len(none) ||
		common(cfd, train) != len(cfd) || len(train) == len(cfd) {
		t.Errorf("%d images for all, %d for one system, %d for every system", len(none), len(cfd), len(train))
	}
	if common(train, gpu) != len(train) || len(gpu) <= len(train) {
		t.Errorf("%d images without a type, %d with GPUs", len(train), len(gpu))
	}
	if one := ids(Question{BaseOsTag: "CentOS_7.9_64"}); len(one) == 0 || len(one) >= len(none) {
		t.Errorf("%d images of one system", len(one))
	}
	if _, ok := w.Images(Question{RegionID: "cn-shanghai", ClusterID: "ehpc-hz-QnKzVnX9aT"}); ok {
		t.Error("a cluster is known outside its region")
	}
}

func TestWorldDrifts(t *testing.T) {
	t.Parallel()
	w := NewSimulation(3)
	seen := map[string]int{}
	before := map[string]*catalog.Image{}
	fleets := map[int]bool{}
	for tick := range 20 {
		now := map[string]*catalog.Image{}
		for _, region := range simulatedRegions {
			q := Question{RegionID: region.id, ClusterID: "ehpc-hz-b8LmW0sT5e", InstanceType: "ecs.gn7i-c32g1.8xlarge"}
			if region.id == "cn-shanghai" {
				q.ClusterID = "ehpc-sh-0dGv9sYw2m"
			}
			for _, im := range images(t, w, q) {
				now[im.ImageID] = im
			}
		}
		if tick > 0 {
			changes(seen, before, now)
		}
		if len(now) < 240 || len(now) > 600 {
			t.Fatalf("%d images at tick %d", len(now), tick)
		}
		fleets[len(w.Clusters(""))] = true
		before = now
		w.Tick()
	}
	for _, kind := range []string{"appeared", "vanished", "edited", "Creating -> Available", "Available -> UnAvailable"} {
		if seen[kind] == 0 {
			t.Errorf("never seen: %s, only %v", kind, seen)
		}
	}
	if diff := cmp.Diff(map[int]bool{6: true, 7: true}, fleets); diff != "" {
		t.Errorf("sizes of the fleet: %s", diff)
	}
}

// changes counts what happened between two ticks.
func changes(seen map[string]int, before, now map[string]*catalog.Image) {
	for id, im := range now {
		switch old := before[id]; {
		case old == nil:
			seen["appeared"]++
		case old.Text("Status") != im.Text("Status"):
			seen[old.Text("Status")+" -> "+im.Text("Status")]++
		case old.Raw != im.Raw:
			seen["edited"]++
		}
	}
	for id := range before {
		if now[id] == nil {
			seen["vanished"]++
		}
	}
}

func TestOneTickInFiveIsTrouble(t *testing.T) {
	t.Parallel()
	w := NewSimulation(1)
	for range 20 {
		throttled, failing := 0, map[string]int{}
		for try := range 4 {
			for _, q := range scopes(t, w) {
				switch f := w.Fault(Call{Action: "ListCommunityImages", Question: q}); {
				case f == nil:
				case f.Status == 429 && try == 0:
					throttled++
				case f.Status == 500 || f.Status == 503:
					failing[q.ClusterID]++
				default:
					t.Fatalf("tick %d: %+v at try %d", w.TickCount(), f, try+1)
				}
			}
		}
		trouble := w.TickCount()%5 == 4
		if trouble && (throttled != maxThrottled || len(failing) != 1) ||
			!trouble && throttled+len(failing) > 0 {
			t.Errorf("tick %d: %d throttled, failing %v", w.TickCount(), throttled, failing)
		}
		for id, n := range failing {
			if n != 8 { // two scopes, four tries
				t.Errorf("tick %d: %s failed %d times", w.TickCount(), id, n)
			}
		}
		w.Tick()
	}
}

func TestSizedHasTheSizeOfTheFigures(t *testing.T) {
	t.Parallel()
	s := NewSized("cn-hangzhou", 20, 200, 1000)
	ask := func(cluster string) string {
		images, ok := s.Images(Question{ClusterID: cluster})
		if !ok || !json.Valid(images.Array) {
			t.Fatalf("%s: %v", cluster, ok)
		}
		return string(images.Array)
	}
	first := map[string]string{}
	distinct := map[string]bool{}
	for i := range 20 {
		id := fmt.Sprintf("ehpc-hz-%010d", i)
		first[id] = ask(id)
		distinct[first[id]] = true
		if n := len(first[id]); n < 108_900 || n > 109_100 {
			t.Fatalf("a list has %d bytes", n)
		}
	}
	if len(distinct) != sizedLists || len(s.Clusters("")) != 20 {
		t.Errorf("%d lists for %d clusters", len(distinct), len(s.Clusters("")))
	}
	s.ChangeImages()
	for id, old := range first {
		d := catalog.Compare(decode(t, old), decode(t, ask(id)))
		if len(d.Added)+len(d.Removed) > 0 || len(d.Changed) == 0 || len(d.Changed) > 4 {
			t.Fatalf("%s changed by %+v", id, d)
		}
	}
	if _, ok := s.Images(Question{ClusterID: "other"}); ok {
		t.Error("an unknown cluster is known")
	}
}

func decode(t *testing.T, array string) []*catalog.Image {
	t.Helper()
	list, err := new(catalog.Interner).DecodeImages([]byte(array))
	if err != nil {
		t.Fatal(err)
	}
	return catalog.Normalise(list)
}
