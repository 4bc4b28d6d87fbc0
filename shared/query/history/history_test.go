package history_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/catalog"
	"community-images/shared/query/history"
	"community-images/shared/query/querytest"
	"community-images/shared/query/request"
)

// newRegion returns a region with four commits, an hour apart. Image a is always there, b
// comes and goes, c changes, and cluster ehpc-b ends.
func newRegion(t *testing.T) *querytest.Fixture {
	t.Helper()
	f := querytest.New(t)
	images := func(list ...string) []*catalog.Image {
		var objects []string
		for _, image := range list {
			id, status, _ := strings.Cut(image, " ")
			objects = append(objects, fmt.Sprintf(`{"ImageId":%q,"ImageName":"name of %s","Status":%q}`, id, id, status))
		}
		return archivetest.ParseImages(t, objects...)
	}
	f.CommitRun(archivetest.Hangzhou, archivetest.Content{
		"_any/_any": images("a"), "ehpc-a/_any": images("a", "c Creating"), "ehpc-b/_any": images("a"),
	})
	f.Now = f.Now.Add(time.Hour)
	f.CommitRun(archivetest.Hangzhou, archivetest.Content{
		"ehpc-a/_any": images("a", "b", "c Available"), "ehpc-b/_any": images("a", "b"),
	})
	f.Now = f.Now.Add(time.Hour)
	f.CommitRun(archivetest.Hangzhou, archivetest.Content{"ehpc-a/_any": images("a", "c Available")})
	f.Now = f.Now.Add(time.Hour)
	f.CommitRun(archivetest.Hangzhou, archivetest.Content{}, "ehpc-b/_any")
	return f
}

// timeOf returns the time of a commit of newRegion; 0 has none.
func timeOf(sequence int) catalog.Time {
	if sequence == 0 {
		return catalog.Time{}
	}
	return catalog.At(archivetest.Epoch.Add(time.Duration(sequence-1) * time.Hour))
}

// everyKind is what a feed has by default.
var everyKind = []request.Kind{request.KindAdded, request.KindRemoved, request.KindChanged, request.KindEnded}

// describe returns events as lines such as "2 added b ehpc-a/_any".
func describe(events []*history.Event) []string {
	var lines []string
	for _, e := range events {
		line := fmt.Sprintf("%d %s", e.Commit.Sequence, request.KindNames[e.Kind])
		if e.ImageID != "" {
			line += " " + e.ImageID
		}
		line += " " + request.AnyIfEmpty(e.Scope.ClusterID) + "/" + request.AnyIfEmpty(e.Scope.InstanceType)
		for _, f := range e.Fields {
			line += fmt.Sprintf(" %s %s %s", f.Field, bytes.Trim(f.Before, `"`), bytes.Trim(f.After, `"`))
		}
		lines = append(lines, line)
	}
	return lines
}

// TestStartOfAFeed: a feed that would miss commits, or begin in the future, is an error.
func TestStartOfAFeed(t *testing.T) {
	t.Parallel()
	f := newRegion(t)
	f.Now = f.Now.AddDate(0, 1, 0)
	f.CommitRun(archivetest.Hangzhou, archivetest.Content{"ehpc-a/_any": {}}) // commit 5 begins a month, 6 follows
	v := f.View(access.Grant{})
	for _, row := range []struct {
		query string
		want  request.Position
		fails string // part of the error
	}{
		{"", request.Position{}, ""},
		{"since=0", request.Position{}, ""},
		{"since=1", request.Position{Sequence: 2}, ""},
		{"since=4&at=4", request.Position{Sequence: 5}, ""}, // there is nothing yet
		{"since=2026-11-23T10:00:00Z", request.Position{Sequence: 3}, ""},
		{"since=2026-11-23T10:59:59Z", request.Position{Sequence: 3}, ""},
		{"since=2026-11-01", request.Position{Sequence: 1}, ""}, // nothing is missed
		{"since=9", request.Position{}, "the last commit is number 6"},
		{"since=3&at=2", request.Position{}, "since is later than commit 2"},
		{"since=2026-11-23T11:00:00Z&at=2", request.Position{}, "since is later than commit 2"},
	} {
		req, sub := v.Ask("/v1/changes?" + row.query)
		got, err := v.History.ResolveStart(t.Context(), req.Since, f.Now, sub)
		if row.fails != "" {
			if err == nil || !strings.Contains(err.Error(), row.fails) {
				t.Errorf("%s: %v, want %s", row.query, err, row.fails)
			}
			continue
		}
		if err != nil || got != row.want {
			t.Errorf("%s begins at %+v (%v), want %+v", row.query, got, err, row.want)
		}
	}
}

