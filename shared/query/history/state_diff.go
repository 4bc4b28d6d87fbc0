package history

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sort"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/imageset"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// StateDiff compares the images of a selection in two states of a region. Either can be
// the earlier one.
type StateDiff struct {
	sets          *imageset.Cache
	before, after *state.RegionState
	selection     request.Selection
	kinds         []request.Kind // that are wanted
}

// NewStateDiff returns the comparison of two states. kinds are the wanted ones; nil: all.
func (h *Reader) NewStateDiff(
	before, after *state.RegionState, sel request.Selection, kinds []request.Kind,
) *StateDiff {
	if kinds == nil {
		kinds = []request.Kind{request.KindAdded, request.KindRemoved, request.KindChanged, request.KindEnded}
	}
	return &StateDiff{sets: h.Sets, before: before, after: after, selection: sel, kinds: kinds}
}

// CheckSelection returns an error for a name that neither state has, and if nothing was
// captured in both.
func (d *StateDiff) CheckSelection() error {
	if d.selection.IsEverything() {
		return nil
	}
	if len(d.capturedIn(d.before))+len(d.capturedIn(d.after)) == 0 {
		_, err := d.after.SelectScopes(d.selection) // says why
		return err
	}
	return state.CheckNames(d.selection, slices.Concat(d.before.ScopeRefs(), d.after.ScopeRefs()), d.after)
}

// capturedIn returns the selected scopes of a state that have content.
func (d *StateDiff) capturedIn(st *state.RegionState) map[format.ScopeRef]format.ScopeState {
	captured := map[format.ScopeRef]format.ScopeState{}
	for _, sc := range st.CandidateScopes(d.selection) {
		if sc.Digest != "" && d.selection.Includes(sc.ClusterID, sc.InstanceType) {
			captured[format.ScopeRef{ClusterID: sc.ClusterID, InstanceType: sc.InstanceType}] = sc
		}
	}
	return captured
}

// HasCaptured reports for both states whether something that is selected has content.
func (d *StateDiff) HasCaptured() (before, after bool) {
	return len(d.capturedIn(d.before)) > 0, len(d.capturedIn(d.after)) > 0
}

// Find returns the differences: an event for each scope, or a row for each image. First
// come the scopes or clusters that ended, then the images by ImageId.
func (d *StateDiff) Find(ctx context.Context, byScope bool) ([]*Event, error) {
	was, is := d.capturedIn(d.before), d.capturedIn(d.after)
	for ref, sc := range was {
		if is[ref].Digest == sc.Digest { // nothing differs
			delete(was, ref)
			delete(is, ref)
		}
	}
	newLists, err := d.loadLists(ctx, d.after, is)
	if err != nil {
		return nil, err
	}
	oldLists, err := d.loadLists(ctx, d.before, was)
	if err != nil {
		return nil, err
	}
	offered := &imageset.OfferedImages{Sets: d.sets, State: d.after, Selection: d.selection}
	c := &diffCollector{byScope: byScope, drafts: map[string]*rowDraft{}, rows: rowMaker{
		kinds: d.kinds, isOffered: func(id string) bool { return offered.Has(ctx, id) },
	}}
	all := maps.Clone(was)
	maps.Copy(all, is)
	for _, ref := range slices.SortedFunc(maps.Keys(all), compareScopeRefs) {
		_, isThere := d.after.Scope(catalog.Scope{ClusterID: ref.ClusterID, InstanceType: ref.InstanceType})
		if old, wasThere := was[ref]; wasThere && !isThere {
			cluster, _ := d.before.Cluster(ref.ClusterID)
			c.add(&Event{
				Kind: request.KindEnded, Scope: ref, Ended: endedScope{cluster.Name, old.ImageCount},
			})
		}
		c.addScope(ref, oldLists[ref], newLists[ref], !isThere)
		if len(c.events) > maxWholeEvents {
			return nil, fault.NewError([]fault.Fault{{Code: fault.CodeInvalid, Name: "by",
				Reason:  message.New("gives an answer that is too large"),
				Allowed: message.New("image, fewer clusters, or a later from")}})
		}
	}
	events := c.finish(d.kinds)
	for _, e := range events {
		if e.Row != nil && e.ImageID != "" {
			e.Row.IsOffered = e.Row.isThere() || offered.Has(ctx, e.ImageID)
		}
	}
	return events, offered.Err
}

