package changes_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/notify/changes"
	"community-images/shared/notify/notifytest"
)

// lastChanges returns what the last commit of a region did, and why that cannot be known.
func lastChanges(t *testing.T, f *archivetest.Fixture) (*changes.Changes, error) {
	t.Helper()
	log, err := load(t, f, 0)
	if err != nil {
		return nil, err
	}
	return compare(t, spanOf(t, log, int(log.Last()), int(log.Last())), notifytest.ParseFilter(t, `{}`)), nil
}

// TestAnIndexThatIsBehind: the log says what an older index lacks. A damaged index is an error:
// the next run repairs it, and then tells what was not told.
func TestAnIndexThatIsBehind(t *testing.T) {
	t.Parallel()
	d := notifytest.NewDrift(t, 20, 3)
	key, err := d.Keys.Index(archivetest.Hangzhou)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		old := d.Memory.Objects()[key]
		d.Next()
		d.Next()
		want, err := lastChanges(t, d.Fixture)
		if err != nil {
			t.Fatal(err)
		}
		last := d.Memory.Objects()[key]
		d.Memory.Spoil(key, old)
		got, err := lastChanges(t, d.Fixture)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("with the index of two commits before: %v\n%s", err, diff)
		}
		d.Memory.Spoil(key, last)
	}
	d.Memory.Spoil(key, []byte("damaged"))
	d.Add("m-new")
	d.Memory.Spoil(key, []byte("damaged"))
	var damaged *format.DamagedError
	if _, err := lastChanges(t, d.Fixture); !errors.As(err, &damaged) {
		t.Errorf("with a damaged index: %v", err)
	}
}

// TestAListThatWasLost: all images of a list count as added if what it had before could not be
// read. Only those are told that were never in the region.
func TestAListThatWasLost(t *testing.T) {
	t.Parallel()
	f := archivetest.New(t)
	images := func(ids ...string) (list []*catalog.Image) {
		for _, id := range ids {
			list = append(list, archivetest.ParseImages(t, `{"ImageId":"`+id+`"}`)...)
		}
		return list
	}
	before := f.CommitRun(archivetest.Hangzhou, archivetest.Content{"_any/_any": images("m-1", "m-2")})
	scope := catalog.Scope{RegionID: archivetest.Hangzhou}
	was, _ := before.Scope(scope)
	snapshot, err := f.Keys.Snapshot(scope, was.Digest)
	index, indexErr := f.Keys.Index(archivetest.Hangzhou)
	if err := errors.Join(err, indexErr); err != nil {
		t.Fatal(err)
	}
	f.Memory.Spoil(snapshot, nil)
	known := f.Memory.Objects()[index]
	f.Memory.Spoil(index, nil)
	f.Now = f.Now.Add(time.Minute)
	writer := archive.NewWriter(f.Memory, f.Keys, func() time.Time { return f.Now })
	check := archive.Check{Scope: scope, At: catalog.At(f.Now), State: format.StateOK,
		Snapshot: catalog.NewSnapshot(scope, catalog.At(f.Now), "", images("m-2", "m-3"))}
	run := archive.Run{RunID: "r", StartedAt: catalog.At(f.Now), Checks: []archive.Check{check}}
	result, err := writer.Commit(t.Context(), before, run)
	if err != nil || result.Commit == nil || !result.Commit.Scopes[0].PreviousLost {
		t.Fatalf("the list was not lost: %+v, %v", result.Commit, err)
	}
	if result.HeadError != nil {
		f.Memory.Spoil(index, known)
	}
	got, err := lastChanges(t, f)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string][]string{"added": {"m-3"}}, idsByKind(got)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
