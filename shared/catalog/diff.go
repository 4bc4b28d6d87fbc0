package catalog

import (
	"encoding/json"
	"slices"

	"community-images/shared/jsonscan"
)

// Diff is the difference between two snapshots of one scope. Lists are sorted.
type Diff struct {
	Added   []string       // ImageIds only in the later snapshot
	Changed []ChangedImage // images in both snapshots that differ
	Removed []string       // ImageIds only in the earlier snapshot
}

// ChangedImage is the difference of one image. An image whose id changes is added and
// removed.
type ChangedImage struct {
	ImageID string
	Fields  []FieldChange // one entry for each field that differs
}

// FieldChange is a changed field of one image, with its JSON value before and
// after.
type FieldChange struct {
	After  json.RawMessage `json:"After,omitempty"`  // absent: the field vanished
	Before json.RawMessage `json:"Before,omitempty"` // absent: the field is new
	// Field is dotted, as OsTag.Version. It is empty if the change is of a whole entry,
	// one of several under the id.
	Field string `json:"Field"`
}

// Empty reports whether nothing changed.
func (d Diff) Empty() bool {
	return len(d.Added) == 0 && len(d.Changed) == 0 && len(d.Removed) == 0
}

// Compare returns the difference from before to after. Both must be in canonical
// order (see Snapshot.Images).
func Compare(before, after []*Image) Diff {
	var d Diff
	// Both lists are sorted by id, so one pass merges them.
	for len(before) > 0 || len(after) > 0 {
		var old, new []*Image
		switch {
		case len(after) == 0 || len(before) > 0 && before[0].ImageID < after[0].ImageID:
			old, before = splitFirstImage(before)
			d.Removed = append(d.Removed, old[0].ImageID)
		case len(before) == 0 || after[0].ImageID < before[0].ImageID:
			new, after = splitFirstImage(after)
			d.Added = append(d.Added, new[0].ImageID)
		default:
			old, before = splitFirstImage(before)
			new, after = splitFirstImage(after)
			if fields := compareEntries(old, new); len(fields) > 0 {
				d.Changed = append(d.Changed, ChangedImage{old[0].ImageID, fields})
			}
		}
	}
	return d
}

// splitFirstImage splits off the entries that share the first ImageId.
func splitFirstImage(images []*Image) (same, rest []*Image) {
	n := 1
	for n < len(images) && images[n].ImageID == images[0].ImageID {
		n++
	}
	return images[:n], images[n:]
}

// compareEntries compares the entries of one ImageId. Entries on both sides cancel
// out; the others are paired in order.
func compareEntries(before, after []*Image) (list []FieldChange) {
	if len(before) == 1 && len(after) == 1 {
		return appendFieldChanges(nil, "", before[0].Raw, after[0].Raw)
	}
	// has returns a test whether images have an entry with the same bytes.
	has := func(images []*Image) func(*Image) bool {
		return func(im *Image) bool {
			return slices.ContainsFunc(images, func(o *Image) bool { return o.Raw == im.Raw })
		}
	}
	gone := slices.DeleteFunc(slices.Clone(before), has(after))
	come := slices.DeleteFunc(slices.Clone(after), has(before))
	for i := range min(len(gone), len(come)) {
		list = appendFieldChanges(list, "", gone[i].Raw, come[i].Raw)
	}
	// What is left on one side alone has appeared or vanished as a whole.
	for _, im := range gone[min(len(gone), len(come)):] {
		list = append(list, FieldChange{Before: json.RawMessage(im.Raw)})
	}
	for _, im := range come[min(len(gone), len(come)):] {
		list = append(list, FieldChange{After: json.RawMessage(im.Raw)})
	}
	return list
}

// appendFieldChanges compares two canonical objects field by field. Nested
// objects are compared below their name and a dot.
func appendFieldChanges(list []FieldChange, prefix, before, after string) []FieldChange {
	if before == after {
		return list
	}
	// Members are sorted by name in canonical JSON, so one pass merges them.
	old, new := jsonscan.MemberList(before), jsonscan.MemberList(after)
	for len(old) > 0 || len(new) > 0 {
		change := FieldChange{}
		switch {
		case len(new) == 0 || len(old) > 0 && old[0].Name < new[0].Name:
			change.Field, change.Before = prefix+old[0].Name, json.RawMessage(old[0].Value)
			old = old[1:]
		case len(old) == 0 || new[0].Name < old[0].Name:
			change.Field, change.After = prefix+new[0].Name, json.RawMessage(new[0].Value)
			new = new[1:]
		default:
			name, b, a := old[0].Name, old[0].Value, new[0].Value
			old, new = old[1:], new[1:]
			if b == a {
				continue
			}
			// Objects are compared inside. Arrays are not: they change as a whole.
			if b[0] == '{' && a[0] == '{' {
				list = appendFieldChanges(list, prefix+name+".", b, a)
				continue
			}
			change.Field, change.Before, change.After = prefix+name, json.RawMessage(b), json.RawMessage(a)
		}
		list = append(list, change)
	}
	return list
}
