package fsck

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"community-images/shared/catalog"

	"community-images/shared/archive/format"
)

// verifyHead compares the head with r, the state at the end of the log. Nothing can
// contradict what only the head says: the times of checks and the listing.
func (v *verifier) verifyHead(r *format.Head) error {
	key, err := v.keys.Head(r.RegionID)
	if err != nil {
		return err
	}
	// The tag tells later whether a run has put another head meanwhile.
	data, tag, err := v.bucket.Get(v.ctx, key, "")
	v.headTag = tag
	if errors.Is(err, fs.ErrNotExist) {
		v.report(key, "it is missing")
		v.markBehind(key, len(v.audit.Findings)-1)
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading head %q: %w", key, err)
	}
	// Runs rebuild a head that cannot be read, so the check ends with a finding.
	h, err := format.DecodeHead(r.RegionID, data)
	if err := format.CheckVersion(key, err); err != nil {
		return err
	}
	if err != nil {
		v.report(key, "%v", err)
		return nil
	}
	before := len(v.audit.Findings)
	if err := v.verifyHeadPosition(key, h, r); err != nil {
		return err
	}
	v.indexClaim, v.indexImages = h.IndexSequence, h.IndexImages
	v.verifyIndexedMonths(h.MonthIndex)
	if h.Sequence == r.Sequence {
		v.verifyHeadMembers(key, h, r)
	}
	if err := v.verifyHeadScopes(key, h, r); err != nil {
		return err
	}
	if h.Sequence < r.Sequence { // all that differs may have come with later commits
		v.markBehind(key, before)
	}
	return nil
}

// verifyHeadMembers checks what the head h says beside scopes against r, the state after the
// same commit.
func (v *verifier) verifyHeadMembers(key string, h, r *format.Head) {
	if !slices.EqualFunc(h.Clusters(), r.Clusters(), catalog.Cluster.Equal) {
		v.report(key, "its clusters are not those of the log")
	}
	if !h.Aliases.Equal(r.Aliases) {
		v.report(key, "its aliases are not those of the log")
	}
	if !h.SimulatedUntil.Equal(r.SimulatedUntil.Time) {
		v.report(key, "it says that history is simulated until %q, and the log says %q",
			h.SimulatedUntil, r.SimulatedUntil)
	}
}

// verifyHeadPosition checks what the head h says of its commit and of the log.
func (v *verifier) verifyHeadPosition(key string, h, r *format.Head) error {
	atEnd, err := v.isLogEnd(h.Log)
	if err != nil {
		return err
	}
	switch {
	case h.Sequence != r.Sequence || h.Log.Hash != v.logEnd.Hash:
		v.report(key, "it is of commit %d, the log ends with %d", h.Sequence, r.Sequence)
	case h.Sequence > 0 && !atEnd:
		v.report(key, "it names a position that the log does not have")
	case h.CommittedAt != r.CommittedAt:
		v.report(key, "it dates commit %d to %q, the log to %q", h.Sequence, h.CommittedAt, r.CommittedAt)
	case !slices.Equal(h.Files, r.Files):
		v.report(key, "its months are not those of the log")
	case h.IndexSequence > r.Sequence:
		v.report(key, "it says that the index goes to commit %d, the log ends with %d", h.IndexSequence, r.Sequence)
	}
	return nil
}

// isLogEnd reports whether p is the end of the log: after its last commit, or after
// bytes behind that which are no commit.
func (v *verifier) isLogEnd(p format.LogPosition) (bool, error) {
	want := v.logEnd
	if p.Month != want.Month || p.Length <= want.Length {
		return p == want, nil
	}
	// The head may count bytes of a writer that died. Then the last of them says whether its
	// line was finished.
	key, err := v.keys.Log(v.audit.RegionID, p.Month)
	if err != nil {
		return false, err
	}
	before, err := v.bucket.GetFrom(v.ctx, key, p.Length-1, 1)
	if err != nil {
		return false, fmt.Errorf("reading log %q: %w", key, err)
	}
	if len(before) == 0 {
		return false, nil
	}
	want.Length, want.Torn = p.Length, before[0] != '\n'
	return p == want, nil
}

// verifyHeadScopes compares what the head h says of each scope with r.
func (v *verifier) verifyHeadScopes(key string, h, r *format.Head) error {
	for _, s := range r.Scopes() {
		scope := s.Scope(r.RegionID)
		if t, ok := h.Scope(scope); !ok || loggedPart(t) != loggedPart(s) {
			v.report(key, "scope %q is not as the log has it", scope.Path())
		}
	}
	for _, t := range h.Scopes() {
		scope := t.Scope(r.RegionID)
		if _, ok := r.Scope(scope); !ok {
			v.report(key, "scope %q is not in the log", scope.Path())
		}
		if t.Candidate != nil {
			if _, err := v.verifySnapshot(key, scope, t.Candidate.Digest); err != nil {
				return err
			}
		}
	}
	return nil
}

// hasSameHistory reports whether two states say the same, as far as the log can
// tell.
func hasSameHistory(r, other *format.Head) bool {
	isSameScope := func(a, b format.ScopeState) bool { return loggedPart(a) == loggedPart(b) }
	return r.Aliases.Equal(other.Aliases) &&
		r.SimulatedUntil.Equal(other.SimulatedUntil.Time) &&
		slices.EqualFunc(r.Clusters(), other.Clusters(), catalog.Cluster.Equal) &&
		slices.EqualFunc(r.Scopes(), other.Scopes(), isSameScope)
}

// loggedPart returns s without what only the head says.
func loggedPart(s format.ScopeState) format.ScopeState {
	s.Candidate, s.CheckedAt, s.Fingerprint, s.Problem, s.TriedAt = nil, catalog.Time{}, "", nil, catalog.Time{}
	return s
}
