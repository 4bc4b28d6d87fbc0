package history

import (
	"cmp"
	"context"
	"slices"

	"community-images/shared/archive/format"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// keptEvents finds the scopes that had an image when the kept log begins, if
// retention has removed commits. A scope whose first event is no addition had it. So
// had one without any event that has it now.
//
// The events stand in the history of the image before all others. They are dated by
// the first kept commit, and have positions in the commit before it.
type keptEvents struct {
	imageID string
	first   commitRef // the first kept commit, without its request.LineID
	// firstEvents has the first event of the image in each scope.
	firstEvents map[format.ScopeRef]*Event
}

// newKeptEvents returns nil if a page has no kept events: it does not ask for them, it
// begins behind them, or the log is kept from commit 1 on. Otherwise add must be called
// for every event of the image in the kept log, in any order.
func (h *Reader) newKeptEvents(
	ctx context.Context, current state.Current, start request.Position, filter Filter,
) (*keptEvents, error) {
	if !slices.Contains(filter.Kinds, request.KindPresent) {
		return nil, nil
	}
	first, err := h.FirstCommit(ctx, current)
	if err != nil || first.FirstSequence == 1 || start.Sequence >= first.FirstSequence {
		return nil, err
	}
	return &keptEvents{
		imageID: filter.Images[0], first: commitRef{Sequence: first.FirstSequence, At: first.First},
		firstEvents: map[format.ScopeRef]*Event{},
	}, nil
}

// add notes an event.
func (k *keptEvents) add(e *Event) {
	if e.ImageID != k.imageID {
		return
	}
	if known, ok := k.firstEvents[e.Scope]; !ok || known.position.IsAfter(e.position) {
		k.firstEvents[e.Scope] = e.clone()
	}
}

// list returns the kept events in the order of their scopes.
func (k *keptEvents) list(ctx context.Context, h *Reader, current state.Current) ([]*Event, error) {
	offering, err := h.offeringScopes(ctx, current.RegionState, k.imageID)
	if err != nil {
		return nil, err
	}
	var list []*Event
	for _, e := range offering {
		if _, ok := k.firstEvents[e.Scope]; !ok {
			list = append(list, e)
		}
	}
	for _, e := range k.firstEvents {
		if e.Kind != request.KindAdded {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b *Event) int {
		return cmp.Or(cmp.Compare(a.Scope.ClusterID, b.Scope.ClusterID),
			cmp.Compare(a.Scope.InstanceType, b.Scope.InstanceType))
	})
	for i := range list {
		list[i].Kind, list[i].Commit, list[i].Fields = request.KindPresent, &k.first, nil
		list[i].position = request.Position{Sequence: k.first.Sequence - 1, Offset: i}
	}
	return list, nil
}

// offeringScopes returns an event for each scope that offers an image in a state, with
// the image and the scope alone.
func (h *Reader) offeringScopes(ctx context.Context, state *state.RegionState, imageID string) ([]*Event, error) {
	all := state.AllScopes()
	if len(all.Scopes) == 0 {
		return nil, nil
	}
	set, err := h.Sets.Load(ctx, all)
	if err != nil {
		return nil, err
	}
	var list []*Event
	isListed := map[format.ScopeRef]bool{} // a scope can have several contents of one id
	from, to := set.FindImage(imageID)
	for row := from; row < to; row++ {
		for _, i := range set.ScopesOf[row] {
			ref := format.ScopeRef{ClusterID: set.Scopes[i].ClusterID, InstanceType: set.Scopes[i].InstanceType}
			if !isListed[ref] {
				isListed[ref] = true
				name := set.Image(int32(row)).Text("ImageName")
				list = append(list, &Event{ImageID: imageID, ImageName: name, Scope: ref})
			}
		}
	}
	return list, nil
}
