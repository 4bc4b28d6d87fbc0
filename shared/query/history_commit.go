package query

import (
	"context"
	"errors"
	"slices"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// errOtherLog says that a commit does not follow the last one of a history: a
// backup was restored.
var errOtherLog = errors.New("the commit is of another log")

// addCommits adds the commits up to the present state that a history lacks. The
// caller holds the lock.
func (s *service) addCommits(ctx context.Context, h *history, current currentState) error {
	for commit, err := range s.source.Commits(ctx, current.Region, h.sequence+1) {
		if err != nil {
			return wrapStoreError(current.RegionID, err)
		}
		if err := s.addCommit(ctx, h, commit); err != nil {
			return err
		}
	}
	return nil
}

// addCommit adds the events of one commit to a history. On an error it adds
// nothing. If retention has removed commits between the last one that the
// history knows and this one, the history begins anew. It returns errOtherLog
// for a commit that follows another one than the history's last. The caller
// holds the lock.
func (s *service) addCommit(ctx context.Context, h *history, c *archive.Commit) error {
	if c.Sequence <= h.sequence {
		return nil
	}
	if h.sequence > 0 && c.Sequence > h.sequence+1 {
		h.clear()
	}
	if !h.precedes(c) {
		return errOtherLog
	}
	commit := h.addCommitRef(c)
	for _, im := range c.Images {
		for _, number := range im.Removed {
			h.addEvent(event{commit: commit, kind: kindRemoved}, c.Scope(number), im.ImageID, nil)
		}
		for _, number := range im.Added {
			h.addEvent(event{commit: commit, kind: kindAdded}, c.Scope(number), im.ImageID, nil)
		}
		for _, group := range im.Changed {
			if fields := s.schema.visibleChanges(group.Fields); len(fields) > 0 {
				for _, number := range group.Scopes {
					h.addEvent(event{commit: commit, kind: kindChanged}, c.Scope(number), im.ImageID, fields)
				}
			}
		}
	}
	return nil
}

// precedes reports whether a commit names the history's last commit as the one
// before it. Any commit can be the first of a history. The caller holds the lock.
func (h *history) precedes(c *archive.Commit) bool {
	last, _ := h.lineIDOf(h.sequence)
	return len(h.commits) == 0 || last == newLineID(c.Previous)
}

// addCommitRef adds a commit without its events, and returns its place. The
// caller holds the lock.
func (h *history) addCommitRef(c *archive.Commit) int32 {
	if len(h.commits) == 0 {
		h.beforeFirst = newLineID(c.Previous)
	}
	h.commits = append(h.commits, commitRef{c.Sequence, c.CommittedAt, newLineID(c.LineHash)})
	h.sequence = c.Sequence
	return int32(len(h.commits) - 1)
}

// addEvent adds an event of an image of a scope. fields is nil unless the event
// is of kindChanged. The caller holds the lock and has set commit and kind of
// the event.
func (h *history) addEvent(e event, scope archive.ScopeRef, imageID string, fields []catalog.FieldChange) {
	at := int32(len(h.events))
	var ok bool
	if e.scope, ok = h.scopeAt[scope]; !ok {
		e.scope = int32(len(h.scopes))
		h.scopeAt[scope] = e.scope
		h.scopes, h.firstEvents = append(h.scopes, scope), append(h.firstEvents, -1)
	}
	// An ended scope that comes back begins with this event.
	if h.firstEvents[e.scope] < 0 {
		h.firstEvents[e.scope] = at
	}
	if e.image, ok = h.imageAt[imageID]; !ok {
		e.image = int32(len(h.images))
		h.imageAt[imageID] = e.image
		h.images, h.byImage = append(h.images, imageID), append(h.byImage, nil)
	}
	h.events = append(h.events, e)
	h.byImage[e.image] = append(h.byImage[e.image], at)
	if fields != nil {
		h.fields[at] = fields
	}
}

// visibleChanges drops the changes of redacted fields.
func (s *schema) visibleChanges(changes []catalog.FieldChange) []catalog.FieldChange {
	if len(s.withheld) == 0 {
		return changes
	}
	// An empty Field means that the whole image differs, which would show that
	// a redacted field changed.
	return slices.DeleteFunc(slices.Clone(changes), func(c catalog.FieldChange) bool {
		return c.Field == "" || slices.ContainsFunc(s.withheld, func(w string) bool { return isWithheldMember(w, c.Field) })
	})
}
