package query

import (
	"context"
	"errors"
	"slices"
	"sync"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// eventKind says what happened to an image in a scope.
type eventKind uint8

const (
	kindAdded   eventKind = iota // the image appeared
	kindRemoved                  // the image disappeared, or its scope ended
	kindChanged                  // the image has other content
	kindPresent                  // the image was there before the first commit that is kept
)

// kindNames are the kinds as answers show them.
var kindNames = []string{kindAdded: "added", kindRemoved: "removed", kindChanged: "changed", kindPresent: "kept"}

// event is what one commit did to one image in one scope. A history has
// millions of them, so they are small and hold no pointers.
type event struct {
	commit int32 // place in history.commits
	scope  int32 // place in historyScopes.scopes
	image  int32 // place in historyImages.images
	// kind decides whether history.fields has an entry for the event.
	kind eventKind
}

// commitRef names a commit of the log.
type commitRef struct {
	sequence int64
	at       catalog.Time
	lineID   lineID
}

// history is what happened to the images of a region. It grows with the log and
// is derived from nothing else. Readers hold mu for reading.
type history struct {
	mu sync.RWMutex
	// generation counts how often the history was cleared. A restricted history
	// that was copied from another generation has to begin anew.
	generation int
	// sequence is the number of the last commit. 0: there is none.
	sequence int64
	// commits are all commits from the first that is kept, without a gap.
	commits []commitRef
	// beforeFirst is the line before the first of commits.
	beforeFirst lineID
	historyScopes
	historyImages
	// events are in the order of commits. Those of one commit are in the order
	// in which feeds show them.
	events []event
	// fields are the field changes of events of kindChanged, by place in events.
	fields map[int32][]catalog.FieldChange
	// copied belongs to a restricted history. It is zero in a full one.
	copied copyProgress
}

// historyScopes are the scopes that a history knows.
type historyScopes struct {
	scopes  []archive.ScopeRef
	scopeAt map[archive.ScopeRef]int32 // place in scopes
	// firstEvents has, by place in scopes, the first event of a scope since it
	// was last captured; -1: it has ended.
	firstEvents []int32
}

// historyImages are the images that a history knows.
type historyImages struct {
	images  []string         // ids
	imageAt map[string]int32 // place in images
	byImage [][]int32        // by place in images: places in events, ascending
}

// newHistory returns a history without commits.
func newHistory() *history {
	h := &history{}
	h.clear()
	return h
}

// clear forgets everything. The caller holds the lock.
func (h *history) clear() {
	h.generation++
	h.sequence, h.commits, h.events, h.fields = 0, nil, nil, map[int32][]catalog.FieldChange{}
	h.beforeFirst = noLineID
	h.historyScopes = historyScopes{scopeAt: map[archive.ScopeRef]int32{}}
	h.historyImages = historyImages{imageAt: map[string]int32{}}
}

// loadHistory returns the history of a region up to its present state. The
// caller must hold mu for reading while it looks into it.
func (s *service) loadHistory(ctx context.Context, current currentState) (*history, error) {
	if s.full != nil {
		return s.loadRestrictedHistory(ctx, current)
	}
	h := s.histories[current.RegionID]
	h.mu.RLock()
	isComplete := h.leadsTo(current.regionState)
	h.mu.RUnlock()
	if isComplete {
		return h, nil
	}
	// Other lookups of the region wait here: each commit is read once.
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.leadsTo(current.regionState) { // another lookup was faster
		return h, nil
	}
	if h.sequence >= current.Sequence { // it is of another log
		h.clear()
	}
	// If the time is too short, the commits that were read stay, so that the
	// next lookup goes on behind them.
	ctx, cancel := withReadDeadline(ctx)
	defer cancel()
	err := s.addCommits(ctx, h, current)
	if errors.Is(err, errOtherLog) {
		h.clear()
		err = s.addCommits(ctx, h, current)
	}
	if err != nil {
		return nil, err
	}
	return h, nil
}

// leadsTo reports whether the history has every commit up to a state. A commit
// before the kept ones counts as had. The caller holds the lock.
func (h *history) leadsTo(state *regionState) bool {
	id, isKnown := h.lineIDOf(state.Sequence)
	return isKnown && id == newLineID(state.LineHash()) || state.Sequence < h.firstSequence()-1
}

// firstSequence returns the number of the first commit; without any it is the
// one that will be the first. The caller holds the lock.
func (h *history) firstSequence() int64 {
	if len(h.commits) == 0 {
		return 1
	}
	return h.commits[0].sequence
}

// imagesOf returns the ids of the images of a scope after the last commit,
// sorted. The caller holds the lock.
func (h *history) imageIDsOf(ref archive.ScopeRef) []string {
	scope, ok := h.scopeAt[ref]
	if !ok || h.firstEvents[scope] < 0 {
		return nil
	}
	// The events since the scope was last captured are all that counts. Without
	// firstEvents each end of a scope would search the whole history.
	isPresent := map[int32]bool{}
	for _, e := range h.events[h.firstEvents[scope]:] {
		if e.scope == scope {
			isPresent[e.image] = e.kind != kindRemoved
		}
	}
	var ids []string
	for image, present := range isPresent {
		if present {
			ids = append(ids, h.images[image])
		}
	}
	slices.Sort(ids)
	return ids
}

// countEventsUpTo returns how many events the commits up to a number have. The
// caller holds the lock.
func (h *history) countEventsUpTo(sequence int64) int32 {
	// The place of the first commit after sequence is the number of commits up
	// to it, and no event of theirs has a greater place.
	commits, _ := slices.BinarySearchFunc(h.commits, sequence+1, func(c commitRef, n int64) int {
		return int(c.sequence - n)
	})
	events, _ := slices.BinarySearchFunc(h.events, int32(commits), func(e event, commit int32) int {
		return int(e.commit - commit)
	})
	return int32(events)
}

// hasCluster reports whether a cluster is or was captured.
func (h *history) hasCluster(name string) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.ContainsFunc(h.scopes, func(ref archive.ScopeRef) bool { return ref.ClusterID == name })
}

// checkSelection returns an error for a name of a selection that no scope has
// or had. Otherwise the caller would take the empty feed of a misspelt name for
// a quiet one.
func (h *history) checkSelection(sel selection, state *regionState) error {
	for _, name := range sel.clusters {
		if isClusterName(name) && !state.hasCluster(name) && !h.hasCluster(name) {
			return &clusterError{
				region: state.RegionID, name: name, clusters: state.clusterNames(), listed: state.isListed(name),
			}
		}
	}
	// A type must be one that a selected cluster has or had.
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, name := range sel.types {
		one := selection{sel.clusters, []string{name}}
		isCaptured := func(sc archive.ScopeState) bool {
			return one.includes(archive.ScopeRef{ClusterID: sc.ClusterID, InstanceType: sc.InstanceType})
		}
		if name == allNames || slices.ContainsFunc(h.scopes, one.includes) {
			continue
		}
		if !slices.ContainsFunc(state.Scopes(), isCaptured) {
			return scopeNotFoundError(one, state)
		}
	}
	return nil
}
