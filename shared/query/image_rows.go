package query

import (
	"bytes"
	"slices"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// imageRow is what an event says of all scopes of a selection: of one image, or of the
// scopes of a cluster that ended, which are in lost then.
type imageRow struct {
	end                   feedPosition // behind the last event of the row
	lost, gained, changed []format.ScopeRef
	// isOffered says that a scope of the selection offers the image when the feed ends.
	isOffered bool
}

// clone returns a copy that shares no memory with the commit.
func (r *imageRow) clone() *imageRow {
	c := *r
	for _, list := range []*[]format.ScopeRef{&c.lost, &c.gained, &c.changed} {
		*list = slices.Clone(*list)
		for i, ref := range *list {
			(*list)[i] = cloneScope(ref)
		}
	}
	return &c
}

// rowMaker makes rows of images from the events of one commit. It is given the events of
// a selection in the order of eventsOf.
//
// A cluster that ends is one row. An image that only ended scopes lost has no row of its
// own then, unless nothing in the selection offers it any more: a cluster that was there
// for an hour would fill the feed with images that are still offered.
type rowMaker struct {
	kinds     []eventKind // that are wanted
	isOffered func(imageID string) bool

	ended []*event // the rows of clusters that ended
	rows  []*event // those of images
	image *event   // the present one; nil: none yet
	byEnd []format.ScopeRef
}

// add adds an event, which may change after the call.
func (m *rowMaker) add(e *event) {
	if e.kind == kindEnded {
		m.addEnded(e)
		return
	}
	if m.image == nil || m.image.imageID != e.imageID {
		m.finishImage()
		m.image = &event{commit: e.commit, position: e.position, imageID: e.imageID, row: &imageRow{}}
	}
	row := m.image.row
	row.end = e.end()
	// The name is that after the commit, if a scope still has the image.
	if m.image.imageName == "" || e.kind != kindRemoved && len(row.gained)+len(row.changed) == 0 {
		m.image.imageName = e.imageName
	}
	switch {
	case e.kind == kindAdded:
		row.gained = append(row.gained, e.scope)
	case e.kind == kindChanged:
		row.changed = append(row.changed, e.scope)
		for _, change := range e.fields {
			isSame := func(known catalog.FieldChange) bool {
				return known.Field == change.Field && bytes.Equal(known.Before, change.Before) &&
					bytes.Equal(known.After, change.After)
			}
			if !slices.ContainsFunc(m.image.fields, isSame) {
				m.image.fields = append(m.image.fields, change)
			}
		}
	case e.isByEnd:
		m.byEnd = append(m.byEnd, e.scope)
	default:
		row.lost = append(row.lost, e.scope)
	}
}

// addEnded adds a scope that ended. The scopes of a cluster follow each other.
func (m *rowMaker) addEnded(e *event) {
	last := len(m.ended) - 1
	if last < 0 || m.ended[last].scope.ClusterID != e.scope.ClusterID {
		first := *e
		first.ended.images, first.row = 0, &imageRow{}
		m.ended = append(m.ended, &first)
		last++
	}
	row := m.ended[last].row
	row.lost, row.end = append(row.lost, e.scope), e.end()
}

// finishImage ends the row of the present image, and drops it if it is not wanted.
func (m *rowMaker) finishImage() {
	e, byEnd := m.image, m.byEnd
	m.image, m.byEnd = nil, nil
	if e == nil {
		return
	}
	m.countEnded(byEnd)
	row := e.row
	if len(byEnd) > 0 || m.chooseKind(e) {
		row.isOffered = m.isOffered(e.imageID)
	}
	if !row.isOffered {
		row.lost = append(row.lost, byEnd...)
	}
	if m.chooseKind(e) {
		m.rows = append(m.rows, e)
	}
}

// countEnded counts an image for each cluster whose ended scopes lost it.
func (m *rowMaker) countEnded(byEnd []format.ScopeRef) {
	for i, ref := range byEnd {
		if i > 0 && byEnd[i-1].ClusterID == ref.ClusterID { // they are sorted
			continue
		}
		for _, e := range m.ended {
			if e.scope.ClusterID == ref.ClusterID {
				e.ended.images++
			}
		}
	}
}

// chooseKind sets the kind of a row: the first one that is wanted. It returns false if
// none is.
func (m *rowMaker) chooseKind(e *event) bool {
	for _, k := range []struct {
		kind   eventKind
		scopes []format.ScopeRef
	}{{kindRemoved, e.row.lost}, {kindAdded, e.row.gained}, {kindChanged, e.row.changed}} {
		if len(k.scopes) > 0 && slices.Contains(m.kinds, k.kind) {
			e.kind = k.kind
			return true
		}
	}
	return false
}

// finish returns the rows: the clusters that ended, then the images.
func (m *rowMaker) finish() []*event {
	m.finishImage()
	if !slices.Contains(m.kinds, kindEnded) {
		return m.rows
	}
	return append(m.ended, m.rows...)
}

// clustersIn returns the clusters of scopes, sorted, each once, and whether the list
// without a cluster is among the scopes.
func clustersIn(scopes []format.ScopeRef) (clusters []string, withoutCluster bool) {
	clusters = namesIn(scopes, func(ref format.ScopeRef) string { return ref.ClusterID })
	return clusters, slices.ContainsFunc(scopes, func(ref format.ScopeRef) bool { return ref.ClusterID == "" })
}

// typesIn returns the instance types of scopes, sorted, each once.
func typesIn(scopes []format.ScopeRef) []string {
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
