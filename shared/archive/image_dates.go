package archive

import (
	"slices"

	"community-images/shared/catalog"
)

// ImageDates says since when an image is known.
type ImageDates struct {
	// FirstSeen is the time of the first commit that had the image in any scope. It is
	// zero if that is not known: the image was there when the history begins.
	FirstSeen catalog.Time
	// ChangedAt is the time of the last commit that changed a field of the image in any
	// scope, or FirstSeen if there was none. It is zero if that is not known.
	ChangedAt catalog.Time
}

// imageDates has the dates of every image that is known to have been in a region, by
// ImageID. addCommit is the only rule that says what they are.
type imageDates map[string]ImageDates

// loadImageIDs returns the ImageIDs of the contents of scopes. The ids of one scope
// ascend, each once.
type loadImageIDs func(scopes []ScopeState) ([][]string, error)

// addCommit adds what a commit says. previous is the number of the last commit that
// was added, 0 if there is none. The commits between the two are gone; then the
// images that were there before are added with unknown dates, and load is called for
// what the checkpoint names.
func (d imageDates) addCommit(c *Commit, previous int64, load loadImageIDs) error {
	if c.Sequence > previous+1 && c.Checkpoint != nil {
		if err := d.addImagesBefore(c, load); err != nil {
			return err
		}
	}
	at := c.CommittedAt
	if c.Sequence == 1 { // nobody knows since when the images of the first commit were there
		at = catalog.Time{}
	}
	for _, im := range c.Images {
		dates, known := d[im.ImageID]
		if !known && len(im.Added) > 0 && len(im.Removed)+len(im.Changed) == 0 {
			dates = ImageDates{FirstSeen: at, ChangedAt: at}
		}
		if len(im.Changed) > 0 {
			dates.ChangedAt = at
		}
		d[im.ImageID] = dates
	}
	return nil
}

// addImagesBefore adds the images that were there before a commit with a checkpoint,
// with unknown dates. The checkpoint is the state after the commit. So an image that
// the commit removes from a scope was there before, and one that it adds was not.
func (d imageDates) addImagesBefore(c *Commit, load loadImageIDs) error {
	scopes := slices.DeleteFunc(slices.Clone(c.Checkpoint.Scopes), func(s ScopeState) bool { return s.Digest == "" })
	lists, err := load(scopes)
	if err != nil {
		return err
	}
	added := map[ScopeRef]map[string]bool{}
	for _, s := range c.Scopes {
		added[s.ref()] = map[string]bool{}
	}
	for _, im := range c.Images {
		for _, number := range im.Added {
			added[c.Scope(number)][im.ImageID] = true
		}
		if len(im.Removed)+len(im.Changed) > 0 {
			d.addUnknown(im.ImageID)
		}
	}
	for i, s := range scopes {
		isNew := added[ScopeRef{s.ClusterID, s.InstanceType}]
		for _, id := range lists[i] {
			if !isNew[id] {
				d.addUnknown(id)
			}
		}
	}
	return nil
}

// addUnknown adds an image without dates, unless it is known.
func (d imageDates) addUnknown(id string) {
	if _, known := d[id]; !known {
		d[id] = ImageDates{}
	}
}

// keptSince is where the kept history begins.
type keptSince struct {
	// sequence is the number of the first commit, 0 if there is none.
	sequence int64
	// at is the time of that commit.
	at catalog.Time
}

// merge returns the dates of an image, given what the kept log says and what an index
// remembers. The log is right about everything since it begins. The index may know
// what was before.
func (s keptSince) merge(logged, remembered ImageDates) ImageDates {
	if s.sequence <= 1 {
		return logged
	}
	isBefore := func(t catalog.Time) bool { return t.IsZero() || t.Before(s.at.Time) }
	merged := logged
	if isBefore(remembered.FirstSeen) {
		merged.FirstSeen = remembered.FirstSeen
	}
	// An image that came back has not changed.
	if (logged.ChangedAt.IsZero() || logged.ChangedAt == logged.FirstSeen) && isBefore(remembered.ChangedAt) {
		merged.ChangedAt = remembered.ChangedAt
	}
	return merged
}

// forgetBefore makes unknown in d what commits before the kept log may contradict, if no
// index remembers them: an image may have been there before, and may have changed.
func (s keptSince) forgetBefore(d imageDates) {
	for id, dates := range d {
		if dates.ChangedAt == dates.FirstSeen || dates.ChangedAt.Before(s.at.Time) {
			dates.ChangedAt = catalog.Time{}
		}
		if !dates.FirstSeen.Before(s.at.Time) {
			dates.FirstSeen = catalog.Time{}
		}
		d[id] = dates
	}
}

// mergeAll merges the dates of all images into d, which has those of the log.
func (s keptSince) mergeAll(d, remembered imageDates) {
	for id, dates := range remembered {
		if logged, known := d[id]; known || s.sequence > 1 {
			d[id] = s.merge(logged, dates)
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
