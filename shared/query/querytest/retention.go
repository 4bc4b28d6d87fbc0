package querytest

import (
	"context"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/gc"
)

// RemoveMonth lets retention remove the log of a region up to a month.
func (f *Fixture) RemoveMonth(region, month string) {
	f.T.Helper()
	ctx, now := context.Background(), func() time.Time { return f.Now }
	state, err := archive.New(f.Memory, f.Keys).Now(ctx, region, nil)
	if err != nil {
		f.T.Fatal(err)
	}
	for i, file := range state.Files {
		if file.Month != month {
			continue
		}
		keep := func(time.Time) time.Time { return state.Files[i+1].FirstCommittedAt.Time }
		if _, err := gc.NewCollector(f.Memory, f.Keys, keep, now).Collect(ctx, region); err != nil {
			f.T.Fatal(err)
		}
		return
	}
	f.T.Fatalf("%s has no log of %s", region, month)
}
