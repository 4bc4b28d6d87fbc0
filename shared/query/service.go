package query

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// Service is the handler that New returns. The methods here let another
// handler answer from the same memory: heads with their time to live and the
// fall-back during an outage, past states, image lists by digest.
type Service = service

// Region returns a region as it stands, or with at as it stood at that moment;
// at is written like the parameter of that name, and an error that is
// strconv.ErrSyntax says that it is none. confirmed is false if the store
// cannot be reached and this is what was read last; a past state needs nobody's
// confirmation. Other errors are the archive's, or say that the store did not
// answer.
func (s *service) Region(ctx context.Context, id, at string) (r *archive.Region, confirmed bool, err error) {
	m := asOf{}
	if at != "" {
		if m, err = parseAsOf(at); err != nil {
			return nil, false, fmt.Errorf("reading the moment %s: %w", quote(at), strconv.ErrSyntax)
		}
	}
	heads, served := s.states[id]
	if !served {
		return nil, false, fmt.Errorf("region %s: %w", quote(id), archive.ErrNoData)
	}
	h, err := heads.get(ctx)
	if err != nil {
		return nil, false, wrapStoreError(id, err)
	}
	if m.isInFuture(s.now()) {
		return nil, false, &archive.FutureError{Last: h.Sequence}
	}
	st, err := s.stateAsOf(ctx, h, m)
	if err != nil {
		return nil, false, err
	}
	return st.Region, !st.live || m.sequence != 0 || h.outageSince.IsZero(), nil
}

// Numbered says whether a moment, written like the parameter at, is the number
// of a commit.
func (s *service) Numbered(at string) bool {
	m, err := parseAsOf(at)
	return err == nil && m.sequence != 0
}

// Images returns the content of a scope of a state that Region returned, in
// canonical order, without the fields that are withheld.
func (s *service) Images(ctx context.Context, region string, scope archive.ScopeState) ([]*catalog.Image, error) {
	list, err := s.lists.load(ctx, region, scope)
	if err != nil {
		return nil, err
	}
	return list.images(), nil
}

// Note counts an answer of the replica among the lookups of /metrics.
func (s *service) CountReplicaAnswer(status int, took time.Duration) {
	s.lookupMetrics.replica.countLookup(status, took)
}
