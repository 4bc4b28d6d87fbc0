package archive

import (
	"context"

	"community-images/shared/archive/logfile"
)

// OpenLog opens the log of a month at its beginning.
func (a *Archive) OpenLog(ctx context.Context, region, month string) (*logfile.Reader, error) {
	return a.log.Open(ctx, region, month)
}

// PieceSize returns how many bytes of a log are to be read at a time at most.
func (a *Archive) PieceSize() int64 { return a.log.PieceSize }
