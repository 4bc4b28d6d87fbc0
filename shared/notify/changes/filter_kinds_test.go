package changes_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/alias"
	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/notify/changes"
	"community-images/shared/notify/notifytest"
)

// TestParameterLimitsOnlyWhatItCanBeAbout is the table of README.md: one commit adds an image
// to ehpc-1, ends ehpc-2 and moves an alias.
func TestParameterLimitsOnlyWhatItCanBeAbout(t *testing.T) {
	t.Parallel()
	f := archivetest.New(t)
	f.Aliases = alias.File{archivetest.Hangzhou: {{Name: "newest", Lookup: "ClusterId=ehpc-1"}}}
	old := archivetest.ParseImages(t, `{"ImageId":"m-old"}`)
	f.CommitRun(archivetest.Hangzhou, archivetest.Content{"ehpc-1/_any": old, "ehpc-2/_any": old})
	after := f.CommitRun(archivetest.Hangzhou, archivetest.Content{
		"ehpc-1/_any": archivetest.ParseImages(t, `{"ImageId":"m-new"}`, `{"ImageId":"m-old"}`)}, "ehpc-2/_any")
	log, err := changes.Load(t.Context(), archive.New(f.Memory, f.Keys), after, 2,
		func(context.Context, *archive.Region, *archive.Region) ([]changes.AliasMove, error) {
			return []changes.AliasMove{{Name: "newest"}}, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	span := spanOf(t, log, 2, 2)
	for filter, want := range map[string][3]int{ // images added, clusters ended, aliases moved
		`{}`:                      {1, 1, 1},
		`{"ClusterId":"ehpc-1"}`:  {1, 0, 1},
		`{"ClusterId":"ehpc-2"}`:  {0, 1, 1},
		`{"ImageId":"m-other"}`:   {0, 1, 1},
		`{"alias":"other"}`:       {1, 1, 0},
		`{"changedField":"Size"}`: {1, 1, 1},
		`{"RegionId":"cn-other"}`: {0, 0, 0},
		`{"ClusterId":"ehpc-2","kind":["added","removed"]}`: {0, 0, 0},
	} {
		c := compare(t, span, notifytest.ParseFilter(t, filter))
		if diff := cmp.Diff(want, [3]int{len(c.Added), len(c.Ended), len(c.Aliases)}); diff != "" {
			t.Errorf("%s tells of (-want +got):\n%s", filter, diff)
		}
	}
}
