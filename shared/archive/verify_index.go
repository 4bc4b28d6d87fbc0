package archive

import (
	"errors"
	"slices"

	"community-images/shared/catalog"
)

// noteFirsts learns from a line which ids have come with it.
func (v *verifier) noteFirsts(key string, l *Commit) error {
	saw := func(id string) {
		if _, known := v.firsts[id]; !known {
			v.firsts[id] = l.CommittedAt
		}
	}
	whole := func(ref ScopeRef, digest string) error {
		s, err := v.snapshot(key, catalog.Scope{RegionID: l.RegionID, ClusterID: ref.ClusterID, InstanceType: ref.InstanceType}, digest)
		if err != nil || s == nil {
			return err
		}
		for _, im := range s.Images {
			saw(im.ImageID)
		}
		return nil
	}
	if l.Checkpoint != nil && len(v.firsts) == 0 { // also what was there before the first month that is kept
		for _, s := range l.before() {
			if s.Digest == "" {
				continue
			}
			if err := whole(ScopeRef{s.ClusterID, s.InstanceType}, s.Digest); err != nil {
				return err
			}
		}
	}
	for _, c := range l.Changes {
		for _, id := range c.Added {
			saw(id)
		}
		if c.PreviousLost {
			if err := whole(ScopeRef{c.ClusterID, c.InstanceType}, c.Digest); err != nil {
				return err
			}
		}
	}
	return nil
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
	for id, at := range c.firsts() {
		if first, known := v.firsts[id]; known && at.After(first.Time) {
			v.fault(key, "it has image %q since %s, the log since %s", id, at, first)
		}
	}
	return nil
}

// changed says whether a commit after one and up to another changed content.
func (v *verifier) changed(after, upTo int64) bool {
	return slices.ContainsFunc(v.content, func(n int64) bool { return after < n && n <= upTo })
}