// compareScopeRefs orders scopes by cluster, then by instance type.
func compareScopeRefs(a, b format.ScopeRef) int {
	return cmp.Or(strings.Compare(a.ClusterID, b.ClusterID), strings.Compare(a.InstanceType, b.InstanceType))
}

// loadLists returns the images of scopes of a state.
func (d *StateDiff) loadLists(
	ctx context.Context, st *state.RegionState, scopes map[format.ScopeRef]format.ScopeState,
) (map[format.ScopeRef][]*catalog.Image, error) {
	refs := slices.SortedFunc(maps.Keys(scopes), compareScopeRefs)
	var states []format.ScopeState
	for _, ref := range refs {
		states = append(states, scopes[ref])
	}
	indexed := int64(0) // the index has little of the past
	if st.Live {
		indexed = st.IndexSequence
	}
	lists, err := d.sets.Lists.LoadLists(ctx, st.RegionID, states, indexed)
	if err != nil {
		return nil, err
	}
	images := map[format.ScopeRef][]*catalog.Image{}
	for i, ref := range refs {
		images[ref] = lists[i].Images()
	}
	return images, nil
}

// diffCollector collects the differences of scopes.
type diffCollector struct {
	byScope bool
	events  []*Event // with byScope
	drafts  map[string]*rowDraft
	rows    rowMaker
}

// addScope adds what differs between two lists of a scope. hasEnded says that the second
// one is not there.
func (c *diffCollector) addScope(ref format.ScopeRef, before, after []*catalog.Image, hasEnded bool) {
	d := catalog.Compare(before, after)
	for _, id := range d.Removed {
		c.add(&Event{
			Kind: request.KindRemoved, ImageID: id, ImageName: nameOfImage(before, id), Scope: ref, isByEnd: hasEnded,
		})
	}
	for _, id := range d.Added {
		c.add(&Event{Kind: request.KindAdded, ImageID: id, ImageName: nameOfImage(after, id), Scope: ref})
	}
	for _, im := range d.Changed {
		c.add(&Event{
			Kind: request.KindChanged, ImageID: im.ImageID, ImageName: nameOfImage(after, im.ImageID), Scope: ref,
			Fields: im.Fields,
		})
	}
}

// add adds an event. Those of a scope follow each other, not those of an image.
func (c *diffCollector) add(e *Event) {
	switch {
	case c.byScope:
		c.events = append(c.events, e)
	case e.Kind == request.KindEnded:
		c.rows.addEnded(e)
	default:
		if c.drafts[e.ImageID] == nil {
			c.drafts[e.ImageID] = newRowDraft(e)
		}
		c.drafts[e.ImageID].add(e)
	}
}

// finish returns the events or rows of some kinds.
func (c *diffCollector) finish(kinds []request.Kind) []*Event {
	if !c.byScope {
		for _, id := range slices.Sorted(maps.Keys(c.drafts)) {
			c.rows.addImage(c.drafts[id])
		}
		return c.rows.finish()
	}
	events := slices.DeleteFunc(c.events, func(e *Event) bool { return !slices.Contains(kinds, e.Kind) })
	order := map[request.Kind]int{
		request.KindEnded: 0, request.KindRemoved: 1, request.KindAdded: 2, request.KindChanged: 3,
	}
	slices.SortStableFunc(events, func(a, b *Event) int { // those that ended have no id
		return cmp.Or(strings.Compare(a.ImageID, b.ImageID), order[a.Kind]-order[b.Kind])
	})
	return events
}

// nameOfImage returns the name of an image in a list that has it. Of several contents the
// first counts.
func nameOfImage(images []*catalog.Image, id string) string {
	i := sort.Search(len(images), func(i int) bool { return images[i].ImageID >= id })
	return images[i].Text("ImageName")
}
