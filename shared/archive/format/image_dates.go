package format

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

// DatesByID has the dates of every image that is known to have been in a region, by
// ImageID. AddCommit is the only rule that says what they are.
type DatesByID map[string]ImageDates

// LoadImageIDs returns the ImageIDs of the contents of scopes. The ids of one scope
// ascend, each once.
type LoadImageIDs func(scopes []ScopeState) ([][]string, error)

// AddCommit adds what a commit says. previous is the number of the last commit that
// was added, 0 if there is none. The commits between the two are gone; then the
// images that were there before are added with unknown dates, and load is called for
// what the checkpoint names. The only errors are those of load.
func (d DatesByID) AddCommit(c *Commit, previous int64, load LoadImageIDs) error {
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
func (d DatesByID) addImagesBefore(c *Commit, load LoadImageIDs) error {
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
func (d DatesByID) addUnknown(id string) {
	if _, known := d[id]; !known {
		d[id] = ImageDates{}
	}
}

// KeptSince is where the kept history begins.
type KeptSince struct {
	// Sequence is the number of the first commit, 0 if there is none.
	Sequence int64
	// At is the time of that commit.
	At catalog.Time
}

// Merge returns the dates of an image, given what the kept log says and what an index
// remembers. The log is right about everything since it begins. The index may know
// what was before.
func (s KeptSince) Merge(logged, remembered ImageDates) ImageDates {
	if s.Sequence <= 1 {
		return logged
	}
	isBefore := func(t catalog.Time) bool { return t.IsZero() || t.Before(s.At.Time) }
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

// ForgetBefore makes unknown in d what commits before the kept log may contradict, if no
// index remembers them: an image may have been there before, and may have changed.
func (s KeptSince) ForgetBefore(d DatesByID) {
	for id, dates := range d {
		if dates.ChangedAt == dates.FirstSeen || dates.ChangedAt.Before(s.At.Time) {
			dates.ChangedAt = catalog.Time{}
		}
		if !dates.FirstSeen.Before(s.At.Time) {
			dates.FirstSeen = catalog.Time{}
		}
		d[id] = dates
	}
}

// MergeAll merges the dates of all images into d, which has those of the log.
func (s KeptSince) MergeAll(d, remembered DatesByID) {
	for id, dates := range remembered {
		if logged, known := d[id]; known || s.Sequence > 1 {
			d[id] = s.Merge(logged, dates)
		}
	}
}

// ImageIDs returns the ids of a list in canonical order, each once.
func ImageIDs(images []*catalog.Image) []string {
	ids := make([]string, len(images))
	for i, im := range images {
		ids[i] = im.ImageID
	}
	return slices.Compact(ids)
}
