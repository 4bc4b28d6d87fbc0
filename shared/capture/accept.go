package capture

import (
	"context"
	"errors"
	"fmt"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// An operator accepts an answer that is held: its candidate is published as it is
// stored. E-HPC is not asked. What it would say at that moment is an answer that nobody
// has seen, and it may be worse than the one that was looked at.

// acceptCandidates returns a check with the stored candidate of each accepted scope. An
// element that cannot be published gets a problem in its region's report instead.
func acceptCandidates(
	ctx context.Context, sel *selection, plans []*plan, stored *snapshotReader,
) map[catalog.Scope]*archive.Check {
	checks := map[catalog.Scope]*archive.Check{}
	for _, p := range plans {
		p.accept.accepting = true
		for _, a := range sel.request.acceptances() {
			if a.scope.RegionID != p.regionID || checks[a.scope] != nil {
				continue
			}
			state, known := p.base.Scope(a.scope)
			// A repeated event finds its own work done.
			if a.digest != "" && a.digest == state.Digest && state.Candidate == nil {
				p.answered++
				continue
			}
			if reason := a.findRefusal(state, known); reason != "" {
				refuse(p, a, reason)
				continue
			}
			if c := checkWithCandidate(ctx, p, a, state, stored); c != nil {
				checks[a.scope] = c
				p.scopes = append(p.scopes, a.scope)
			}
		}
	}
	return checks
}

// findRefusal returns why the candidate of a scope cannot be accepted, or "".
func (a acceptance) findRefusal(state format.ScopeState, known bool) string {
	candidate := state.Candidate
	switch {
	case !known:
		return "no such scope is stored"
	case candidate == nil && state.State == format.StateHeld:
		return "its held answer is not known any more; the next run stores it again"
	case candidate == nil:
		return fmt.Sprintf("it has no held answer; its state is %q", state.State)
	case a.digest != "" && a.digest != candidate.Digest:
		return fmt.Sprintf("its held answer is another one now: it has digest %s and %d images", candidate.Digest,
			candidate.ImageCount)
	}
	return ""
}

// checkWithCandidate returns a check that publishes the candidate of a scope. It is nil
// if the candidate cannot be read; the plan has a problem then.
func checkWithCandidate(
	ctx context.Context, p *plan, a acceptance, state format.ScopeState, stored *snapshotReader,
) *archive.Check {
	// Reading verifies the digest, so that nothing but the candidate is published.
	s, _ := stored.readSnapshot(ctx, a.scope, state.Candidate.Digest)
	if s == nil {
		refuse(p, a, "its held answer cannot be read")
		return nil
	}
	before, inTime := stored.loadPublished(ctx, a.scope, state.Digest)
	if !inTime {
		refuse(p, a, "no time was left to read what it replaces")
		return nil
	}
	// E-HPC gave this answer when the scope was tried last, so its age counts from there.
	// If another run tries the scope meanwhile, its outcome stands and this check is lost.
	return &archive.Check{Scope: a.scope, At: state.TriedAt, State: format.StateOK, Snapshot: s, Before: before}
}

// refuse adds a problem for an element of Accept that was not published.
func refuse(p *plan, a acceptance, reason string) {
	p.accept.refused++
	p.addProblem("accept: %q is not published: %s", a.scope, reason)
}

// errNothingAccepted is joined with the reasons.
var errNothingAccepted = errors.New("no held answer was published")

// acceptError returns an error if a request accepts scopes and none was published or
// had been published before. It also adds problems for those that another run came
// first to.
func acceptError(plans []*plan, checks map[catalog.Scope]*archive.Check) error {
	reasons := []error{errNothingAccepted}
	published, refused := 0, 0
	for _, p := range plans {
		published += p.answered
		refused += p.accept.refused
		for _, scope := range p.scopes {
			// Only the state after the commit tells whether the check was lost.
			if now, _ := p.stateAfter().Scope(scope); now.Digest == checks[scope].Snapshot.Digest {
				published++
				continue
			}
			refused++
			p.addProblem("accept: %q is not published: %s", scope, explainLoss(p, scope))
		}
		// The problems of all regions are the reasons, because the answer of a failed
		// invocation has no report.
		for _, problem := range p.problems {
			reasons = append(reasons, errors.New(problem))
		}
	}
	if published > 0 || refused == 0 {
		return nil
	}
	return errors.Join(reasons...)
}

// explainLoss returns why the commit does not have the check of an accepted scope.
func explainLoss(p *plan, scope catalog.Scope) string {
	for _, c := range p.outcome.result.Checks {
		if c.Scope == scope && c.Problem != nil {
			return c.Problem.Message
		}
	}
	if p.outcome.err != nil {
		return p.outcome.err.Error()
	}
	return "another run has asked about it meanwhile"
}
