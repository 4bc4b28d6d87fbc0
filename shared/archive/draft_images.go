package archive

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// setContents adds the new contents of checks that were made on top of cur, the
// scopes that end, and what all that changes for each image. previous is
// Run.previous.
func (c *Commit) setContents(
	cur *Region, checks []Check, ended []catalog.Scope, previous map[catalog.Scope][]*catalog.Image,
) {
	checks = slices.DeleteFunc(slices.Clone(checks), func(check Check) bool {
		was, _ := cur.Scope(check.Scope)
		// An answer that failed, or is held, changes no content.
		return check.State != OK || check.Snapshot == nil || check.Snapshot.Digest == was.Digest
	})
	slices.SortFunc(checks, func(a, b Check) int { return compareScopes(a.Scope, b.Scope) })
	slices.SortFunc(ended, compareScopes)
	changes := imageChanges{}
	for number, check := range checks {
		was, _ := cur.Scope(check.Scope)
		before, known := previous[check.Scope]
		if check.Before != nil {
			before, known = check.Before.Images, true
		}
		c.Scopes = append(c.Scopes, ScopeChange{
			CheckedAt: check.At, ClusterID: check.Scope.ClusterID, Digest: check.Snapshot.Digest,
			ImageCount: len(check.Snapshot.Images), InstanceType: check.Scope.InstanceType,
			PreviousLost: was.Digest != "" && !known,
		})
		changes.add(number, before, check.Snapshot.Images)
	}
	for i, scope := range ended {
		was, _ := cur.Scope(scope)
		before, known := previous[scope]
		c.Ended = append(c.Ended, EndedScope{scope.ClusterID, scope.InstanceType, was.Digest != "" && !known})
		changes.add(len(checks)+i, before, nil)
	}
	c.Images = changes.sort()
}

// compareScopes compares two scopes of a region in canonical order.
func compareScopes(a, b catalog.Scope) int {
	return cmp.Or(strings.Compare(a.ClusterID, b.ClusterID), strings.Compare(a.InstanceType, b.InstanceType))
}

// imageChanges collects Commit.Images, by ImageID.
type imageChanges map[string]*ImageChange

// add adds the difference between two contents of the scope with a number. Numbers
// must ascend.
func (m imageChanges) add(number int, before, after []*catalog.Image) {
	d := catalog.Compare(before, after)
	names := imageNames{before: before, after: after}
	for _, id := range d.Removed {
		im := m.image(id)
		if im.ImageName == "" {
			im.ImageName = names.of(id)
		}
		im.Removed = append(im.Removed, number)
	}
	for _, id := range d.Added {
		im := m.image(id)
		im.setNewName(names)
		im.Added = append(im.Added, number)
	}
	for _, changed := range d.Changed {
		im := m.image(changed.ImageID)
		im.setNewName(names)
		im.addFields(number, changed.Fields)
	}
}

// image returns the change of an image. It adds one if there is none.
func (m imageChanges) image(id string) *ImageChange {
	im := m[id]
	if im == nil {
		im = &ImageChange{ImageID: id}
		m[id] = im
	}
	return im
}

// setNewName sets the name that the image has after the commit, which replaces one
// from before. The first scope that has the image decides.
func (im *ImageChange) setNewName(names imageNames) {
	if len(im.Added)+len(im.Changed) == 0 {
		im.ImageName = names.of(im.ImageID)
	}
}

// addFields adds a difference in the scope with a number.
func (im *ImageChange) addFields(number int, fields []catalog.FieldChange) {
	for i := range im.Changed {
		if slices.EqualFunc(im.Changed[i].Fields, fields, equalFields) {
			im.Changed[i].Scopes = append(im.Changed[i].Scopes, number)
			return
		}
	}
	im.Changed = append(im.Changed, FieldChanges{Fields: fields, Scopes: []int{number}})
}

// equalFields reports whether two changes are the same.
func equalFields(a, b catalog.FieldChange) bool {
	return a.Field == b.Field && bytes.Equal(a.Before, b.Before) && bytes.Equal(a.After, b.After)
}

// sort returns the changes in the order of Commit.Images.
func (m imageChanges) sort() []ImageChange {
	var list []ImageChange
	for _, id := range slices.Sorted(maps.Keys(m)) {
		list = append(list, *m[id])
	}
	return list
}

// imageNames finds the names of the images of two contents of a scope.
type imageNames struct{ before, after []*catalog.Image }

// of returns the ImageName of an image: the new one, if the image has one.
func (n imageNames) of(id string) string {
	for _, images := range [][]*catalog.Image{n.after, n.before} {
		at, ok := slices.BinarySearchFunc(images, id, func(im *catalog.Image, id string) int {
			return strings.Compare(im.ImageID, id)
		})
		if ok {
			return images[at].Text("ImageName")
		}
	}
	return ""
}
