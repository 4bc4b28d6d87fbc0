package query

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/fault"
	"community-images/shared/query/request"
)

// Restrict returns the reader for the callers of a grant. It answers from the regions
// and clusters that the grant covers, and from their history, as if nothing else
// existed.
func (s *Service) Restrict(g *access.Grant) *GrantReader { return s.readers.of(g) }

// Region returns a region at present, or as of a moment, which is written like
// the parameter at. confirmed is false if the store cannot be reached and the
// state is the last one that was read; a past state is always confirmed.
//
// The error is strconv.ErrSyntax if at is not a moment, and archive.ErrNoData
// if the region is not served. Other errors are the archive's, or say that the
// store did not answer.
func (g *GrantReader) Region(ctx context.Context, id, at string) (r *archive.Region, confirmed bool, err error) {
	m := request.AsOf{}
	if at != "" {
		if m, err = request.ParseAsOf(at); err != nil {
			return nil, false, fmt.Errorf("reading the moment %s: %w", fault.Quote(at), strconv.ErrSyntax)
		}
	}
	if !slices.Contains(g.Regions, id) {
		return nil, false, fmt.Errorf("region %s: %w", fault.Quote(id), archive.ErrNoData)
	}
	current, err := g.LoadCurrent(ctx, id)
	if err != nil {
		return nil, false, err
	}
	if m.IsInFuture(g.Now()) {
		return nil, false, &archive.FutureError{Last: current.Sequence}
	}
	st, err := g.StateAsOf(ctx, current, m)
	if err != nil {
		return nil, false, err
	}
	return st.WithListing(), !st.Live || m.Sequence != 0 || current.OutageSince.IsZero(), nil
}

// IsCommitNumber reports whether a moment, written like the parameter at, is
// the number of a commit.
func (g *GrantReader) IsCommitNumber(at string) bool {
	m, err := request.ParseAsOf(at)
	return err == nil && m.Sequence != 0
}

// Images returns the content of a scope of a state that Region returned, in
// canonical order and without the redacted fields. The caller must not change
// the slice.
func (g *GrantReader) Images(ctx context.Context, region string, scope format.ScopeState) ([]*catalog.Image, error) {
	list, err := g.sets.Lists.LoadList(ctx, region, scope)
	if err != nil {
		return nil, err
	}
	return list.Images(), nil
}

// CountReplicaAnswer counts an answer of the replica among the lookups of
// /metrics.
func (s *Service) CountReplicaAnswer(status int, took time.Duration) {
	s.counts.CountReplica(status, took)
}
