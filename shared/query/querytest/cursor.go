package querytest

import (
	"context"
	"fmt"

	"community-images/shared/archive"
)

// FeedCursor returns the cursor of a feed of a region, before the event with the
// number offset of a commit. It is made from the log alone. A commit that does
// not exist has the digits of an invented line.
func (f *Fixture) FeedCursor(region string, sequence int64, offset int) string {
	f.T.Helper()
	lastRead, line := sequence-1, "ffffffffffffffff"
	if offset > 0 {
		lastRead = sequence
	}
	if lastRead == 0 {
		line = "0000000000000000"
	}
	source, ctx := archive.New(f.Bucket, f.Keys), context.Background()
	now, err := source.Now(ctx, region, nil)
	if err != nil {
		f.T.Fatal(err)
	}
	for c, err := range source.Commits(ctx, now, max(lastRead, 1)) {
		switch {
		case err != nil:
			f.T.Fatal(err)
		case c.Sequence == lastRead:
			line = c.LineHash[:16]
		case c.Sequence == lastRead+1 && c.Previous != "": // retention may have removed lastRead
			line = c.Previous[:16]
		}
		if c.Sequence > lastRead {
			break
		}
	}
	return fmt.Sprintf("c%d.%d.%s.%s", sequence, offset, region, line)
}
