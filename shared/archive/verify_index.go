package archive

import (
	"errors"
	"slices"

	"community-images/shared/catalog"
)

// noteFirstSeen learns from a commit when images were first seen. previous is
// the commit before it, 0 if it is not known.
func (v *verifier) noteFirstSeen(key string, c *Commit, previous int64) error {
	return v.firstSeen.addCommit(c, previous, func(scopes []ScopeState) ([][]string, error) {
		ids := make([][]string, len(scopes))
		for i, scope := range scopes {
			s, err := v.snapshot(key, scope.Scope(c.RegionID), scope.Digest)
			if err != nil {
				return nil, err
			}
			if s != nil {
				ids[i] = imageIDs(s.Images)
			}
		}
		return ids, nil
	})
}

// index proves the index: its lists have the digests that they go by,
// it says of every id what the log says, and it goes as far as the head says.
// The head may say less than the end of the log: the run that puts the
// index may be at it, or has died; the next one puts it.
func (v *verifier) verifyIndex(r *Region, stored []string) error {
	key, err := v.keys.Index(r.RegionID)
	if err != nil || v.claim == 0 && !slices.Contains(stored, key) {
		return err
	}
	c, err := v.Archive.Index(v.ctx, r.RegionID)
	var damaged *DamagedError
	switch {
	case errors.As(err, &damaged):
		v.fault(key, "%s", damaged.Reason)
		return nil
	case err != nil:
		return err
	case c.Sequence > r.Sequence:
		v.fault(key, "it is of commit %d, the log ends with %d", c.Sequence, r.Sequence)
	case v.changed(c.Sequence, v.claim):
		v.fault(key, "it goes to commit %d, the head says to %d", c.Sequence, v.claim)
	}
	for digest := range c.Lists {
		images, _ := c.List(digest)
		if got := catalog.NewSnapshot(catalog.Scope{}, catalog.Time{}, "", images).Digest; got != digest {
			v.fault(key, "its list %s has digest %s", digest, got)
		}
	}
	if c.Sequence <= r.Sequence && !v.changed(c.Sequence, r.Sequence) {
		for _, s := range r.Scopes {
			if _, ok := c.Lists[s.Digest]; !ok && s.Digest != "" {
				v.fault(key, "it lacks the list of scope %q", s.Scope(r.RegionID).Path())
			}
		}
	}
	// Retention shortens the log, not the index's memory.
	for id, at := range c.allFirstSeen() {
		if first, known := v.firstSeen[id]; known && at.After(first.Time) {
			v.fault(key, "it has image %q since %s, the log since %s", id, at, first)
		}
	}
	return nil
}

// changed says whether a commit after one and up to another changed content.
func (v *verifier) changed(after, upTo int64) bool {
	return slices.ContainsFunc(v.content, func(n int64) bool { return after < n && n <= upTo })
}
