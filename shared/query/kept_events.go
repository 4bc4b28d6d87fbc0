package query

import (
	"cmp"
	"context"
	"slices"

	"community-images/shared/archive/format"
)

// keptEvents finds the scopes that had an image when the kept log begins, if
// retention has removed commits. A scope whose first event is no addition had it. So
// had one without any event that has it now.
//
// The events stand in the history of the image before all others. They are dated by
// the first kept commit, and have positions in the commit before it.
type keptEvents struct {
	imageID string
	first   commitRef // the first kept commit, without its lineID
	// firstEvents has the first event of the image in each scope.
	firstEvents map[format.ScopeRef]*event
}

// newKeptEvents returns nil if a page has no kept events: it does not ask for them, it
// begins behind them, or the log is kept from commit 1 on. Otherwise add must be called
// for every event of the image in the kept log, in any order.
func (h *history) newKeptEvents(
	ctx context.Context, current currentState, start feedPosition, filter eventFilter,
) (*keptEvents, error) {
	if !slices.Contains(filter.kinds, kindPresent) {
		return nil, nil
	}
	first, err := h.firstCommit(ctx, current)
	if err != nil || first.FirstSequence == 1 || start.sequence >= first.FirstSequence {
		return nil, err
	}
	return &keptEvents{
		imageID: filter.images[0], first: commitRef{sequence: first.FirstSequence, at: first.First},
		firstEvents: map[format.ScopeRef]*event{},
	}, nil
}

// add notes an event.
func (k *keptEvents) add(e *event) {
	if e.imageID != k.imageID {
		return
	}
	if known, ok := k.firstEvents[e.scope]; !ok || known.position.isAfter(e.position) {
		k.firstEvents[e.scope] = e.clone()
	}
}

// list returns the kept events in the order of their scopes.
func (k *keptEvents) list(ctx context.Context, h *history, current currentState) ([]*event, error) {
	offering, err := h.offeringScopes(ctx, current.regionState, k.imageID)
	if err != nil {
		return nil, err
	}
	var list []*event
	for _, e := range offering {
		if _, ok := k.firstEvents[e.scope]; !ok {
			list = append(list, e)
		}
	}
	for _, e := range k.firstEvents {
		if e.kind != kindAdded {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b *event) int {
		return cmp.Or(cmp.Compare(a.scope.ClusterID, b.scope.ClusterID),
			cmp.Compare(a.scope.InstanceType, b.scope.InstanceType))
	})
	for i := range list {
		list[i].kind, list[i].commit, list[i].fields = kindPresent, &k.first, nil
		list[i].position = feedPosition{k.first.sequence - 1, i}
	}
	return list, nil
}

// offeringScopes returns an event for each scope that offers an image in a state, with
// the image and the scope alone.
func (h *history) offeringScopes(ctx context.Context, state *regionState, imageID string) ([]*event, error) {
	all := state.allScopes()
	if len(all.scopes) == 0 {
		return nil, nil
	}
	set, err := h.sets.load(ctx, all)
	if err != nil {
		return nil, err
	}
	var list []*event
	isListed := map[format.ScopeRef]bool{} // a scope can have several contents of one id
	from, to := set.findImage(imageID)
	for row := from; row < to; row++ {
		for _, i := range set.scopesOf[row] {
			ref := format.ScopeRef{ClusterID: set.scopes[i].ClusterID, InstanceType: set.scopes[i].InstanceType}
			if !isListed[ref] {
				isListed[ref] = true
				name := set.image(int32(row)).Text("ImageName")
				list = append(list, &event{imageID: imageID, imageName: name, scope: ref})
			}
		}
	}
	return list, nil
}
