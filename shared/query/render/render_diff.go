package render

import (
	"slices"

	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/history"
	"community-images/shared/query/request"
)

// The writing of diffs: from what differs to bytes.

// diffColumns are the columns of DiffRow.cells.
var diffColumns = []string{"Kind", "ImageId", "ImageName", "Details"}

// cells returns a row for csv and the like.
func (r DiffRow) cells() []string {
	return []string{string(r.Kind), r.ImageID, r.ImageName, describeFields(r.Fields)}
}

// DiffInput is one of the two lists of a diff of two clusters.
type DiffInput struct {
	Side   DiffSide
	Images []*catalog.Image // in canonical order
}

// Differences compares the images of two clusters, and renders the result in the format
// of a request. total is the number of images that differ.
func Differences(prefix []byte, before, after DiffInput, req *request.Request) (b []byte, total int, err error) {
	d := catalog.Compare(before.Images, after.Images)
	total = len(d.Added) + len(d.Removed) + len(d.Changed)
	if req.Format != request.FormatJSON {
		rows := listRenderer[DiffRow]{diffRows(d, before.Images, after.Images), diffColumns, DiffRow.cells}
		b, err = rows.render(req, "")
		return b, total, err
	}
	answer := Diff{
		diffSidesJSON: diffSidesJSON{before.Side, after.Side, total}, Changed: []ChangedImage{},
		Added: imagesWithIDs(after.Images, d.Added), Removed: imagesWithIDs(before.Images, d.Removed),
	}
	for _, im := range d.Changed {
		answer.Changed = append(answer.Changed, ChangedImage{im.ImageID, newFieldChanges(im.Fields)})
	}
	b, err = AppendMembers(prefix, answer)
	return b, total, err
}

// DiffView is a diff for its HTML page. One of the lists is not nil.
type DiffView struct {
	From, To DiffSide
	Images   []DiffRow // of two clusters
	Changes  []Change  // of two times
	Events   []Event   // of two times, by scope
}

// ViewDifferences compares the images of two clusters for the HTML page.
func ViewDifferences(before, after DiffInput) *DiffView {
	d := catalog.Compare(before.Images, after.Images)
	return &DiffView{From: before.Side, To: after.Side, Images: diffRows(d, before.Images, after.Images)}
}

// ViewDiffOfTimes returns the rows of a diff of two times for the HTML page.
func ViewDiffOfTimes(region string, sides [2]DiffSide, rows []*history.Event, req *request.Request) *DiffView {
	view := &DiffView{From: sides[0], To: sides[1]}
	if req.ByScope {
		view.Events = newEvents(rows, region)
	} else {
		view.Changes = newChanges(rows, region)
	}
	return view
}

// diffRows returns a row for each image that differs: the removed ones, the added ones,
// then the changed ones.
func diffRows(d catalog.Diff, before, after []*catalog.Image) []DiffRow {
	names := imageNames(before)
	rows := []DiffRow{}
	for _, id := range d.Removed {
		rows = append(rows, DiffRow{Kind: request.KindRemoved.Name(), ImageID: id, ImageName: names[id]})
	}
	names = imageNames(after)
	for _, id := range d.Added {
		rows = append(rows, DiffRow{Kind: request.KindAdded.Name(), ImageID: id, ImageName: names[id]})
	}
	for _, im := range d.Changed {
		rows = append(rows, DiffRow{
			request.KindChanged.Name(), im.ImageID, names[im.ImageID], newFieldChanges(im.Fields),
		})
	}
	return rows
}

// imageNames returns the names of images by id. Of several contents the first counts.
func imageNames(images []*catalog.Image) map[string]string {
	names := map[string]string{}
	for _, image := range images {
		if _, known := names[image.ImageID]; !known {
			names[image.ImageID] = image.Text("ImageName")
		}
	}
	return names
}

// imagesWithIDs returns those of images that have one of the sorted ids.
func imagesWithIDs(images []*catalog.Image, sortedIDs []string) []Image {
	list := []Image{}
	for _, image := range images {
		if _, ok := slices.BinarySearch(sortedIDs, image.ImageID); ok {
			list = append(list, field.AppendUpstreamImage(nil, image.Raw))
		}
	}
	return list
}

// diffOfTimesJSON has the members of a diff of two times after the envelope. Changes has
// a Change for each image, or an Event for each scope.
type diffOfTimesJSON[T any] struct {
	diffSidesJSON
	Changes []T `json:"Changes"`
}

// DiffOfTimes renders the rows of a diff of two times of a region in the format of a
// request.
func DiffOfTimes(
	prefix []byte, region string, sides [2]DiffSide, rows []*history.Event, req *request.Request,
) ([]byte, error) {
	both := diffSidesJSON{sides[0], sides[1], len(rows)}
	if req.ByScope {
		return renderChanges(prefix, both, newEvents(rows, region), eventColumns, Event.cells, req)
	}
	return renderChanges(prefix, both, newChanges(rows, region), changeColumns, Change.cells, req)
}

// renderChanges renders a list of changes without the commits that its columns and cells
// begin with.
func renderChanges[T any](
	prefix []byte, both diffSidesJSON, list []T, columns []string, cells func(T) []string, req *request.Request,
) ([]byte, error) {
	if req.Format == request.FormatJSON {
		return AppendMembers(prefix, diffOfTimesJSON[T]{both, list})
	}
	withoutCommit := func(item T) []string { return cells(item)[2:] }
	return listRenderer[T]{list, columns[2:], withoutCommit}.render(req, "")
}
