package archive

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"community-images/shared/catalog"

	"community-images/shared/archive/format"
)

// loadPrevious sets run.previous, so that the commit can say what differs. A scope
// whose content the store does not give now is not ended: the next run ends it.
func (w *Writer) loadPrevious(ctx context.Context, base *Region, run *Run) error {
	run.previous = map[catalog.Scope][]*catalog.Image{}
	var lost []format.ScopeState
	for _, c := range run.Checks {
		was, _ := base.Scope(c.Scope)
		if c.State == format.StateOK && c.Snapshot != nil && c.Before == nil && was.Digest != "" &&
			was.Digest != c.Snapshot.Digest {
			lost = append(lost, was)
		}
	}
	snapshots := make([]*catalog.Snapshot, len(run.Ended))
	errs := make([]error, len(run.Ended))
	var group errgroup.Group
	group.SetLimit(maxParallel)
	for i, scope := range run.Ended {
		if was, _ := base.Scope(scope); was.Digest != "" {
			group.Go(func() error {
				snapshots[i], errs[i] = w.Snapshot(ctx, scope, was.Digest)
				return nil
			})
		}
	}
	_ = group.Wait() // the errors are in errs
	var ended []catalog.Scope
	for i, scope := range run.Ended {
		var damaged *format.DamagedError
		switch {
		case errors.As(errs[i], &damaged):
			was, _ := base.Scope(scope)
			lost = append(lost, was)
		case errs[i] != nil:
			continue
		case snapshots[i] != nil:
			run.previous[scope] = snapshots[i].Images
		}
		ended = append(ended, scope)
	}
	run.Ended = ended
	return w.loadLostFromIndex(ctx, base, run, lost)
}

// loadLostFromIndex sets run.previous for scopes whose snapshots are lost, if the
// index has their lists.
func (w *Writer) loadLostFromIndex(ctx context.Context, base *Region, run *Run, lost []format.ScopeState) error {
	if len(lost) == 0 {
		return nil
	}
	x, err := w.Index(ctx, base.RegionID)
	if err != nil {
		return ctx.Err() // without the index the content is lost
	}
	for _, s := range lost {
		if images, ok := x.List(s.Digest); ok {
			run.previous[s.Scope(base.RegionID)] = slices.Clone(images)
		}
	}
	return nil
}
