package query_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/catalog"
	"community-images/shared/query"
)

// drift is a region that changes from commit to commit, and all its states.
type drift struct {
	w      *world
	rand   *rand.Rand
	states []map[string]map[string]string // by commit, scope path, ImageId: Status
	dates  []time.Time
}

const driftCommits = 200

func newDrift(t testing.TB) *drift {
	d := &drift{w: newWorld(t), rand: rand.New(rand.NewPCG(1, 2))}
	now := map[string]map[string]string{"_any/_any": {}, "ehpc-a/_any": {}, "ehpc-b/_any": {}, "ehpc-b/ecs.c7.large": {}}
	for range driftCommits {
		var ended []string
		for path := range now {
			d.change(now[path])
		}
		if path := "ehpc-c/_any"; d.rand.IntN(9) == 0 && now[path] != nil {
			delete(now, path)
			ended = append(ended, path)
		} else if now[path] == nil && d.rand.IntN(5) == 0 {
			now[path] = map[string]string{"m-01": "Available", "m-99": "Available"}
		}
		d.commit(now, ended)
	}
	return d
}

func (d *drift) change(images map[string]string) {
	for range 1 + d.rand.IntN(3) {
		id := fmt.Sprintf("m-%02d", d.rand.IntN(40))
		switch {
		case images[id] == "":
			images[id] = "Creating"
		case d.rand.IntN(3) == 0:
			delete(images, id)
		default:
			images[id] = []string{"Available", "UnAvailable", "Creating"}[d.rand.IntN(3)]
		}
	}
}

func (d *drift) commit(now map[string]map[string]string, ended []string) {
	found, state := content{}, map[string]map[string]string{}
	for path, all := range now {
		objects := []string{}
		state[path] = map[string]string{}
		for id, status := range all {
			objects = append(objects, fmt.Sprintf(`{"ImageId":%q,"Status":%q}`, id, status))
			state[path][id] = status
		}
		found[path] = images(d.w.t, objects...)
	}
	before := len(d.states)
	r := d.w.run(hangzhou, found, ended...)
	if int(r.Sequence) == before+1 { // a month's seal takes a number of its own
		d.states, d.dates = append(d.states, state), append(d.dates, d.w.now)
	} else if int(r.Sequence) == before+2 {
		d.states, d.dates = append(d.states, d.states[before-1], state), append(d.dates, d.w.now, d.w.now)
	}
	d.w.now = d.w.now.Add(time.Duration(1+d.rand.IntN(300)) * time.Minute)
}

func ask[T any](t *testing.T, h http.Handler, target string) T {
	t.Helper()
	rec := get(h, target)
	var body T
	if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil || rec.Code != 200 {
		t.Fatalf("%s: %d %v %s", target, rec.Code, err, rec.Body)
	}
	return body
}

// TestPast holds what is told of the past against states that were kept aside.
func TestPast(t *testing.T) {
	t.Parallel()
	d := newDrift(t)
	for name, test := range map[string]func(*testing.T, *drift){
		"every third commit can be asked for again":  everyThirdCommit,
		"the feed tells every change once":           everyChange,
		"the history of every image":                 everyHistory,
		"first and last sight at every tenth commit": firstAndLast,
		"the difference of any two commits":          differences,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, d)
		})
	}
}

func everyThirdCommit(t *testing.T, d *drift) {
	h := d.w.handler()
	for i, state := range d.states {
		if i%3 != 0 {
			continue
		}
		for path, want := range state {
			cluster, typ, _ := strings.Cut(path, "/")
			at := []string{fmt.Sprint(i + 1), catalog.At(d.dates[i]).String(), fmt.Sprint(d.dates[i].UnixMilli())}[i/3%3]
			if i+1 < len(d.dates) && d.dates[i+1].Equal(d.dates[i]) {
				at = fmt.Sprint(i + 1)
			}
			got := ask[struct {
				Images []struct{ ImageId, Status string }
			}](t, h, "/v1/images?limit=1000&ClusterId="+cluster+"&InstanceType="+typ+"&at="+at)
			seen := map[string]string{}
			for _, im := range got.Images {
				seen[im.ImageId] = im.Status
			}
			if fmt.Sprint(seen) != fmt.Sprint(want) || len(got.Images) != len(want) {
				t.Fatalf("%s at %s is %v, was %v", path, at, seen, want)
			}
		}
	}
}

// change is one entry of the feed in the oracle's words.
type change struct {
	Sequence                               int64
	Kind, ImageId, ClusterId, InstanceType string
	Fields                                 []struct {
		Field         string
		Before, After string
	}
}

func (c change) String() string {
	s := fmt.Sprintf("%d %s %s %s/%s", c.Sequence, c.Kind, c.ImageId, c.ClusterId, c.InstanceType)
	for _, f := range c.Fields {
		s += fmt.Sprintf(" %s:%s>%s", f.Field, f.Before, f.After)
	}
	return s
}

