package capture

import (
	"context"
	"errors"
	"io/fs"
	"sync"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// snapshotReader reads stored snapshots for one run, and notes what cannot be read. It
// is safe for concurrent use.
type snapshotReader struct {
	archive   *archive.Archive    // where the snapshots are
	published *publishedSnapshots // of the instance

	mu         sync.Mutex           // guards unreadable
	unreadable []UnreadableSnapshot // in the order in which they were read
}

// loadPublished returns the published snapshot of a scope with a digest, from the cache
// or from the store. It is nil if it cannot be read. The change is committed even then, if it is
// not anomalous: the answer of now is known to be good. inTime is false if ctx ended
// first.
func (r *snapshotReader) loadPublished(
	ctx context.Context, scope catalog.Scope, digest string,
) (s *catalog.Snapshot, inTime bool) {
	if s := r.published.get(scope); s != nil && s.Digest == digest {
		return s, true
	}
	return r.readSnapshot(ctx, scope, digest)
}

// readSnapshot reads a stored snapshot. It retries if the store does not answer: a
// difference that cannot be computed now is missing from the history for ever. The
// snapshot is nil if it cannot be read. inTime is false if ctx ended first.
func (r *snapshotReader) readSnapshot(
	ctx context.Context, scope catalog.Scope, digest string,
) (s *catalog.Snapshot, inTime bool) {
	for try := 1; ; try++ {
		s, err := r.archive.Snapshot(ctx, scope, digest)
		if err == nil {
			return s, true
		}
		var damaged *format.DamagedError
		// A damaged object and a missing permission do not go away within a run.
		permanent := errors.As(err, &damaged) || errors.Is(err, fs.ErrPermission)
		if ctx.Err() == nil && (permanent || try == maxTries) {
			r.addUnreadable(scope, err)
			return nil, true
		}
		if !sleepWithinDeadline(ctx, retryDelay(try, 0)) {
			return nil, false
		}
	}
}

// addUnreadable notes a snapshot that cannot be read.
func (r *snapshotReader) addUnreadable(scope catalog.Scope, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unreadable = append(r.unreadable, UnreadableSnapshot{Scope: scope, Err: err})
}

// publishedSnapshots caches the snapshot that a warm instance has published last for
// each scope, so that the next change need not read it back. Images are shared, so a
// snapshot takes little more than its pointers.
type publishedSnapshots struct {
	mu        sync.Mutex                          // guards snapshots
	snapshots map[catalog.Scope]*catalog.Snapshot // nil until the first commit of the instance
}

// get returns nil for a scope that is not cached. The caller compares the digest: another
// instance may have published since.
func (p *publishedSnapshots) get(scope catalog.Scope) *catalog.Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.snapshots[scope]
}

// update adds the snapshots of committed checks and removes the scopes that ended.
func (p *publishedSnapshots) update(checks []archive.Check, ended []catalog.Scope) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.snapshots == nil {
		p.snapshots = map[catalog.Scope]*catalog.Snapshot{}
	}
	for _, c := range checks {
		// A held check has a snapshot too, but its content is not published.
		if c.State == format.StateOK && c.Snapshot != nil {
			p.snapshots[c.Scope] = c.Snapshot
		}
	}
	for _, scope := range ended {
		delete(p.snapshots, scope)
	}
}
