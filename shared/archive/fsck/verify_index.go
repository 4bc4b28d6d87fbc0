package fsck

import (
	"errors"
	"slices"

	"community-images/shared/catalog"

	"community-images/shared/archive/format"
)

// noteDates learns from a commit since when images are known. previous is the number
// of the commit before it, 0 if it is not known.
func (v *verifier) noteDates(key string, c *format.Commit, previous int64) error {
	if v.kept.Sequence == 0 {
		v.kept = format.KeptSince{Sequence: c.Sequence, At: c.CommittedAt}
	}
	return v.dates.AddCommit(c, previous, func(scopes []format.ScopeState) ([][]string, error) {
		ids := make([][]string, len(scopes))
		for i, scope := range scopes {
			s, err := v.verifySnapshot(key, scope.Scope(c.RegionID), scope.Digest)
			if err != nil {
				return nil, err
			}
			if s != nil {
				ids[i] = format.ImageIDs(s.Images)
			}
		}
		return ids, nil
	})
}

// verifyIndex checks the index: its lists have the digests that name them, it says
// no image was first seen later than the log says, and it goes as far and has as many
// images as the head says. The head may claim less than the whole log: the run that updates the index
// may still be at it, or has died, and the next run does it. keys are all keys of
// the region.
func (v *verifier) verifyIndex(r *format.Head, keys []string) error {
	key, err := v.keys.Index(r.RegionID)
	if err != nil || v.indexClaim == 0 && !slices.Contains(keys, key) {
		return err
	}
	x, err := v.Archive.Index(v.ctx, r.RegionID)
	var damaged *format.DamagedError
	switch {
	case errors.As(err, &damaged):
		v.report(key, "%s", damaged.Reason)
		if !slices.Contains(keys, key) {
			v.markBehind(key, len(v.audit.Findings)-1)
		}
		return nil
	case err != nil:
		return err
	// An index beyond the log is of commits that are lost, or of a run that has
	// committed since. Verify reads again in the second case.
	case x.Sequence > r.Sequence:
		v.report(key, "it is of commit %d, the log ends with %d", x.Sequence, r.Sequence)
	case v.changedContent(x.Sequence, v.indexClaim):
		v.report(key, "it goes to commit %d, the head says to %d", x.Sequence, v.indexClaim)
		v.markBehind(key, len(v.audit.Findings)-1)
	}
	v.verifyIndexLists(key, x, r)
	if err := v.verifyIndexImages(x, r); err != nil {
		return err
	}
	if x.Sequence <= r.Sequence && !v.changedContent(x.Sequence, r.Sequence) {
		v.verifyIndexDates(key, x)
	}
	return nil
}

// verifyIndexImages compares what the head says of the images of the index with the index x,
// if both are about the same content.
func (v *verifier) verifyIndexImages(x *format.Index, r *format.Head) error {
	isSame := !v.changedContent(x.Sequence, v.indexClaim) && !v.changedContent(v.indexClaim, x.Sequence)
	said, want := v.indexImages, x.Describe()
	if said == (format.IndexImages{}) || said == want || !isSame || x.Sequence > r.Sequence {
		return nil
	}
	key, err := v.keys.Head(r.RegionID)
	if err != nil {
		return err
	}
	if said.Count != want.Count {
		v.report(key, "it says that the index has %d images, it has %d", said.Count, want.Count)
		return nil
	}
	v.report(key, "it does not describe the first line of the index as it is")
	return nil
}

// verifyIndexDates compares the dates of the index with those of the log. If retention
// has cut the log, the index may know earlier ones, and more images.
func (v *verifier) verifyIndexDates(key string, x *format.Index) {
	all := x.AllDates()
	for id := range v.dates {
		if _, known := all[id]; !known {
			v.report(key, "it lacks image %q, which the log has", id)
		}
	}
	for id, dates := range all {
		logged, isLogged := v.dates[id]
		if !isLogged && v.kept.Sequence <= 1 {
			v.report(key, "it has image %q, which the log never had", id)
			continue
		}
		if want := v.kept.Merge(logged, dates); dates != want {
			v.report(key, "it has image %q since %q, changed at %q; by the log it is since %q, changed at %q", id,
				dates.FirstSeen, dates.ChangedAt, want.FirstSeen, want.ChangedAt)
		}
	}
}

// verifyIndexLists checks the lists of the index x. If x is up to date, it must have
// the list of every scope.
func (v *verifier) verifyIndexLists(key string, x *format.Index, r *format.Head) {
	for digest := range x.Lists {
		images, _ := x.List(digest)
		if got := catalog.NewSnapshot(catalog.Scope{}, catalog.Time{}, "", images).Digest; got != digest {
			v.report(key, "its list %s has digest %s", digest, got)
		}
	}
	if x.Sequence > r.Sequence || v.changedContent(x.Sequence, r.Sequence) {
		return
	}
	for _, s := range r.Scopes() {
		if _, ok := x.Lists[s.Digest]; !ok && s.Digest != "" {
			v.report(key, "it lacks the list of scope %q", s.Scope(r.RegionID).Path())
		}
	}
}

// changedContent reports whether a commit beyond after and up to upTo changed
// content.
func (v *verifier) changedContent(after, upTo int64) bool {
	return slices.ContainsFunc(v.contentCommits, func(n int64) bool { return after < n && n <= upTo })
}
