package archive

import (
	"slices"

	"community-images/shared/catalog"
)

// Arrivals are the images that a commit may be the first to offer. They are the
// first-seen rule: an image was first seen with the first commit among whose
// arrivals it is. Whoever says when an image was first seen follows it.
type Arrivals struct {
	// Kept are the images that were there before the commit, by scope. It is
	// empty unless the commits before it are not known.
	Kept []ScopeImages
	// Added has, for each of the commit's changes, the images that came with
	// it: those that the change adds, or all of the new content if the old one
	// was lost, because then nobody knows which of them are new.
	Added [][]string
}

// ScopeImages are images of one scope.
type ScopeImages struct {
	// Scope is the scope that had the images.
	Scope ScopeRef
	// ImageIDs ascend, each once.
	ImageIDs []string
}

// LoadImageIDs returns the ImageIds of the current content of each scope. The
// ids of one scope ascend, each once.
type LoadImageIDs func(scopes []ScopeState) ([][]string, error)

// Arrivals applies the first-seen rule to one commit. previous is the number of
// the last commit that the caller knows, 0 if it knows none; the commits
// between the two are gone. load is called at most once, and only if the commit
// alone does not say which images it offers.
func (c *Commit) Arrivals(previous int64, load LoadImageIDs) (Arrivals, error) {
	var scopes []ScopeState // whose images have to be read
	for _, change := range c.Changes {
		if change.PreviousLost {
			scopes = append(scopes, ScopeState{
				ClusterID: change.ClusterID, InstanceType: change.InstanceType, Digest: change.Digest,
			})
		}
	}
	lost := len(scopes)
	afterGap := c.Sequence > previous+1 && c.Checkpoint != nil
	if afterGap {
		scopes = append(scopes, c.scopesBefore()...)
	}
	if len(scopes) == 0 {
		return Arrivals{Added: c.addedImages(nil)}, nil
	}
	images, err := load(scopes)
	if err != nil {
		return Arrivals{}, err
	}
	a := Arrivals{Added: c.addedImages(images[:lost])}
	if afterGap {
		a.Kept = c.keptImages(scopes[lost:], images[lost:])
	}
	return a, nil
}

// addedImages returns Arrivals.Added. lost has the images of each change whose
// old content was lost.
func (c *Commit) addedImages(lost [][]string) [][]string {
	added := make([][]string, len(c.Changes))
	for i, change := range c.Changes {
		added[i] = change.Added
		if change.PreviousLost {
			added[i], lost = lost[0], lost[1:]
		}
	}
	return added
}

// keptImages returns Arrivals.Kept, given the images of scopesBefore. An image
// that the commit removes was there before it; one that it adds was not.
func (c *Commit) keptImages(scopes []ScopeState, images [][]string) []ScopeImages {
	var kept []ScopeImages
	added := map[ScopeRef][]string{}
	for _, change := range c.Changes {
		ref := ScopeRef{change.ClusterID, change.InstanceType}
		added[ref] = change.Added
		if len(change.Removed) > 0 {
			kept = append(kept, ScopeImages{ref, change.Removed})
		}
	}
	for i, s := range scopes {
		ref := ScopeRef{s.ClusterID, s.InstanceType}
		ids := slices.DeleteFunc(images[i], func(id string) bool {
			_, isNew := slices.BinarySearch(added[ref], id)
			return isNew
		})
		kept = append(kept, ScopeImages{ref, ids})
	}
	return kept
}

// scopesBefore returns the scopes with content before or after a commit that has
// a checkpoint. The checkpoint is the state after the commit, so those that the
// commit ends come from it. A scope whose old content was lost is left out:
// nobody knows which images it had.
func (c *Commit) scopesBefore() []ScopeState {
	scopes := slices.Clone(c.Checkpoint.Scopes)
	for _, e := range c.Ended {
		scopes = append(scopes, ScopeState{ClusterID: e.ClusterID, InstanceType: e.InstanceType, Digest: e.Digest})
	}
	return slices.DeleteFunc(scopes, func(s ScopeState) bool {
		return s.Digest == "" || slices.ContainsFunc(c.Changes, func(change Change) bool {
			return change.PreviousLost && change.ClusterID == s.ClusterID && change.InstanceType == s.InstanceType
		})
	})
}

// firstSeen is when each image of a region was first seen in any of its scopes,
// by ImageId.
type firstSeen map[string]catalog.Time

// addCommit adds the arrivals of a commit; see Commit.Arrivals.
func (f firstSeen) addCommit(c *Commit, previous int64, load LoadImageIDs) error {
	arrivals, err := c.Arrivals(previous, load)
	if err != nil {
		return err
	}
	for _, kept := range arrivals.Kept {
		f.addImages(kept.ImageIDs, c.CommittedAt)
	}
	for _, ids := range arrivals.Added {
		f.addImages(ids, c.CommittedAt)
	}
	return nil
}

// addImages notes that images were there at a time.
func (f firstSeen) addImages(ids []string, at catalog.Time) {
	for _, id := range ids {
		if first, known := f[id]; !known || at.Before(first.Time) {
			f[id] = at
		}
	}
}

// imageIDs returns the ids of a list in canonical order, each once.
func imageIDs(images []*catalog.Image) []string {
	ids := make([]string, len(images))
	for i, im := range images {
		ids[i] = im.ImageID
	}
	return slices.Compact(ids)
}
