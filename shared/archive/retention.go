package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"community-images/shared/archive/format"
)

// Grace is how long an object stays after it was last written, and after the
// last month of the log that could refer to it was removed. No run and no
// reader takes longer.
const Grace = 48 * time.Hour

// NowByHead is Now for retention, which needs the head: it alone names the candidates. It
// returns nil if there is no commit yet, and *format.DamagedError if there is no head.
func (a *Archive) NowByHead(ctx context.Context, region string) (*Region, error) {
	key, err := a.keys.Head(region)
	if err != nil {
		return nil, err
	}
	data, tag, err := a.bucket.Get(ctx, key, "")
	if errors.Is(err, fs.ErrNotExist) {
		if months, err := a.ListMonths(ctx, region); err != nil || len(months) == 0 {
			return nil, err
		}
		return nil, &format.DamagedError{Key: key, Reason: "it is missing, and only it names the candidates"}
	}
	if err != nil {
		return nil, fmt.Errorf("reading head %q: %w", key, err)
	}
	h, err := format.DecodeHead(region, data)
	if err != nil {
		return nil, format.NewDamagedError(key, err)
	}
	if h.Sequence == 0 { // runs have put a head, and none has committed yet
		return nil, nil
	}
	return a.Refresh(ctx, &Region{Head: *h, headTag: tag})
}

// RecordSweep puts the head of r with what a sweep has done or is about to do, and returns
// the state that it has then.
func (w *Writer) RecordSweep(ctx context.Context, r *Region, swept format.Swept) (*Region, error) {
	return w.SyncHead(ctx, r, func(next *Region) { next.Swept = next.Swept.Merge(swept) })
}
