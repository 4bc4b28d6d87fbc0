package archive

import (
	"context"
	"errors"
	"io/fs"
)

// refresh returns r if the log has not grown, else the state at its end. It calls
// visit, which may be nil, for each commit in between, until visit returns false.
func (a *Archive) refresh(ctx context.Context, r *Region, visit func(*Commit) bool) (*Region, error) {
	return a.applyTail(ctx, r, visit, nil)
}

// pendingTail waits for lines that are being read.
type pendingTail func() (*lineReader, error)

// prefetchTail begins to read the log of a month beyond length. It returns nil
// if there is no such log.
func (a *Archive) prefetchTail(ctx context.Context, region, month string, length int64) pendingTail {
	key, err := a.keys.Log(region, month)
	if err != nil {
		return nil
	}
	var lines *lineReader
	done := make(chan struct{})
	go func() {
		defer close(done)
		lines, err = a.openTail(ctx, key, length)
	}()
	return func() (*lineReader, error) {
		<-done
		return lines, err
	}
}

// applyTail is refresh. tail is what has been prefetched of r's file, or nil.
func (a *Archive) applyTail(
	ctx context.Context, r *Region, visit func(*Commit) bool, tail pendingTail,
) (*Region, error) {
	if r.log.month == "" {
		return r, nil
	}
	// One step for each file: the rest of the current one, then its successors.
	grown := r
	for {
		key, err := a.keys.Log(r.RegionID, grown.log.month)
		if err != nil {
			return nil, err
		}
		if tail == nil {
			tail = func() (*lineReader, error) { return a.openTail(ctx, key, grown.log.length) }
		}
		lines, err := tail()
		if tail = nil; err != nil {
			return nil, err
		}
		if !lines.isEmpty() {
			if grown == r {
				grown = r.clone()
			}
			stopped, err := grown.replay(lines, nil, visit)
			if err != nil {
				return nil, missingLogError(key, err)
			}
			if stopped {
				return grown, nil
			}
		}
		next, stopped, err := a.replaySuccessor(ctx, grown, visit)
		if err != nil || next == nil {
			return grown, err
		}
		if grown = next; stopped {
			return grown, nil
		}
	}
}

// replaySuccessor returns the state after the file that r's seal names. next is
// nil if r is not sealed or that file has no commit yet. stopped is true if visit
// returned false.
func (a *Archive) replaySuccessor(
	ctx context.Context, r *Region, visit func(*Commit) bool,
) (next *Region, stopped bool, err error) {
	if !r.log.isSealed() {
		return nil, false, nil
	}
	// The successor comes from a line of the log. Anybody may have written it, so it
	// must be a month before it becomes part of a key.
	if _, err := a.keys.Log(r.RegionID, r.log.successor); err != nil {
		key, _ := a.keys.Log(r.RegionID, r.log.month) // of the seal, which has been read
		return nil, false, &DamagedError{Key: key, Reason: err.Error()}
	}
	lines, err := a.openLog(ctx, r.RegionID, r.log.successor)
	if errors.Is(err, fs.ErrNotExist) || err == nil && lines.isEmpty() {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	next = r.clone()
	next.log.month, next.log.length, next.log.torn = r.log.successor, 0, false
	before := next.Sequence
	if stopped, err = next.replay(lines, nil, visit); err != nil {
		return nil, false, err
	}
	if next.Sequence == before { // the next writer begins the file anew
		return nil, false, nil
	}
	return next, stopped, nil
}
