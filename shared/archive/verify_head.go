package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"community-images/shared/catalog"
)

// head compares the head with the replayed log. What only the head says, the
// times of checks and the listing, nothing can contradict.
func (v *verifier) head(r *Region) error {
	key, err := v.keys.Head(r.RegionID)
	if err != nil {
		return err
	}
	data, tag, err := v.bucket.Get(v.ctx, key, "")
	v.headTag = tag
	if errors.Is(err, fs.ErrNotExist) {
		v.fault(key, "it is missing")
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading head %q: %w", key, err)
	}
	h, err := decodeHead(r.RegionID, data)
	if err != nil {
		v.fault(key, "%v", err)
		return nil
	}
	if err := v.place(key, h, r); err != nil {
		return err
	}
	v.claim = h.IndexSequence
	if !slices.EqualFunc(h.Clusters, r.Clusters, catalog.Cluster.Equal) && h.Sequence == r.Sequence {
		v.fault(key, "its clusters are not those of the log")
	}
	return v.scopes(key, h, r)
}

// place proves where in the log the head says that it is.
func (v *verifier) place(key string, h, r *Region) error {
	ends, err := v.ends(h.log)
	if err != nil {
		return err
	}
	switch {
	case h.Sequence != r.Sequence || h.log.hash != v.last.hash:
		v.fault(key, "it is of commit %d, the log ends with %d", h.Sequence, r.Sequence)
	case h.Sequence > 0 && !ends:
		v.fault(key, "it names a place that the log does not have")
	case h.CommittedAt != r.CommittedAt:
		v.fault(key, "it dates commit %d to %q, the log to %q", h.Sequence, h.CommittedAt, r.CommittedAt)
	case !slices.Equal(h.Files, r.Files):
		v.fault(key, "its months are not those of the log")
	case h.IndexSequence > r.Sequence:
		v.fault(key, "it says that the index goes to commit %d, the log ends with %d", h.IndexSequence, r.Sequence)
	}
	return nil
}

// ends says whether p is the end of the log: its last line, or bytes after it
// that are none.
func (v *verifier) ends(p position) (bool, error) {
	want := v.last
	if p.month != want.month || p.length <= want.length {
		return p == want, nil
	}
	key, err := v.keys.Log(v.audit.RegionID, p.month)
	if err != nil {
		return false, err
	}
	before, err := v.bucket.GetFrom(v.ctx, key, p.length-1, 1)
	if err != nil {
		return false, fmt.Errorf("reading log %q: %w", key, err)
	}
	if len(before) == 0 {
		return false, nil
	}
	want.length, want.torn = p.length, before[0] != '\n'
	return p == want, nil
}

// scopes compares what the head says of each scope.
func (v *verifier) scopes(key string, h, r *Region) error {
	for _, s := range r.Scopes {
		scope := s.Scope(r.RegionID)
		if t, ok := h.Scope(scope); !ok || t.published() != s.published() {
			v.fault(key, "scope %q is not as the log has it", scope.Path())
		}
	}
	for _, t := range h.Scopes {
		scope := t.Scope(r.RegionID)
		if _, ok := r.Scope(scope); !ok {
			v.fault(key, "scope %q is not in the log", scope.Path())
		}
		if t.Candidate != nil {
			if _, err := v.snapshot(key, t.Scope(r.RegionID), t.Candidate.Digest); err != nil {
				return err
			}
		}
	}
	return nil
}

// same says whether two states of a region are the same, as far as the log
// tells.
func (r *Region) same(other *Region) bool {
	return slices.EqualFunc(r.Clusters, other.Clusters, catalog.Cluster.Equal) &&
		slices.EqualFunc(r.Scopes, other.Scopes, func(a, b ScopeState) bool { return a.published() == b.published() })
}

// published is what the log says of a scope.
func (s ScopeState) published() ScopeState {
	s.Candidate, s.CheckedAt, s.Fingerprint, s.Problem, s.TriedAt = nil, catalog.Time{}, "", nil, catalog.Time{}
	return s
}