// TestRemovedMonth: commits that retention has removed are never skipped silently. The
// history of one image begins with the scopes that had it then.
func TestRemovedMonth(t *testing.T) {
	t.Parallel()
	f := newRegion(t)
	f.Now = f.Now.AddDate(0, 1, 0)
	last := f.CommitRun(archivetest.Hangzhou, archivetest.Content{"ehpc-a/_any": {}})
	f.RemoveMonth(archivetest.Hangzhou, "2026-11")
	v := f.View(access.Grant{})
	first := last.Files[len(last.Files)-1].FirstSequence

	var early *archive.TooEarlyError
	req, sub := v.Ask("/v1/changes?since=1")
	if _, err := v.History.ResolveStart(t.Context(), req.Since, f.Now, sub); !errors.As(err, &early) ||
		early.FirstSequence != first {
		t.Errorf("since=1: %v, want the first kept commit %d", err, first)
	}
	filter := history.Filter{Selection: request.Everything(), Kinds: everyKind, ByScope: true, Limit: 9}
	_, err := v.History.ReadPage(t.Context(), sub, request.Position{Sequence: 2}, filter)
	if !errors.As(err, &early) || early.FirstSequence != first {
		t.Errorf("a page from commit 2 on: %v, want the first kept commit %d", err, first)
	}

	filter.Images, filter.Kinds = []string{"c"}, append(filter.Kinds, request.KindPresent)
	page, err := v.History.ReadPage(t.Context(), sub, request.Position{}, filter)
	want := []string{fmt.Sprintf("%d kept c ehpc-a/_any", first), fmt.Sprintf("%d removed c ehpc-a/_any", last.Sequence)}
	if diff := cmp.Diff(want, describe(page.Entries)); err != nil || diff != "" {
		t.Errorf("the history of c: %v (-want +got):\n%s", err, diff)
	}
}

// TestEvents: which events of the commits a filter chooses, and in which order.
func TestEvents(t *testing.T) {
	t.Parallel()
	v := newRegion(t).View(access.Grant{})
	limited := newRegion(t).View(access.Grant{Clusters: []string{"ehpc-b"}})
	for _, row := range []struct {
		about string
		view  *querytest.View
		query string // of /v1/changes
		start request.Position
		edit  func(*history.Filter)
		want  []string
	}{
		{"after the end", v, "", request.Position{Sequence: 5}, nil, nil},
		{"of an unknown image", v, "", request.Position{}, func(f *history.Filter) { f.Images = []string{"z"} }, nil},
		{"up to a past state", v, "at=1", request.Position{}, nil,
			[]string{"1 added a _any/_any", "1 added a ehpc-a/_any", "1 added a ehpc-b/_any", "1 added c ehpc-a/_any"}},
		{"by image, then by kind", v, "", request.Position{Sequence: 2}, nil,
			[]string{"2 added b ehpc-a/_any", "2 added b ehpc-b/_any",
				"2 changed c ehpc-a/_any Status Creating Available", "3 removed b ehpc-a/_any",
				"4 ended ehpc-b/_any", "4 removed a ehpc-b/_any", "4 removed b ehpc-b/_any"}},
		{"from within a commit", v, "", request.Position{Sequence: 4, Offset: 2}, nil, []string{"4 removed b ehpc-b/_any"}},
		{"newest first", v, "", request.Position{}, func(f *history.Filter) { f.Newest, f.Limit = true, 2 },
			[]string{"4 removed b ehpc-b/_any", "4 removed a ehpc-b/_any"}},
		{"of one kind", v, "", request.Position{},
			func(f *history.Filter) { f.Kinds = []request.Kind{request.KindChanged} },
			[]string{"2 changed c ehpc-a/_any Status Creating Available"}},
		{"of one image", v, "", request.Position{}, func(f *history.Filter) { f.Images = []string{"b"} },
			[]string{"2 added b ehpc-a/_any", "2 added b ehpc-b/_any", "3 removed b ehpc-a/_any", "4 removed b ehpc-b/_any"}},
		{"of a scope that has ended", v, "ClusterId=ehpc-b", request.Position{Sequence: 2}, nil,
			[]string{"2 added b ehpc-b/_any", "4 ended ehpc-b/_any", "4 removed a ehpc-b/_any", "4 removed b ehpc-b/_any"}},
		{"of what a caller may see", limited, "", request.Position{}, nil,
			[]string{"1 added a ehpc-b/_any", "2 added b ehpc-b/_any", "4 ended ehpc-b/_any", "4 removed a ehpc-b/_any",
				"4 removed b ehpc-b/_any"}},
		{"in one row for all scopes", v, "", request.Position{Sequence: 2}, func(f *history.Filter) { f.ByScope = false },
			[]string{"2 added b _any/_any", "2 changed c _any/_any Status Creating Available", "3 removed b _any/_any",
				"4 ended ehpc-b/_any", "4 removed b _any/_any"}},
	} {
		req, sub := row.view.Ask("/v1/changes?" + row.query)
		filter := history.Filter{Selection: req.Selection, Kinds: everyKind, ByScope: true, Limit: 100}
		if row.edit != nil {
			row.edit(&filter)
		}
		page, err := row.view.History.ReadPage(t.Context(), sub, row.start, filter)
		if err != nil || page.More {
			t.Errorf("%s: more: %t, %v", row.about, page.More, err)
			continue
		}
		if diff := cmp.Diff(row.want, describe(page.Entries)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.about, diff)
		}
	}
}

