package history

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/query/request"
)

// readHistory decides whether the pending images were ever listed by their clusters. It
// reads the commits of all of them in one pass, the last one first, and ends when each
// has its loss. Images that were never listed have no commits, unless other clusters
// list them.
func (r *fleetReader) readHistory(ctx context.Context) {
	if len(r.pending) == 0 {
		return
	}
	ids := slices.Sorted(maps.Keys(r.pending))
	for c, err := range r.history.CommitsBackward(ctx, r.current, ids, r.state.Sequence) {
		if err != nil {
			r.leaveUnknown(err)
			return
		}
		if r.isKnownUpTo(c.Sequence) {
			break
		}
		if r.readLosses(c); len(r.pending) == 0 {
			return
		}
	}
	first, err := r.history.FirstCommit(ctx, r.current)
	if err != nil {
		r.leaveUnknown(err)
		return
	}
	r.takeEarlierLosses(first.FirstSequence)
	r.decideNeverListed(ctx, first)
}

// isKnownUpTo reports whether the earlier fleet says everything about the pending images
// that the log up to a commit does.
func (r *fleetReader) isKnownUpTo(sequence int64) bool {
	if r.earlier == nil || sequence > r.earlier.sequence {
		return false
	}
	for _, positions := range r.pending {
		for _, position := range positions {
			if r.earlier.lossOf(r.image(position)) == nil {
				return false
			}
		}
	}
	return true
}

// takeEarlierLosses takes the losses of pending images from the earlier fleet, if the
// commits that made them are still kept.
func (r *fleetReader) takeEarlierLosses(firstKept int64) {
	if r.earlier == nil {
		return
	}
	found := map[int]bool{}
	for _, positions := range r.pending {
		for _, position := range positions {
			b := r.image(position)
			known := r.earlier.lossOf(b)
			if known != nil && known.State == request.ImageGone && known.lost.sequence >= firstKept {
				b.State, b.lost, b.Name, b.Content = request.ImageGone, known.lost, known.Name, known.Content
				found[position] = true
			}
		}
	}
	r.dropPending(found)
}

// dropPending removes positions from the pending ones.
func (r *fleetReader) dropPending(found map[int]bool) {
	for id, positions := range r.pending {
		rest := slices.DeleteFunc(positions, func(position int) bool { return found[position] })
		if r.pending[id] = rest; len(rest) == 0 {
			delete(r.pending, id)
		}
	}
}

// readLosses notes which clusters lost their boot image by a commit. Going back in time,
// the first commit that speaks of an image in a list of the cluster is the loss.
func (r *fleetReader) readLosses(c *format.Commit) {
	found := map[int]bool{}
	for e := range r.history.eventsOf(c) {
		position, ok := r.positions[e.Scope.ClusterID]
		if !ok || !slices.Contains(r.pending[e.ImageID], position) {
			continue
		}
		found[position] = true
		b := r.image(position)
		b.State, b.Name = request.ImageGone, strings.Clone(e.ImageName)
		if e.Kind == request.KindRemoved {
			b.lost = loss{c.Sequence, c.CommittedAt, e.clone().Scope}
		} else {
			// The image was there after this commit. When its list was replaced, the old
			// one could not be read, so nothing counted as removed.
			b.lost = loss{}
		}
	}
	r.dropPending(found)
}

// leaveUnknown gives the pending images a problem.
func (r *fleetReader) leaveUnknown(problem error) {
	r.noteProblem(problem)
	for _, positions := range r.pending {
		for _, position := range positions {
			r.image(position).Problem = problem
		}
	}
	r.pending = nil
}

// decideNeverListed decides about the pending images: the kept log does not have them. If
// retention has removed commits, they may have been listed before. The index remembers
// images of that time, but not of which cluster: an image that it knows is unknown.
func (r *fleetReader) decideNeverListed(ctx context.Context, first *archive.TooEarlyError) {
	for id, positions := range r.pending {
		state, problem := request.ImageNotCommunity, error(nil)
		if first.FirstSequence > 1 {
			dates, ok, err := r.history.ImageDates(ctx, r.current, id)
			switch {
			case err != nil:
				state, problem = request.ImageUnknown, err
				r.noteProblem(err)
			case ok && dates.FirstSeen.Before(first.First.Time): // zero: before the kept log
				state = request.ImageUnknown
			}
		}
		for _, position := range positions {
			b := r.image(position)
			b.State, b.Problem = state, problem
			if first.FirstSequence > 1 {
				b.HistorySince = first.First
			}
		}
	}
	r.pending = nil
}

// maxPastContents bounds the past states that are read for the contents of images that
// are gone.
const maxPastContents = 16

// readLastContents reads the last contents of the images that are gone, from the states
// before the commits that removed them. Only so many states are read, the latest first:
// the contents of the others are not known.
func (r *fleetReader) readLastContents(ctx context.Context) {
	bySequence := map[int64][]int{}
	for i := range r.fleet.Images {
		if b := r.image(i); b.State == request.ImageGone && b.lost.sequence != 0 && b.Content == nil {
			bySequence[b.lost.sequence] = append(bySequence[b.lost.sequence], i)
		}
	}
	latest := slices.SortedFunc(maps.Keys(bySequence), func(a, b int64) int { return cmp.Compare(b, a) })
	for _, sequence := range latest[:min(len(latest), maxPastContents)] {
		for _, position := range bySequence[sequence] {
			b := r.image(position)
			life := lifespan{goneAt: sequence, lastScope: b.lost.scope}
			im, err := r.history.LoadLastContent(ctx, b.Cluster.ImageID, r.current, life)
			var early *archive.TooEarlyError
			switch {
			case err == nil:
				b.Content = im
			case !errors.As(err, &early): // the commit before is no longer kept
				r.noteProblem(err)
			}
		}
	}
}
