package capture

import (
	"context"
	"errors"
	"sync"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/ehpc"
)

// checker asks about the scopes of one run and says what became of each.
type checker struct {
	calls    *caller
	stored   *snapshotReader
	interner *catalog.Interner // shares equal images between scopes and runs
	guard    guard
}

// startWorkers starts workers that ask about the tasks of the queue. wait returns when all
// workers have ended. Tasks that ctx left no time for have no check then.
func (k *checker) startWorkers(ctx context.Context, q *taskQueue, workers int) (wait func()) {
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for t, ok := q.nextTask(); ok; t, ok = q.nextTask() {
				q.setCheck(t, k.checkScope(ctx, t))
			}
		})
	}
	return group.Wait
}

// checkScope asks about one scope, and a second time if the answer is anomalous. It
// returns nil if ctx ended first.
func (k *checker) checkScope(ctx context.Context, t *task) *archive.Check {
	c := k.askScope(ctx, t)
	// Nothing can be compared if the answer is unchanged, failed, or the first one.
	if c == nil || c.Snapshot == nil || t.known.Digest == "" {
		return c
	}
	var inTime bool
	if c.Before, inTime = k.stored.loadPublished(ctx, t.scope, t.known.Digest); !inTime {
		return nil
	}
	if k.guard.findCheckAnomaly(t.known, c) == "" {
		return c
	}
	// A second answer within the same run shows whether the first was a passing error.
	again := k.askScope(ctx, t)
	if again == nil || again.Snapshot == nil { // no time is left, or the second answer is the published one
		return again
	}
	again.Before = c.Before
	return k.guard.holdIfAnomalous(ctx, t.known, again)
}

// askScope asks about one scope and compares the answer with the published one. The
// check has a Snapshot only if they differ. It is nil if ctx ended first.
func (k *checker) askScope(ctx context.Context, t *task) *archive.Check {
	c := &archive.Check{Scope: t.scope, State: format.StateOK}
	var images []*catalog.Image
	var answer *ehpc.ImagesAnswer
	unchanged := false
	at, err := k.calls.callWithRetries(ctx, func(ctx context.Context) (err error) {
		answer, err = k.calls.client.ListCommunityImages(ctx, ehpc.ImagesRequest{
			RegionID: t.scope.RegionID, ClusterID: t.scope.ClusterID, InstanceType: t.scope.InstanceType,
		})
		if err != nil {
			return err
		}
		// Equal fingerprints mean equal images. Most answers are not decoded.
		unchanged = t.known.Digest != "" && answer.Fingerprint == t.known.Fingerprint
		if !unchanged {
			images, err = answer.Decode(k.interner)
		}
		return err
	})
	if errors.Is(err, errNoTime) {
		return nil // the next run asks
	}
	c.At = at
	if err != nil {
		c.State, c.Problem = format.StateFailed, newProblem(err)
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
