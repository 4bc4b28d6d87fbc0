package source_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/query/source"
)

// TestWrapError: the errors that the archive explains stay as they are, with all that was
// written around them. Every other error means that the store did not answer.
func TestWrapError(t *testing.T) {
	t.Parallel()
	const outage, noData, explained = "outage", "no data", "explained"
	for _, row := range []struct {
		about string
		err   error
		want  string
	}{
		{"the store refuses", fs.ErrPermission, outage},
		{"the time is over", context.DeadlineExceeded, outage},
		{"an error of the network", errors.New("connection reset"), outage},
		{"an object is missing that nothing refers to", fs.ErrNotExist, outage},
		{"nothing is captured", archive.ErrNoData, noData},
		{"an object is damaged", &format.DamagedError{Key: "head.json", Reason: "it is empty"}, explained},
		{"retention has removed the commit", &archive.TooEarlyError{FirstSequence: 7}, explained},
		{"there is no such commit yet", &archive.FutureError{Last: 7}, explained},
	} {
		for _, err := range []error{row.err, fmt.Errorf("reading the log: %w", row.err)} {
			got := source.WrapError("cn-hangzhou", err)
			var store *source.StoreError
			var empty *source.NoDataError
			kind := explained
			switch {
			case errors.As(got, &store):
				kind = outage
				if store.Region != "cn-hangzhou" {
					t.Errorf("%s: the region is %q", row.about, store.Region)
				}
			case errors.As(got, &empty):
				kind = noData
				if !slices.Equal(empty.Regions, []string{"cn-hangzhou"}) {
					t.Errorf("%s: the regions are %q", row.about, empty.Regions)
				}
			case got != err:
				t.Errorf("%s: the error is replaced: %v", row.about, got)
			}
			if kind != row.want || !errors.Is(got, err) {
				t.Errorf("%s: %v is %s, want %s", row.about, got, kind, row.want)
			}
		}
	}
}
