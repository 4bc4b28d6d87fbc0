package archive

import (
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// Region is the state of a region after a commit. It must not be changed once it
// has been handed out, so it may be shared freely.
type Region struct {
	format.Head
	// headTag is the entity tag of the head this came from. It is empty if there
	// was no head.
	headTag string
}

// WithTables returns a copy of r that has other scopes and clusters. Both must be
// in canonical order.
func (r *Region) WithTables(scopes []format.ScopeState, clusters []catalog.Cluster) *Region {
	return &Region{Head: *r.Head.WithTables(scopes, clusters), headTag: r.headTag}
}

// clone returns a copy with tables of its own.
func (r *Region) clone() *Region { return &Region{Head: *r.Clone(), headTag: r.headTag} }
