package format

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// ImageChanges collects what Commit.Images says of the contents that a commit changes.
type ImageChanges struct {
	// byID has the changes so far. OtherNames has all names, until List.
	byID map[string]*ImageChange
	// names has the names of images that were looked up, since many scopes share them.
	names map[*catalog.Image]string
}

// NewImageChanges returns a collection without changes.
func NewImageChanges() ImageChanges {
	return ImageChanges{map[string]*ImageChange{}, map[*catalog.Image]string{}}
}

// Add adds the difference between two contents of the scope with a number, as in
// ImageChange. The contents are in canonical order. Numbers must ascend.
func (m ImageChanges) Add(number int, before, after []*catalog.Image) {
	d := catalog.Compare(before, after)
	for _, id := range d.Removed {
		im := m.image(id, number, before, false)
		im.Removed = append(im.Removed, number)
	}
	for _, id := range d.Added {
		im := m.image(id, number, after, true)
		im.Added = append(im.Added, number)
	}
	for _, changed := range d.Changed {
		m.image(changed.ImageID, number, after, true).addFields(number, changed.Fields)
	}
}

// image returns the change of an image of a list, which is that of the scope with a number.
// It notes the name that the image has there. isAfter is true if the list is the new content.
func (m ImageChanges) image(id string, number int, list []*catalog.Image, isAfter bool) *ImageChange {
	name := m.nameOf(id, list)
	im := m.byID[id]
	if im == nil {
		im = &ImageChange{ImageID: id, ImageName: name}
		m.byID[id] = im
	}
	if isAfter && len(im.Added)+len(im.Changed) == 0 {
		im.ImageName = name
	}
	for i := range im.OtherNames {
		if other := &im.OtherNames[i]; other.ImageName == name {
			other.Scopes = append(other.Scopes, number)
			return im
		}
	}
	im.OtherNames = append(im.OtherNames, OtherName{name, []int{number}})
	return im
}

// nameOf returns the ImageName of an image of a list.
func (m ImageChanges) nameOf(id string, list []*catalog.Image) string {
	at, _ := slices.BinarySearchFunc(list, id, func(im *catalog.Image, id string) int {
		return strings.Compare(im.ImageID, id)
	})
	name, known := m.names[list[at]]
	if !known {
		name = list[at].Text("ImageName")
		m.names[list[at]] = name
	}
	return name
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

// List returns the changes in the order of Commit.Images.
func (m ImageChanges) List() []ImageChange {
	var list []ImageChange
	for _, id := range slices.Sorted(maps.Keys(m.byID)) {
		im := *m.byID[id]
		im.OtherNames = slices.DeleteFunc(im.OtherNames, func(o OtherName) bool { return o.ImageName == im.ImageName })
		if len(im.OtherNames) == 0 {
			im.OtherNames = nil // as it is when it was read
		}
		list = append(list, im)
	}
	return list
}
