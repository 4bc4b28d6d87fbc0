package query

import (
	"context"
	"slices"
	"sync"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// eventKind is what happened to an image in a scope.
type eventKind uint8

const (
	kindAdded   eventKind = iota // appeared
	kindRemoved                  // disappeared, or its scope ended
	kindChanged                  // has other content
	kindPresent                  // was there when the history that is kept begins
)

var kindNames = []string{kindAdded: "added", kindRemoved: "removed", kindChanged: "changed", kindPresent: "kept"}

// event is one thing that happened to one image in one scope.
type event struct {
	commit int32 // place in timeline.commits
	scope  int32
	image  int32
	kind   eventKind
}

// commitRef is a commit of the log.
type commitRef struct {
	sequence int64
	at       catalog.Time
}

// timeline is the history of a region by image. It grows with the log and is
// made of nothing else.
type history struct {
	mu          sync.RWMutex
	sequence    int64       // of the last commit in it
	commits     []commitRef // from the first that is kept, without a gap
	scopes      []archive.ScopeRef
	scopeAt     map[archive.ScopeRef]int32
	firstEvents []int32  // by scope: the first event of its present days; -1: it has ended
	images      []string // ids
	imageAt     map[string]int32
	events      []event
	byImage     [][]int32                       // places in events
	fields      map[int32][]catalog.FieldChange // of changed events
	generation  int                             // how often it began anew
	copied      copied                          // of a restricted timeline
}

func newHistory() *history {
	t := &history{}
	t.clear()
	return t
}

// clear forgets everything.
func (t *history) clear() {
	t.generation++
	t.sequence, t.commits, t.scopes, t.firstEvents, t.images, t.events, t.byImage = 0, nil, nil, nil, nil, nil, nil
	t.scopeAt, t.imageAt, t.fields = map[archive.ScopeRef]int32{}, map[string]int32{}, map[int32][]catalog.FieldChange{}
}

// timeline returns the history of a region up to its present head. The caller
// holds the read lock while it looks into it.
func (s *service) loadHistory(ctx context.Context, h currentState) (*history, error) {
	if s.full != nil {
		return s.restrictedHistory(ctx, h)
	}
	t := s.histories[h.RegionID]
	t.mu.RLock()
	current := t.sequence >= h.Sequence
	t.mu.RUnlock()
	if current {
		return t, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sequence >= h.Sequence {
		return t, nil
	}
	ctx, cancel := withReadDeadline(ctx) // what has been read until then stays
	defer cancel()
	for line, err := range s.source.Commits(ctx, h.Region, t.sequence+1) {
		if err != nil {
			return nil, wrapStoreError(h.RegionID, err)
		}
		if err := s.addCommit(ctx, t, line); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// follow adds one commit. On an error nothing of it is added.
func (s *service) addCommit(ctx context.Context, t *history, l *archive.Commit) error {
	if l.Sequence <= t.sequence {
		return nil
	}
	if t.sequence > 0 && l.Sequence > t.sequence+1 {
		t.clear() // retention has removed what lies between
	}
	arrivals, err := l.Arrivals(t.sequence, func(scopes []archive.ScopeState) ([][]string, error) {
		return s.lists.loadImageIDs(ctx, l.RegionID, scopes)
	})
	if err != nil {
		return err
	}
	commit := int32(len(t.commits))
	t.commits = append(t.commits, commitRef{l.Sequence, l.CommittedAt})
	t.sequence = l.Sequence
	for _, k := range arrivals.Kept {
		for _, id := range k.ImageIDs {
			t.addEvent(commit, k.Scope, id, kindPresent, nil)
		}
	}
	for _, e := range l.Ended {
		ref := archive.ScopeRef{ClusterID: e.ClusterID, InstanceType: e.InstanceType}
		for _, id := range t.imagesOf(ref) {
			t.addEvent(commit, ref, id, kindRemoved, nil)
		}
		if scope, ok := t.scopeAt[ref]; ok {
			t.firstEvents[scope] = -1
		}
	}
	for i, c := range l.Changes {
		c.Added = arrivals.Added[i]
		if c.PreviousLost {
			c = t.fillLostChange(c)
		}
		t.addChange(commit, c, s.schema)
	}
	return nil
}

// change adds the events of one scope's change.
func (t *history) addChange(commit int32, c archive.Change, schema *schema) {
	ref := archive.ScopeRef{ClusterID: c.ClusterID, InstanceType: c.InstanceType}
	for _, id := range c.Removed {
		t.addEvent(commit, ref, id, kindRemoved, nil)
	}
	for _, id := range c.Added {
		t.addEvent(commit, ref, id, kindAdded, nil)
	}
	for rest := c.Changed; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].ImageID == rest[0].ImageID {
			n++
		}
		if visible := schema.visibleChanges(rest[:n]); len(visible) > 0 {
			t.addEvent(commit, ref, rest[0].ImageID, kindChanged, visible)
		}
		rest = rest[n:]
	}
}

func (t *history) addEvent(commit int32, ref archive.ScopeRef, id string, kind eventKind, fields []catalog.FieldChange) {
	scope, ok := t.scopeAt[ref]
	if !ok {
		scope = int32(len(t.scopes))
		t.scopeAt[ref] = scope
		t.scopes, t.firstEvents = append(t.scopes, ref), append(t.firstEvents, -1)
	}
	if t.firstEvents[scope] < 0 {
		t.firstEvents[scope] = int32(len(t.events))
	}
	image, ok := t.imageAt[id]
	if !ok {
		image = int32(len(t.images))
		t.imageAt[id] = image
		t.images = append(t.images, id)
		t.byImage = append(t.byImage, nil)
	}
	at := int32(len(t.events))
	t.events = append(t.events, event{commit: commit, scope: scope, image: image, kind: kind})
	t.byImage[image] = append(t.byImage[image], at)
	if fields != nil {
		t.fields[at] = fields
	}
}

// members are the images of a scope after the last commit.
func (t *history) imagesOf(ref archive.ScopeRef) []string {
	scope, ok := t.scopeAt[ref]
	if !ok || t.firstEvents[scope] < 0 {
		return nil
	}
	there := map[int32]bool{}
	for _, e := range t.events[t.firstEvents[scope]:] {
		if e.scope == scope {
			there[e.image] = e.kind != kindRemoved
		}
	}
	var ids []string
	for image, is := range there {
		if is {
			ids = append(ids, t.images[image])
		}
	}
	slices.Sort(ids)
	return ids
}

// compare works out the difference of a change whose commit could not give it:
// c.Added is all of the new content. Which fields changed is not known.
func (t *history) fillLostChange(c archive.Change) archive.Change {
	before := t.imagesOf(archive.ScopeRef{ClusterID: c.ClusterID, InstanceType: c.InstanceType})
	subtract := func(list, other []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(id string) bool {
			_, found := slices.BinarySearch(other, id)
			return found
		})
	}
	c.Added, c.Removed = subtract(c.Added, before), subtract(before, c.Added)
	return c
}

// visible drops changes of withheld fields.
func (s *schema) visibleChanges(changes []catalog.FieldChange) []catalog.FieldChange {
	if len(s.withheld) == 0 {
		return changes
	}
	return slices.DeleteFunc(slices.Clone(changes), func(c catalog.FieldChange) bool {
		return c.Field == "" || slices.ContainsFunc(s.withheld, func(w string) bool { return isWithheldMember(w, c.Field) })
	})
}

// upTo is the number of events up to a commit.
func (t *history) countEventsUpTo(sequence int64) int32 {
	last, _ := slices.BinarySearchFunc(t.commits, sequence+1, func(c commitRef, n int64) int { return int(c.sequence - n) })
	n, _ := slices.BinarySearchFunc(t.events, int32(last), func(e event, commit int32) int { return int(e.commit - commit) })
	return int32(n)
}
