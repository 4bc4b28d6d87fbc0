package history

import (
	"bytes"
	"slices"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/request"
)

// imageRow is what an event says of all scopes of a selection: of one image, or of the
// scopes of a cluster that ended, which are in lost then.
type imageRow struct {
	end                   request.Position // behind the last event of the row
	Lost, Gained, Changed []format.ScopeRef
	// IsOffered says that a scope of the selection offers the image when the feed ends.
	IsOffered bool
}

// isThere reports whether a scope has the image after the commit.
func (r *imageRow) isThere() bool { return len(r.Gained)+len(r.Changed) > 0 }

// clone returns a copy that shares no memory with the commit.
func (r *imageRow) clone() *imageRow {
	c := *r
	for _, list := range []*[]format.ScopeRef{&c.Lost, &c.Gained, &c.Changed} {
		*list = slices.Clone(*list)
		for i, ref := range *list {
			(*list)[i] = cloneScope(ref)
		}
	}
	return &c
}

// rowDraft is the row of an image that is being made.
type rowDraft struct {
	Event
	byEnd []format.ScopeRef // that lost the image because they ended
}

// newRowDraft returns the row of the image of an event, without any scope.
func newRowDraft(e *Event) *rowDraft {
	return &rowDraft{Event: Event{Commit: e.Commit, position: e.position, ImageID: e.ImageID, Row: &imageRow{}}}
}

// add adds an event of the image.
func (d *rowDraft) add(e *Event) {
	row := d.Row
	row.end = e.end()
	// The name is that after the commit, if a scope still has the image.
	if d.ImageName == "" || e.Kind != request.KindRemoved && !row.isThere() {
		d.ImageName = e.ImageName
	}
	switch {
	case e.Kind == request.KindAdded:
		row.Gained = append(row.Gained, e.Scope)
	case e.Kind == request.KindChanged:
		row.Changed = append(row.Changed, e.Scope)
		d.addFields(e.Fields)
	case e.isByEnd:
		d.byEnd = append(d.byEnd, e.Scope)
	default:
		row.Lost = append(row.Lost, e.Scope)
	}
}

// addFields adds the changes of a scope that are not those of another one.
func (d *rowDraft) addFields(fields []catalog.FieldChange) {
	for _, change := range fields {
		isSame := func(known catalog.FieldChange) bool {
			return known.Field == change.Field && bytes.Equal(known.Before, change.Before) &&
				bytes.Equal(known.After, change.After)
		}
		if !slices.ContainsFunc(d.Fields, isSame) {
			d.Fields = append(d.Fields, change)
		}
	}
}

// chooseKind sets the kind of the row: the first one that is wanted. It returns false if
// none is.
func (d *rowDraft) chooseKind(wanted []request.Kind) bool {
	for _, k := range []struct {
		kind   request.Kind
		scopes []format.ScopeRef
	}{{request.KindRemoved, d.Row.Lost}, {request.KindAdded, d.Row.Gained}, {request.KindChanged, d.Row.Changed}} {
		if len(k.scopes) > 0 && slices.Contains(wanted, k.kind) {
			d.Kind = k.kind
			return true
		}
	}
	return false
}

// rowMaker makes rows of images from the events of one commit. It is given the events of
// a selection in the order of eventsOf.
//
// A cluster that ends is one row. An image that only ended scopes lost has no row of its
// own then, unless nothing in the selection offers it any more: a cluster that was there
// for an hour would fill the feed with images that are still offered. The maker sets
// IsOffered of no other rows: the caller may know more when it has read on.
type rowMaker struct {
	kinds     []request.Kind // that are wanted
	isOffered func(imageID string) bool
	// note is told whether each image is there after the commit; nil: that is not wanted.
	note func(imageID string, isThere bool)

	ended []*Event  // the rows of clusters that ended
	rows  []*Event  // those of images
	draft *rowDraft // of the present image; nil: none yet
}

// add adds an event, which may change after the call.
func (m *rowMaker) add(e *Event) {
	if e.Kind == request.KindEnded {
		m.addEnded(e)
		return
	}
	if m.draft == nil || m.draft.ImageID != e.ImageID {
		m.finishImage()
		m.draft = newRowDraft(e)
	}
	m.draft.add(e)
}

// addEnded adds a scope that ended. The scopes of a cluster follow each other.
func (m *rowMaker) addEnded(e *Event) {
	last := len(m.ended) - 1
	if last < 0 || m.ended[last].Scope.ClusterID != e.Scope.ClusterID {
		first := *e
		first.Ended.Images, first.Row = 0, &imageRow{}
		m.ended = append(m.ended, &first)
		last++
	}
	row := m.ended[last].Row
	row.Lost, row.end = append(row.Lost, e.Scope), e.end()
}

// finishImage ends the row of the present image.
func (m *rowMaker) finishImage() {
	if m.draft != nil {
		m.addImage(m.draft)
	}
	m.draft = nil
}

// addImage adds the row of an image, if it is wanted.
func (m *rowMaker) addImage(d *rowDraft) {
	m.countEnded(d.byEnd)
	if m.note != nil {
		m.note(d.ImageID, d.Row.isThere())
	}
	if len(d.byEnd) > 0 && !m.isOffered(d.ImageID) {
		d.Row.Lost = append(d.Row.Lost, d.byEnd...)
	}
	if d.chooseKind(m.kinds) {
		m.rows = append(m.rows, &d.Event)
	}
}

// countEnded counts an image for each cluster whose ended scopes lost it.
func (m *rowMaker) countEnded(byEnd []format.ScopeRef) {
	for i, ref := range byEnd {
		if i > 0 && byEnd[i-1].ClusterID == ref.ClusterID { // they are sorted
			continue
		}
		for _, e := range m.ended {
			if e.Scope.ClusterID == ref.ClusterID {
				e.Ended.Images++
			}
		}
	}
}

// takeReady gives the rows that no later event changes, each once. That of a cluster that
// ended counts its images to the end, and stands before all others.
func (m *rowMaker) takeReady(show func(*Event)) {
	if len(m.ended) > 0 {
		return
	}
	for _, e := range m.rows {
		show(e)
	}
	m.rows = m.rows[:0]
}

// takeAll gives the rows that are left.
func (m *rowMaker) takeAll(show func(*Event)) {
	for _, e := range m.finish() {
		show(e)
	}
}

// finish returns the rows: the clusters that ended, then the images.
func (m *rowMaker) finish() []*Event {
	m.finishImage()
	if !slices.Contains(m.kinds, request.KindEnded) {
		return m.rows
	}
	return append(m.ended, m.rows...)
}

// ClustersIn returns the clusters of scopes, sorted, each once, and whether the list
// without a cluster is among the scopes.
func ClustersIn(scopes []format.ScopeRef) (clusters []string, withoutCluster bool) {
	clusters = namesIn(scopes, func(ref format.ScopeRef) string { return ref.ClusterID })
	return clusters, slices.ContainsFunc(scopes, func(ref format.ScopeRef) bool { return ref.ClusterID == "" })
}

// TypesIn returns the instance types of scopes, sorted, each once.
func TypesIn(scopes []format.ScopeRef) []string {
	return namesIn(scopes, func(ref format.ScopeRef) string { return ref.InstanceType })
}

// namesIn returns the names that are not empty, sorted, each once. The list is never nil.
func namesIn(scopes []format.ScopeRef, nameOf func(format.ScopeRef) string) []string {
	names := []string{}
	for _, ref := range scopes {
		if name := nameOf(ref); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
