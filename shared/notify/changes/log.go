package changes

import (
	"context"
	"fmt"
	"slices"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// Log is some commits of a region, one after the other. It is not safe for concurrent use.
type Log struct {
	archive *archive.Archive
	present *archive.Region
	// from is the number of the first commit.
	from    int64
	commits []*format.Commit
	// states has some states of the region, by the number of the commit that they are after.
	states map[int64]*format.Head
	index  *format.Index // nil: no commit adds or removes an image
	// scopes numbers all scopes that are or were there. refs has them by number.
	scopes  map[format.ScopeRef]int
	refs    []format.ScopeRef
	members members
	// lists has the contents that were read, by digest.
	lists map[string][]*catalog.Image
	// moves finds the aliases that moved; nil: there are no aliases.
	moves AliasMoves
}

// AliasMoves returns the aliases that stand for another image after some commits than before,
// given both states of the region.
type AliasMoves func(ctx context.Context, before, after *archive.Region) ([]AliasMove, error)

// Load reads the commits of a region from a number on, up to the present state, which must
// have at least one such commit. It returns *archive.TooEarlyError if a commit is missing.
func Load(
	ctx context.Context, a *archive.Archive, present *archive.Region, from int64, moves AliasMoves,
) (*Log, error) {
	l := &Log{
		archive: a, present: present, from: from, states: map[int64]*format.Head{}, scopes: map[format.ScopeRef]int{},
		lists: map[string][]*catalog.Image{}, moves: moves,
	}
	if err := l.readCommits(ctx); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(l.commits, changesLists) {
		l.numberScopes()
		return l, nil
	}
	index, err := a.Index(ctx, present.RegionID)
	switch {
	case err != nil:
		return nil, err
	case index.Sequence > present.Sequence: // another run has committed since then
		if present, err = a.Refresh(ctx, present); err != nil {
			return nil, err
		}
		if index.Sequence > present.Sequence {
			return nil, fmt.Errorf("the index of %q is at commit %d, the log at %d", present.RegionID, index.Sequence,
				present.Sequence)
		}
		return Load(ctx, a, present, from, moves)
	case index.Sequence+1 < from: // a run could not update it
		return Load(ctx, a, present, index.Sequence+1, moves)
	}
	l.index = index
	l.numberScopes()
	return l, l.findMembers(ctx)
}

// changesLists reports whether a commit adds or removes an image.
func changesLists(c *format.Commit) bool {
	return slices.ContainsFunc(c.Images, func(im format.ImageChange) bool { return len(im.Added)+len(im.Removed) > 0 })
}

// readCommits reads the commits and the state before the first.
func (l *Log) readCommits(ctx context.Context) error {
	next := l.from
	for c, err := range l.archive.Commits(ctx, l.present, l.from) {
		if err != nil {
			return err
		}
		if c.Sequence != next {
			return &archive.TooEarlyError{First: c.CommittedAt, FirstSequence: c.Sequence}
		}
		l.commits, next = append(l.commits, c), next+1
	}
	if len(l.commits) == 0 {
		return fmt.Errorf("the log of %q has no commit %d", l.present.RegionID, l.from)
	}
	if l.from == 1 {
		l.states[0] = &format.Head{RegionID: l.present.RegionID}
		return nil
	}
	before, err := l.archive.AtSequence(ctx, l.present, l.from-1)
	if err != nil {
		return err
	}
	l.states[l.from-1] = before.Clone()
	return nil
}

// Last returns the number of the last commit.
func (l *Log) Last() int64 { return l.from + int64(len(l.commits)) - 1 }

// Commit returns the commit with a number.
func (l *Log) Commit(sequence int64) *format.Commit { return l.commits[sequence-l.from] }

// HashBefore returns the hash of the line before a commit; empty for the first of all.
func (l *Log) HashBefore(sequence int64) string { return l.Commit(sequence).Previous }

// HasAliases reports whether aliases are defined at the end of the log.
func (l *Log) HasAliases() bool { return len(l.present.Aliases) > 0 }

// maxStates bounds the states that are kept.
const maxStates = 3

// stateAfter returns the state after a commit, or before the first one.
func (l *Log) stateAfter(sequence int64) *format.Head {
	near := l.from - 1
	for n := range l.states {
		if n <= sequence && n > near {
			near = n
		}
	}
	if near == sequence {
		return l.states[near]
	}
	h := l.states[near].Clone()
	for n := near + 1; n <= sequence; n++ {
		h.Apply(l.Commit(n))
	}
	if len(l.states) > maxStates { // the first one must stay
		l.states = map[int64]*format.Head{l.from - 1: l.states[l.from-1]}
	}
	l.states[sequence] = h
	return h
}

// numberScopes gives a number to each scope that the state before or a commit speaks of.
func (l *Log) numberScopes() {
	add := func(ref format.ScopeRef) {
		if _, known := l.scopes[ref]; !known {
			l.scopes[ref] = len(l.refs)
			l.refs = append(l.refs, ref)
		}
	}
	for _, s := range l.stateAfter(l.from - 1).Scopes() {
		add(refOf(s))
	}
	for _, c := range l.commits {
		for i := range len(c.Scopes) + len(c.Ended) {
			add(c.Scope(i))
		}
	}
}

// refOf returns the scope of a state.
func refOf(s format.ScopeState) format.ScopeRef {
	return format.ScopeRef{ClusterID: s.ClusterID, InstanceType: s.InstanceType}
}

// list returns the images of a scope of a state.
func (l *Log) list(ctx context.Context, s format.ScopeState) ([]*catalog.Image, error) {
	if images, known := l.lists[s.Digest]; known {
		return images, nil
	}
	if l.index != nil {
		if images, ok := l.index.List(s.Digest); ok {
			l.lists[s.Digest] = images
			return images, nil
		}
	}
	snapshot, err := l.archive.Snapshot(ctx, s.Scope(l.present.RegionID), s.Digest)
	if err != nil {
		return nil, err
	}
	l.lists[s.Digest] = snapshot.Images
	return snapshot.Images, nil
}
