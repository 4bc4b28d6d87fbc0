package capture

import (
	"context"
	"errors"
	"io/fs"
	"sync"

	"community-images/shared/archive"
	"community-images/shared/catalog"
	"community-images/shared/ehpc"
)

// startWorkers starts to ask about the tasks of the queue. wait returns when all
// workers have ended. Tasks that ctx left no time for have no check then.
func (r *runner) startWorkers(ctx context.Context, q *taskQueue) (wait func()) {
	var group sync.WaitGroup
	for range r.settings.Concurrency {
		group.Go(func() {
			for t, ok := q.nextTask(); ok; t, ok = q.nextTask() {
				q.setCheck(t, r.checkScope(ctx, t))
			}
		})
	}
	return group.Wait
}

// checkScope asks about one scope, and a second time if the answer is anomalous. It
// returns nil if ctx ended first.
func (r *runner) checkScope(ctx context.Context, t *task) *archive.Check {
	c := r.askScope(ctx, t)
	// Nothing can be compared if the answer is unchanged, failed, or the first one.
	if c == nil || c.Snapshot == nil || t.known.Digest == "" {
		return c
	}
	var inTime bool
	if c.Before, inTime = r.loadPublished(ctx, t); !inTime {
		return nil
	}
	if r.findCheckAnomaly(t, c) == "" {
		return c
	}
	// A second answer within the same run shows whether the first was a passing error.
	again := r.askScope(ctx, t)
	if again == nil || again.Snapshot == nil { // no time is left, or the second answer is the published one
		return again
	}
	again.Before = c.Before
	return r.holdIfAnomalous(ctx, t, again)
}

// askScope asks about one scope and compares the answer with the published one. The
// check has a Snapshot only if they differ. It is nil if ctx ended first.
func (r *runner) askScope(ctx context.Context, t *task) *archive.Check {
	c := &archive.Check{Scope: t.scope, State: archive.OK}
	var images []*catalog.Image
	var answer *ehpc.ImagesAnswer
	unchanged := false
	at, err := r.callWithRetries(ctx, func(ctx context.Context) (err error) {
		answer, err = r.client.ListCommunityImages(ctx, ehpc.ImagesRequest{
			RegionID: t.scope.RegionID, ClusterID: t.scope.ClusterID, InstanceType: t.scope.InstanceType,
		})
		if err != nil {
			return err
		}
		// Equal fingerprints mean equal images. Most answers are not decoded.
		unchanged = t.known.Digest != "" && answer.Fingerprint == t.known.Fingerprint
		if !unchanged {
			images, err = answer.Decode(r.interner)
		}
		return err
	})
	if errors.Is(err, errNoTime) {
		return nil // the next run asks
	}
	c.At = at
	if err != nil {
		c.State, c.Problem = archive.Failed, newProblem(err)
		return c
	}
	c.Fingerprint = answer.Fingerprint
	if unchanged {
		return c
	}
	// Other bytes may still be the same images, for example in another order.
	if s := catalog.NewSnapshot(t.scope, at, answer.RequestID, images); s.Digest != t.known.Digest {
		c.Snapshot = s
	}
	return c
}

// loadPublished returns the published snapshot of a task, from the cache or from the
// store. It is nil if it cannot be read. The change is committed even then, if it is
// not anomalous: the answer of now is known to be good. inTime is false if ctx ended
// first.
func (r *runner) loadPublished(ctx context.Context, t *task) (s *catalog.Snapshot, inTime bool) {
	if s := r.published.get(t.scope); s != nil && s.Digest == t.known.Digest {
		return s, true
	}
	return r.readSnapshot(ctx, t.scope, t.known.Digest)
}

// readSnapshot reads a stored snapshot. It retries if the store does not answer: a
// difference that cannot be computed now is missing from the history for ever. The
// snapshot is nil if it cannot be read. inTime is false if ctx ended first.
func (r *runner) readSnapshot(
	ctx context.Context, scope catalog.Scope, digest string,
) (s *catalog.Snapshot, inTime bool) {
	for try := 1; ; try++ {
		s, err := r.writer.Snapshot(ctx, scope, digest)
		if err == nil {
			return s, true
		}
		var damaged *archive.DamagedError
		// A damaged object and a missing permission do not go away within a run.
		permanent := errors.As(err, &damaged) || errors.Is(err, fs.ErrPermission)
		if ctx.Err() == nil && (permanent || try == maxTries) {
			r.warn(scope, err)
			return nil, true
		}
		if !sleepWithinDeadline(ctx, retryDelay(try, 0)) {
			return nil, false
		}
	}
}
