package changes_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/archive/archivetest"
	"community-images/shared/notify/changes"
	"community-images/shared/notify/notifytest"
)

// got renders what the log says in the same way.
func got(c *changes.Changes, f notifytest.Filter, before notifytest.World) (added, removed, ended, boot []string) {
	ids := idsByKind(c)
	for _, e := range c.Ended {
		if len(e.InstanceTypes) > 0 {
			for _, instanceType := range e.InstanceTypes {
				ended = append(ended, e.ClusterID+"/"+instanceType)
			}
			continue
		}
		for path := range before {
			if notifytest.ClusterOf(path) == e.ClusterID && f.Selects(path) {
				ended = append(ended, path)
			}
		}
	}
	for _, b := range c.BootImages {
		boot = append(boot, b.ClusterID+" "+b.ImageID)
	}
	return ids["added"], ids["removed"], sorted(ended), sorted(boot)
}

// newFilters returns the filters of subscriptions: on scopes and ids, and on the content of images.
func newFilters(t *testing.T) (filters []notifytest.Filter) {
	t.Helper()
	for _, text := range []string{
		`{}`, `{"ClusterId":"ehpc-a"}`, `{"ClusterId":["ehpc-b","_any"]}`, `{"ImageId":["m-01","m-02","m-03"]}`,
		`{"InstanceType":"ecs.c"}`, `{"ClusterId":"ehpc-c, ehpc-d","InstanceType":["_any","ecs.g"]}`,
		`{"RegionId":"cn-beijing"}`, `{"ClusterId":"ehpc-e","ImageId":"m-05,m-07"}`,
		`{"clusterid":"*","InstanceType":"_any"}`,
	} {
		filters = append(filters, notifytest.ParseFilter(t, text))
	}
	for i, f := range notifytest.Conditions(t) {
		if i%2 == 1 {
			f = f.With(t, "ClusterId", []string{"_any", "ehpc-a", "ehpc-b"})
		}
		filters = append(filters, f)
	}
	return filters
}

// TestDriftIsToldAsAPlainProgramSeesIt lets a region drift for 200 commits. What the log and the
// index say of each commit, and of some commits together, is what a program says that has seen
// all states.
func TestDriftIsToldAsAPlainProgramSeesIt(t *testing.T) {
	t.Parallel()
	filters := newFilters(t)
	for seed := range uint64(3) {
		d := notifytest.NewDrift(t, 200, seed)
		log := mustLoad(t, d.Fixture, 1)
		counts := map[string]int{}
		for from := 1; from < len(d.States); from++ {
			to := from
			if from%5 == 0 {
				to = min(from+d.Random.IntN(20), len(d.States)-1)
			}
			span := spanOf(t, log, from, to)
			for _, f := range filters {
				c := compare(t, span, f)
				var want, is [4][]string
				if f.HasRegion(archivetest.Hangzhou) {
					want[0], want[1], want[2], want[3] = d.Expect(f, from, to)
				}
				is[0], is[1], is[2], is[3] = got(c, f, d.States[from-1])
				if diff := cmp.Diff(want, is); diff != "" {
					t.Fatalf("seed %d, commits %d to %d, filter %s (-plain +log):\n%s", seed, from, to, f.Text, diff)
				}
				for i, kind := range []string{"added", "removed", "ended", "boot"} {
					counts[kind] += len(is[i])
				}
			}
		}
		for _, kind := range []string{"added", "removed", "ended", "boot"} {
			if counts[kind] < 5 {
				t.Errorf("seed %d: only %d %s", seed, counts[kind], kind)
			}
		}
	}
}

// TestChangedFieldsAndConditions compares what one commit after the other says of contents with
// the states.
func TestChangedFieldsAndConditions(t *testing.T) {
	t.Parallel()
	d := notifytest.NewDrift(t, 200, 7)
	count := 0
	for from := 2; from < len(d.States); from++ {
		f := notifytest.ParseFilter(t, `{"ClusterId":"ehpc-a","InstanceType":"_any","OsTag.Platform":"centos",`+
			`"changedField":["Status","ostag.platform"]}`)
		c := compare(t, spanOf(t, mustLoad(t, d.Fixture, int64(from)), from, from), f)
		was, is := d.States[from-1]["ehpc-a/_any"], d.States[from]["ehpc-a/_any"]
		want := map[string]string{}
		for id, after := range is {
			before, wasThere := was[id]
			switch {
			case after.Platform != "CentOS" || was == nil:
			case !wasThere:
				want[id] = "added"
			case before.Status != after.Status || before.Platform != after.Platform:
				want[id] = "changed"
			}
		}
		for id, before := range was {
			if _, isThere := is[id]; !isThere && before.Platform == "CentOS" {
				want[id] = "removed"
			}
		}
		have := map[string]string{}
		for kind, ids := range idsByKind(c) {
			for _, id := range ids {
				have[id] = kind
			}
		}
		if was == nil { // a new scope announces images alone that were never there
			want, have = nil, nil
		}
		if diff := cmp.Diff(want, have); diff != "" {
			data, _ := json.Marshal(c)
			t.Errorf("commit %d (-states +log): %s\n%s", from, diff, data)
		}
		count += len(have)
	}
	if count < 10 {
		t.Errorf("only %d changes", count)
	}
}
