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
	// isOffered says that a scope of the selection offers the image when the feed ends.
	IsOffered bool
}

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

// rowMaker makes rows of images from the events of one commit. It is given the events of
// a selection in the order of eventsOf.
//
// A cluster that ends is one row. An image that only ended scopes lost has no row of its
// own then, unless nothing in the selection offers it any more: a cluster that was there
// for an hour would fill the feed with images that are still offered.
type rowMaker struct {
	kinds     []request.Kind // that are wanted
	isOffered func(imageID string) bool

	ended []*Event // the rows of clusters that ended
	rows  []*Event // those of images
	image *Event   // the present one; nil: none yet
	byEnd []format.ScopeRef
}

// add adds an event, which may change after the call.
func (m *rowMaker) add(e *Event) {
	if e.Kind == request.KindEnded {
		m.addEnded(e)
		return
	}
	if m.image == nil || m.image.ImageID != e.ImageID {
		m.finishImage()
		m.image = &Event{Commit: e.Commit, position: e.position, ImageID: e.ImageID, Row: &imageRow{}}
	}
	row := m.image.Row
	row.end = e.end()
	// The name is that after the commit, if a scope still has the image.
	if m.image.ImageName == "" || e.Kind != request.KindRemoved && len(row.Gained)+len(row.Changed) == 0 {
		m.image.ImageName = e.ImageName
	}
	switch {
	case e.Kind == request.KindAdded:
		row.Gained = append(row.Gained, e.Scope)
	case e.Kind == request.KindChanged:
		row.Changed = append(row.Changed, e.Scope)
		for _, change := range e.Fields {
			isSame := func(known catalog.FieldChange) bool {
				return known.Field == change.Field && bytes.Equal(known.Before, change.Before) &&
					bytes.Equal(known.After, change.After)
			}
			if !slices.ContainsFunc(m.image.Fields, isSame) {
				m.image.Fields = append(m.image.Fields, change)
			}
		}
	case e.isByEnd:
		m.byEnd = append(m.byEnd, e.Scope)
	default:
		row.Lost = append(row.Lost, e.Scope)
	}
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

// finishImage ends the row of the present image, and drops it if it is not wanted.
func (m *rowMaker) finishImage() {
	e, byEnd := m.image, m.byEnd
	m.image, m.byEnd = nil, nil
	if e == nil {
		return
	}
	m.countEnded(byEnd)
	row := e.Row
	if len(byEnd) > 0 || m.chooseKind(e) {
		row.IsOffered = m.isOffered(e.ImageID)
	}
	if !row.IsOffered {
		row.Lost = append(row.Lost, byEnd...)
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
			if e.Scope.ClusterID == ref.ClusterID {
				e.Ended.Images++
			}
		}
	}
}

// chooseKind sets the kind of a row: the first one that is wanted. It returns false if
// none is.
func (m *rowMaker) chooseKind(e *Event) bool {
	for _, k := range []struct {
		kind   request.Kind
		scopes []format.ScopeRef
	}{{request.KindRemoved, e.Row.Lost}, {request.KindAdded, e.Row.Gained}, {request.KindChanged, e.Row.Changed}} {
		if len(k.scopes) > 0 && slices.Contains(m.kinds, k.kind) {
			e.Kind = k.kind
			return true
		}
	}
	return false
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
