package state_test

import (
	"context"
	"errors"
	"testing"

	"community-images/shared/archive"
	"community-images/shared/query/source"
	"community-images/shared/query/state"
)

// TestErrorsNameRegions: a message names the regions that it is about, if they are known.
func TestErrorsNameRegions(t *testing.T) {
	t.Parallel()
	const outage = "The storage cannot be reached, and this instance has no copy of the data"
	for _, row := range []struct {
		err  error
		want string
	}{
		{context.DeadlineExceeded, outage + "."},
		{&source.StoreError{Region: "cn-beijing", Err: errors.New("refused")}, outage + " of cn-beijing."},
		{archive.ErrNoData, "Nothing has been captured for this region yet."},
		{&source.NoDataError{Regions: []string{"cn-hangzhou", "cn-beijing"}, Err: archive.ErrNoData},
			"Nothing has been captured for cn-hangzhou, cn-beijing yet."},
	} {
		if got := state.ToAPIError(row.err).Message.String(); got != row.want {
			t.Errorf("of %v it says %q, want %q", row.err, got, row.want)
		}
	}
}
