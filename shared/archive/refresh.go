package archive

import (
	"context"
	"errors"
	"io/fs"

	"community-images/shared/archive/commitlog"
	"community-images/shared/archive/format"
	"community-images/shared/archive/logfile"
)

// Refresh returns r if the log has not grown, else the state at its end.
func (a *Archive) Refresh(ctx context.Context, r *Region) (*Region, error) {
	return a.applyTail(ctx, r, nil)
}

// pendingTail waits for lines that are being read.
type pendingTail func() (*logfile.Reader, error)

// prefetchTail begins to read the log of a month beyond length. It returns nil
// if there is no such log.
func (a *Archive) prefetchTail(ctx context.Context, region, month string, length int64) pendingTail {
	key, err := a.keys.Log(region, month)
	if err != nil {
		return nil
	}
	var lines *logfile.Reader
	done := make(chan struct{})
	go func() {
		defer close(done)
		lines, err = logfile.OpenTail(ctx, a.bucket, key, length, a.log.Options.Options)
	}()
	return func() (*logfile.Reader, error) {
		<-done
		return lines, err
	}
}

// applyTail is Refresh. tail is what has been prefetched of r's file, or nil.
func (a *Archive) applyTail(ctx context.Context, r *Region, tail pendingTail) (*Region, error) {
	// A region without a log has nothing to read: its first commit makes a file.
	if r.Log.Month == "" {
		return r, nil
	}
	// One step for each file: the rest of the current one, then its successors.
	grown := r
	for {
		longer, err := a.replayRest(ctx, grown, tail)
		if err != nil {
			return nil, err
		}
		tail = nil // it was of the first file
		next, err := a.replaySuccessor(ctx, longer)
		if err != nil || next == nil {
			return longer, err
		}
		grown = next
	}
}

// replayRest returns the state at the end of r's file: r itself if the file has
// not grown. tail is what has been prefetched of the file, or nil.
func (a *Archive) replayRest(ctx context.Context, r *Region, tail pendingTail) (*Region, error) {
	key, err := a.keys.Log(r.RegionID, r.Log.Month)
	if err != nil {
		return nil, err
	}
	if tail == nil {
		tail = func() (*logfile.Reader, error) {
			return logfile.OpenTail(ctx, a.bucket, key, r.Log.Length, a.log.Options.Options)
		}
	}
	lines, err := tail()
	if err != nil || lines.IsEmpty() {
		return r, err
	}
	longer := r.clone() // r may be shared
	if _, err := commitlog.Replay(&longer.Head, lines, nil); err != nil {
		return nil, logfile.MissingError(key, err)
	}
	return longer, nil
}

// replaySuccessor returns the state after the file that r's seal names. It returns
// nil if r is not sealed, or if that file has no commit yet.
func (a *Archive) replaySuccessor(ctx context.Context, r *Region) (next *Region, err error) {
	if !r.Log.IsSealed() {
		return nil, nil
	}
	// The successor comes from a line of the log. Anybody may have written it, so it
	// must be a month before it becomes part of a key.
	if _, err := a.keys.Log(r.RegionID, r.Log.Successor); err != nil {
		key, _ := a.keys.Log(r.RegionID, r.Log.Month) // of the seal, which has been read
		return nil, &format.DamagedError{Key: key, Reason: err.Error()}
	}
	lines, err := a.OpenLog(ctx, r.RegionID, r.Log.Successor)
	if errors.Is(err, fs.ErrNotExist) || err == nil && lines.IsEmpty() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	next = r.clone()
	next.Log.Month, next.Log.Length, next.Log.Torn = r.Log.Successor, 0, false
	if _, err := commitlog.Replay(&next.Head, lines, nil); err != nil {
		return nil, err
	}
	if next.Sequence == r.Sequence { // the next writer begins the file anew
		return nil, nil
	}
	return next, nil
}
