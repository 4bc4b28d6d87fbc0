package query_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/alias"
	"community-images/shared/archive"
	"community-images/shared/catalog"
	"community-images/shared/query/aliases"
	"community-images/shared/query/querytest"
)

// driftImage is an image of the generated drift.
type driftImage struct {
	id, platform string
	minor        int // of version 7.minor
	size         int
	isAvailable  bool
}

// json returns the image as upstream sends it.
func (im driftImage) json() string {
	status := "UnAvailable"
	if im.isAvailable {
		status = "Available"
	}
	return fmt.Sprintf(`{"ImageId":%q,"ImageName":"linux %s","Size":%d,"Status":%q,`+
		`"OsTag":{"Platform":%q,"Version":"7.%d"}}`,
		im.id, im.id, im.size, status, im.platform, im.minor)
}

// driftState is all that a program knows that saw every state.
type driftState struct {
	scopes   map[string][]driftImage // by path
	defined  []alias.Definition
	since    map[string]time.Time // when the present rule of an alias was committed
	at       time.Time            // of the commit
	sequence int64
}

// union returns the images of some scopes, each content once, by id and then by content.
func (s driftState) union(paths ...string) []driftImage {
	var all []driftImage
	for _, path := range paths {
		all = append(all, s.scopes[path]...)
	}
	slices.SortFunc(all, func(a, b driftImage) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.json(), b.json()))
	})
	return slices.Compact(all)
}

// driftLookup is a lookup beside what it means: the selected scopes, which images match, and
// which comes first.
type driftLookup struct {
	lookup  string
	paths   []string
	matches func(driftImage) bool
	compare func(a, b driftImage) int
}

var driftLookups = []driftLookup{
	{"OsTag.Platform=CentOS&sort=-OsTag.Version", []string{"_any/_any"},
		func(im driftImage) bool { return im.platform == "CentOS" },
		func(a, b driftImage) int { return cmp.Compare(b.minor, a.minor) }},
	{"ClusterId=ehpc-a&Status=Available&sort=-Size", []string{"ehpc-a/_any"},
		func(im driftImage) bool { return im.isAvailable },
		func(a, b driftImage) int { return cmp.Compare(b.size, a.size) }},
	{"ClusterId=ehpc-a,ehpc-b&Size__gte=40&sort=Size,-OsTag.Version", []string{"ehpc-a/_any", "ehpc-b/_any"},
		func(im driftImage) bool { return im.size >= 40 },
		func(a, b driftImage) int { return cmp.Or(cmp.Compare(a.size, b.size), cmp.Compare(b.minor, a.minor)) }},
	{"ClusterId=ehpc-b&InstanceType=ecs.c7.large&latestBy=OsTag.Platform", []string{"ehpc-b/ecs.c7.large"},
		func(driftImage) bool { return true },
		func(a, b driftImage) int { return cmp.Compare(b.minor, a.minor) }},
	{"ClusterId=*&q=LINUX+m-1", []string{"_any/_any", "ehpc-a/_any", "ehpc-b/_any", "ehpc-b/ecs.c7.large"},
		func(im driftImage) bool { return strings.Contains(im.id, "m-1") },
		func(driftImage, driftImage) int { return 0 }},
}

// answer returns what an alias answers at a time: an ImageId, "none", or "pin gone".
func (s driftState) answer(d alias.Definition, at time.Time) (image string, since time.Time) {
	rule := driftLookups[slices.IndexFunc(driftLookups, func(l driftLookup) bool { return l.lookup == d.Lookup })]
	images := s.union(rule.paths...)
	since = s.since[d.Name]
	if d.Pin != nil && (d.Pin.Until.IsZero() || at.Before(d.Pin.Until.Time)) {
		if slices.ContainsFunc(images, func(im driftImage) bool { return im.id == d.Pin.ImageID }) {
			return d.Pin.ImageID, since
		}
		return "pin gone", since
	}
	if d.Pin != nil && d.Pin.Until.After(since) {
		since = d.Pin.Until.Time
	}
	images = slices.DeleteFunc(images, func(im driftImage) bool { return !rule.matches(im) })
	slices.SortStableFunc(images, rule.compare)
	if len(images) == 0 {
		return "none", since
	}
	return images[0].id, since
}

// drift changes lists and definitions.
func (s *driftState) drift(r *rand.Rand) {
	for _, path := range []string{"_any/_any", "ehpc-a/_any", "ehpc-b/_any", "ehpc-b/ecs.c7.large"} {
		for range r.IntN(3) {
			im := driftImage{id: fmt.Sprintf("m-%d", r.IntN(24)), platform: pick(r, []string{"CentOS", "Ubuntu", "Rocky"}),
				minor: r.IntN(12), size: 20 + 10*r.IntN(6), isAvailable: chance(r, 60)}
			list := slices.DeleteFunc(slices.Clone(s.scopes[path]), func(other driftImage) bool { return other.id == im.id })
			if chance(r, 60) {
				list = append(list, im)
			}
			s.scopes[path] = list
		}
	}
	if !chance(r, 40) {
		return
	}
	name := pick(r, []string{"a", "b", "c", "d", "e", "f"})
	s.defined = slices.DeleteFunc(slices.Clone(s.defined), func(d alias.Definition) bool { return d.Name == name })
	if chance(r, 80) {
		d := alias.Definition{Name: name, Lookup: pick(r, driftLookups).lookup, Description: fmt.Sprint(r.IntN(3))}
		if chance(r, 40) {
			d.Pin = &alias.Pin{ImageID: fmt.Sprintf("m-%d", r.IntN(24)), Reason: "r"}
		}
		if d.Pin != nil && chance(r, 60) {
			d.Pin.Until = catalog.At(s.at.Add(time.Duration(r.IntN(12*60)) * time.Minute))
		}
		s.defined = append(s.defined, d)
	}
}

