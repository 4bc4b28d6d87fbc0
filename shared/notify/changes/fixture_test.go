package changes_test

import (
	"slices"
	"testing"

	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/notify/changes"
	"community-images/shared/notify/notifytest"
)

// load reads the commits of a region from a number on, or the last commit if it is 0.
func load(t *testing.T, f *archivetest.Fixture, from int64) (*changes.Log, error) {
	t.Helper()
	a := archive.New(f.Memory, f.Keys)
	now, err := a.Now(t.Context(), archivetest.Hangzhou, nil)
	if err != nil {
		t.Fatal(err)
	}
	if from == 0 {
		from = now.Sequence
	}
	return changes.Load(t.Context(), a, now, from, nil)
}

// mustLoad is load of a region whose log and index can be read.
func mustLoad(t *testing.T, f *archivetest.Fixture, from int64) *changes.Log {
	t.Helper()
	log, err := load(t, f, from)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// spanOf returns the commits from one number to another.
func spanOf(t *testing.T, log *changes.Log, from, to int) *changes.Span {
	t.Helper()
	span, err := log.Span(t.Context(), int64(from), int64(to))
	if err != nil {
		t.Fatal(err)
	}
	return span
}

// compare returns what some commits did, as far as a filter wants to know.
func compare(t *testing.T, span *changes.Span, f notifytest.Filter) *changes.Changes {
	t.Helper()
	c, err := span.Compare(t.Context(), f.Filter)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// idsByKind returns the images of changes by kind, in the words of /v1/changes.
func idsByKind(c *changes.Changes) map[string][]string {
	ids := map[string][]string{}
	for _, im := range c.Added {
		ids["added"] = append(ids["added"], im.ImageID)
	}
	for _, im := range c.Removed {
		ids["removed"] = append(ids["removed"], im.ImageID)
	}
	for _, im := range c.Changed {
		ids["changed"] = append(ids["changed"], im.ImageID)
	}
	return ids
}

func sorted(list []string) []string { slices.Sort(list); return list }