// expected works out from the states what the feed must say.
func (d *drift) expected() []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	was := map[string]map[string]string{}
	for i, state := range d.states {
		for _, path := range []string{"_any/_any", "ehpc-a/_any", "ehpc-b/_any", "ehpc-b/ecs.c7.large", "ehpc-c/_any"} {
			name := strings.ReplaceAll(path, "_any", "")
			for id, status := range state[path] {
				if before, had := was[path][id]; !had {
					add("%d added %s %s", i+1, id, name)
				} else if before != status {
					add("%d changed %s %s Status:%s>%s", i+1, id, name, before, status)
				}
			}
			for id := range was[path] {
				if _, has := state[path][id]; !has {
					add("%d removed %s %s", i+1, id, name)
				}
			}
		}
		was = state
	}
	slices.Sort(all)
	return all
}

func everyChange(t *testing.T, d *drift) {
	want := d.expected()
	for _, limit := range []int{7, 1000} {
		h := d.w.handler()
		var got []string
		last := int64(0)
		for cursor, more := "c0.0", true; more; {
			page := ask[struct {
				Changes    []change
				More       bool
				NextCursor string
			}](t, h, fmt.Sprintf("/v1/changes?limit=%d&since=%s", limit, cursor))
			for _, c := range page.Changes {
				if c.Sequence < last {
					t.Fatal("the feed goes back")
				}
				last = c.Sequence
				got = append(got, c.String())
			}
			cursor, more = page.NextCursor, page.More
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("with pages of %d the feed has %d changes, the states say %d", limit, len(got), len(want))
		}
	}
}

func everyHistory(t *testing.T, d *drift) {
	want := d.expected()
	h := d.w.handler()
	for i := range 40 {
		id := fmt.Sprintf("m-%02d", i)
		var own []string
		for _, line := range want {
			if strings.Contains(line, " "+id+" ") {
				own = append(own, line)
			}
		}
		var got []string
		for _, e := range ask[struct{ Events []change }](t, h, "/v1/images/"+id+"/history?limit=1000").Events {
			got = append(got, e.String())
		}
		slices.Sort(got)
		if !slices.Equal(got, own) {
			t.Errorf("history of %s has %d events, the states say %d", id, len(got), len(own))
		}
	}
}

func firstAndLast(t *testing.T, d *drift) {
	h := d.w.handler(func(o *query.Options) { o.MaxStale = 0 })
	first, last := map[string]int{}, map[string]int{}
	for i, state := range d.states {
		there := map[string]bool{}
		for _, all := range state {
			for id := range all {
				there[id] = true
			}
		}
		for id := range there {
			if _, ok := first[id]; !ok {
				first[id] = i
			}
			last[id] = i
		}
		if i%10 != 9 {
			continue
		}
		for id := range first {
			rec := get(h, fmt.Sprintf("/v1/images/%s?at=%d", id, i+1))
			var body struct{ FirstSeen, LastSeen, GoneSince string }
			if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			if want := catalog.At(d.dates[first[id]]).String(); body.FirstSeen != want {
				t.Errorf("%s at %d was first seen %s, not %s", id, i+1, body.FirstSeen, want)
			}
			if there[id] != (rec.Code == 200) || !there[id] && rec.Code != 410 {
				t.Fatalf("%s at %d: %d, there: %v", id, i+1, rec.Code, there[id])
			}
			if !there[id] {
				if want := catalog.At(d.dates[last[id]]).String(); body.LastSeen != want {
					t.Errorf("%s at %d was last seen %s, not %s", id, i+1, body.LastSeen, want)
				}
			}
		}
	}
}

func differences(t *testing.T, d *drift) {
	h := d.w.handler()
	random := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		from, to := random.IntN(len(d.states)), random.IntN(len(d.states))
		got := ask[struct {
			Added, Removed, Changed []struct{ ImageId string }
		}](t, h, fmt.Sprintf("/v1/diff?ClusterId=ehpc-b&from=%d&to=%d", from+1, to+1))
		var want, have []string
		a, b := d.states[from]["ehpc-b/_any"], d.states[to]["ehpc-b/_any"]
		for id, status := range b {
			if a[id] == "" {
				want = append(want, "+"+id)
			} else if a[id] != status {
				want = append(want, "~"+id)
			}
		}
		for id := range a {
			if b[id] == "" {
				want = append(want, "-"+id)
			}
		}
		for _, im := range got.Added {
			have = append(have, "+"+im.ImageId)
		}
		for _, im := range got.Removed {
			have = append(have, "-"+im.ImageId)
		}
		for _, im := range got.Changed {
			have = append(have, "~"+im.ImageId)
		}
		slices.Sort(want)
		slices.Sort(have)
		if !slices.Equal(want, have) {
			t.Fatalf("from %d to %d: %v, want %v", from+1, to+1, have, want)
		}
	}
}