// TestAliasesOverDrift: over 200 commits, the answer of each alias is what a plain program
// says that saw all states, now and at each commit of the past. So are the aliases that moved.
func TestAliasesOverDrift(t *testing.T) {
	t.Parallel()
	commits := 200 / querytest.WorkDivisor
	w, r := newFixture(t), rand.New(rand.NewPCG(17, 2))
	h := w.Handler()
	state := driftState{scopes: map[string][]driftImage{}, since: map[string]time.Time{}}
	var past []driftState
	regions := map[int64]*archive.Region{}
	outcomes := map[string]int{}
	for len(past) < commits {
		w.Now = w.Now.Add(time.Duration(1+r.IntN(240)) * time.Minute)
		before := slices.Clone(state.defined)
		state.at, state.scopes = w.Now, maps.Clone(state.scopes) // earlier states have the old ones
		state.drift(r)
		w.Aliases = alias.File{hangzhou: state.defined}
		found := content{}
		for path, list := range state.scopes {
			var objects []string
			for _, im := range list {
				objects = append(objects, im.json())
			}
			found[path] = parseImages(t, objects...)
		}
		region := w.CommitRun(hangzhou, found)
		if region.Sequence == state.sequence {
			continue
		}
		state = state.after(region.Sequence, before)
		past, regions[state.sequence] = append(past, state), region
		for _, d := range state.defined {
			outcomes[checkDrift(t, h, state, d, w.Now, "")]++
		}
	}
	for _, s := range past {
		for _, d := range s.defined {
			checkDrift(t, h, s, d, s.at, fmt.Sprintf("&at=%d", s.sequence))
		}
	}
	if outcomes["none"] < 1 || outcomes["pin gone"] < commits/10 || len(outcomes) < min(15, commits/2) {
		t.Errorf("the drift has only the outcomes %v", outcomes)
	}
	checkMoves(t, archive.New(w.Bucket, w.Keys), past, regions)
}

// after returns the state after a commit. before are the definitions before it.
func (s driftState) after(sequence int64, before []alias.Definition) driftState {
	next := s
	next.sequence, next.since = sequence, map[string]time.Time{}
	for _, d := range s.defined {
		next.since[d.Name] = s.since[d.Name]
		i := slices.IndexFunc(before, func(b alias.Definition) bool { return b.Name == d.Name })
		described := d
		if i >= 0 {
			described.Description = before[i].Description
		}
		if i < 0 || !described.Equal(before[i]) {
			next.since[d.Name] = s.at
		}
	}
	return next
}

// checkDrift compares the answer of an alias with that of the plain program, which it returns.
func checkDrift(t *testing.T, h http.Handler, s driftState, d alias.Definition, at time.Time, query string) string {
	t.Helper()
	want, since := s.answer(d, at)
	target := "/v1/aliases/" + d.Name + "?pretty=false" + query
	rec := get(h, target)
	got := fmt.Sprint(rec.Code, " ", rec.Body)
	switch want {
	case "none":
		if rec.Code != 404 || !strings.Contains(got, "NoImageMatches") {
			t.Errorf("commit %d, %s: %s, want none", s.sequence, target, got)
		}
	case "pin gone":
		if rec.Code != 409 || !strings.Contains(got, "PinnedImageGone") {
			t.Errorf("commit %d, %s: %s, want that the pin is gone", s.sequence, target, got)
		}
	default:
		if !strings.Contains(got, `"ImageId":"`+want+`","Image":`) ||
			!strings.Contains(got, `"RuleSince":"`+catalog.At(since).String()+`"`) {
			t.Errorf("commit %d, %s: %s, want %s since %s", s.sequence, target, got, want, since)
		}
	}
	return want
}

// checkMoves compares the aliases that moved from commit to commit with what the plain program
// says.
func checkMoves(t *testing.T, source *archive.Archive, past []driftState, regions map[int64]*archive.Region) {
	t.Helper()
	finder, count := aliases.NewFinder(source, time.Now), 0
	for i, s := range past[1:] {
		before, err := finder.ImagesOf(context.Background(), regions[past[i].sequence])
		if err != nil {
			t.Fatal(err)
		}
		after, err := finder.ImagesOf(context.Background(), regions[s.sequence])
		if err != nil {
			t.Fatal(err)
		}
		var got, want []string
		for _, m := range aliases.Moves(before, after) {
			got = append(got, m.After.Name+" "+m.Before.ImageID+">"+m.After.ImageID)
		}
		idOf := func(s driftState, d alias.Definition) string {
			id, _ := s.answer(d, s.at)
			if !strings.HasPrefix(id, "m-") {
				return ""
			}
			return id
		}
		for _, d := range s.defined {
			j := slices.IndexFunc(past[i].defined, func(b alias.Definition) bool { return b.Name == d.Name })
			if j < 0 {
				continue
			}
			if from, to := idOf(past[i], past[i].defined[j]), idOf(s, d); from != to {
				want = append(want, d.Name+" "+from+">"+to)
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("commit %d moved %q, want %q", s.sequence, got, want)
		}
		count += len(got)
	}
	if count < len(past)/4 {
		t.Errorf("only %d aliases moved", count)
	}
}
