package archive

import (
	"context"

	"community-images/shared/archive/logfile"
)

// openLines reads the first piece of a file of the log from an offset on.
func (a *Archive) openLines(ctx context.Context, key string, offset int64) (*logfile.Reader, error) {
	return logfile.Open(ctx, a.bucket, key, offset, 0, a.log)
}

// OpenLog opens the log of a month at its beginning.
func (a *Archive) OpenLog(ctx context.Context, region, month string) (*logfile.Reader, error) {
	key, err := a.keys.Log(region, month)
	if err != nil {
		return nil, err
	}
	return a.openLines(ctx, key, 0)
}

// PieceSize returns how many bytes of a log are to be read at a time at most.
func (a *Archive) PieceSize() int64 { return a.log.PieceSize }
