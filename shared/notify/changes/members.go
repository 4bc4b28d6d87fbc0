package changes

import (
	"context"

	"community-images/shared/archive/format"
)

// members says which scopes have which images after a commit. It knows the images that a
// commit of the log adds or removes.
type members struct {
	// at is the number of the commit.
	at int64
	// scopes are those that have an image, by ImageId.
	scopes map[string]scopeSet
}

// findMembers reads in the index which scopes have the images that the commits move.
func (l *Log) findMembers(ctx context.Context) error {
	l.members = members{at: l.index.Sequence, scopes: map[string]scopeSet{}}
	for _, c := range l.commits {
		for i := range c.Images {
			if im := &c.Images[i]; len(im.Added)+len(im.Removed) > 0 && l.members.scopes[im.ImageID] == nil {
				l.members.scopes[im.ImageID] = newScopeSet(len(l.refs))
			}
		}
	}
	sets := make([]scopeSet, l.index.Len()) // nil: the image does not move
	for i := range sets {
		sets[i] = l.members.scopes[l.index.ImageID(i)]
	}
	for _, s := range l.stateAfter(l.index.Sequence).Scopes() {
		if s.Digest == "" {
			continue
		}
		number := l.scopes[refOf(s)]
		positions, indexed := l.index.Lists[s.Digest]
		for _, p := range positions {
			if set := sets[p]; set != nil {
				set.add(number)
			}
		}
		if indexed {
			continue
		}
		images, err := l.list(ctx, s)
		if err != nil {
			return err
		}
		for _, im := range images {
			if set := l.members.scopes[im.ImageID]; set != nil {
				set.add(number)
			}
		}
	}
	return nil
}

// moveMembers makes members those after a commit.
func (l *Log) moveMembers(to int64) {
	for l.members.scopes != nil && l.members.at < to {
		l.members.at++
		l.applyMembers(l.Commit(l.members.at), false)
	}
	for l.members.scopes != nil && l.members.at > to {
		l.applyMembers(l.Commit(l.members.at), true)
		l.members.at--
	}
}

// applyMembers applies a commit to members, or undoes it.
func (l *Log) applyMembers(c *format.Commit, undo bool) {
	if !undo { // what a lost content had is not in the commit
		l.clearLost(c)
	}
	for i := range c.Images {
		im := &c.Images[i]
		set := l.members.scopes[im.ImageID]
		if set == nil {
			continue
		}
		add, remove := im.Added, im.Removed
		if undo {
			add, remove = remove, add
		}
		for _, number := range remove {
			set.remove(l.scopes[c.Scope(number)])
		}
		for _, number := range add {
			set.add(l.scopes[c.Scope(number)])
		}
	}
}

// clearLost removes the scopes from all sets whose content before a commit was lost.
func (l *Log) clearLost(c *format.Commit) {
	for i := range len(c.Scopes) + len(c.Ended) {
		if !isLost(c, i) {
			continue
		}
		for _, set := range l.members.scopes {
			set.remove(l.scopes[c.Scope(i)])
		}
	}
}

// isLost reports whether the content before a commit of the scope with a number was lost.
func isLost(c *format.Commit, number int) bool {
	if number < len(c.Scopes) {
		return c.Scopes[number].PreviousLost
	}
	return c.Ended[number-len(c.Scopes)].PreviousLost
}

// copyMembers returns what members says after a commit.
func (l *Log) copyMembers(sequence int64) map[string]scopeSet {
	l.moveMembers(sequence)
	all := make(map[string]scopeSet, len(l.members.scopes))
	for id, set := range l.members.scopes {
		all[id] = append(scopeSet(nil), set...)
	}
	return all
}