// TestPages: pages of any size are the whole feed, and only the last one says that there is
// no more.
func TestPages(t *testing.T) {
	t.Parallel()
	v := newRegion(t).View(access.Grant{})
	_, sub := v.Ask("/v1/changes")
	filter := history.Filter{Selection: request.Everything(), Kinds: everyKind, ByScope: true}
	whole, err := v.History.ReadPage(t.Context(), sub, request.Position{}, filter)
	if err != nil || len(whole.Entries) != 11 || whole.More || whole.End.Position != (request.Position{Sequence: 5}) {
		t.Fatalf("without a limit: %d events, %+v (%v)", len(whole.Entries), whole.End, err)
	}
	for limit := 1; limit <= 12; limit++ {
		filter.Limit = limit
		var got []string
		start := request.Position{}
		for pages := 1; ; pages++ {
			page, err := v.History.ReadPage(t.Context(), sub, start, filter)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, describe(page.Entries)...)
			if len(page.Entries) > limit || page.More != (len(got) < len(whole.Entries)) || pages > 11 {
				t.Fatalf("limit %d, page %d: %d events, more: %t", limit, pages, len(page.Entries), page.More)
			}
			if start = page.End.Position; !page.More {
				break
			}
		}
		if diff := cmp.Diff(describe(whole.Entries), got); diff != "" || start != whole.End.Position {
			t.Errorf("limit %d ends at %+v (-whole +pages):\n%s", limit, start, diff)
		}
	}
}

// TestLifespan: when an image that is not there was first and last seen, in the scopes that
// a request selects.
func TestLifespan(t *testing.T) {
	t.Parallel()
	v := newRegion(t).View(access.Grant{})
	for _, row := range []struct {
		about, image, query   string
		known                 bool
		first, lastSeen, gone int // numbers of commits; 0: none
		later                 int64
	}{
		{"never there", "z", "", false, 0, 0, 0, 0},
		{"not there yet", "b", "?at=1", false, 0, 0, 0, 2},
		{"never in these scopes", "b", "?ClusterId=_any", false, 0, 0, 0, 0},
		{"lost by one scope", "b", "?ClusterId=ehpc-a", true, 2, 2, 3, 0},
		{"lost by the last scope", "b", "", true, 2, 3, 4, 0},
		{"there in commit 1, so not known since when", "a", "?ClusterId=ehpc-b", true, 0, 3, 4, 0},
	} {
		req, sub := v.Ask("/v1/images/" + row.image + row.query)
		life, err := v.History.LifespanOf(t.Context(), history.NewScopedImage(req), sub)
		if err != nil {
			t.Fatal(err)
		}
		got := []any{life.Known, life.First, life.LastSeen, life.Gone, life.Later}
		want := []any{row.known, timeOf(row.first), timeOf(row.lastSeen), timeOf(row.gone), row.later}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: known, first, last seen, gone, later (-want +got):\n%s", row.about, diff)
		}
	}
}

// TestWasOffered: whether an image was there up to a state, and with which commit it came
// if it was not.
func TestWasOffered(t *testing.T) {
	t.Parallel()
	v := newRegion(t).View(access.Grant{})
	limited := newRegion(t).View(access.Grant{Clusters: []string{"_any"}})
	for _, row := range []struct {
		view         *querytest.View
		image, query string
		was          bool
		later        int64
	}{
		{v, "z", "", false, 0},
		{v, "b", "?at=1", false, 2},
		{v, "c", "?ClusterId=ehpc-b", false, 0},
		{limited, "c", "", false, 0},
		{v, "a", "", true, 0},
		{v, "b", "", true, 0}, // it has gone since
		{v, "b", "?ClusterId=ehpc-b", true, 0},
		{limited, "a", "", true, 0},
	} {
		req, sub := row.view.Ask("/v1/images/" + row.image + row.query)
		was, later, err := row.view.History.WasOffered(t.Context(), history.NewScopedImage(req), sub)
		if err != nil || was != row.was || later != row.later {
			t.Errorf("%s%s: %t, later %d (%v), want %t, later %d", row.image, row.query, was, later, err, row.was, row.later)
		}
	}
}

// TestLifespanOfAMoment: an image that came and went at one time was not seen last before
// it was seen first.
func TestLifespanOfAMoment(t *testing.T) {
	t.Parallel()
	f := newRegion(t)
	f.Now = f.Now.Add(time.Hour)
	for _, list := range [][]*catalog.Image{archivetest.ParseImages(t, `{"ImageId":"d"}`), {}} {
		f.CommitRun(archivetest.Hangzhou, archivetest.Content{"ehpc-a/_any": list})
	}
	v := f.View(access.Grant{})
	req, sub := v.Ask("/v1/images/d")
	life, err := v.History.LifespanOf(t.Context(), history.NewScopedImage(req), sub)
	want := timeOf(5)
	if err != nil || life.First != want || life.LastSeen != want || life.Gone != want {
		t.Errorf("first seen %s, last %s, gone %s (%v), want %s", life.First, life.LastSeen, life.Gone, err, want)
	}
}
