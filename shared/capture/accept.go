package capture

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// An operator accepts an answer that is held: its candidate is published as it is
// stored. E-HPC is not asked. What it would say at that moment is an answer that nobody
// has seen, and it may be worse than the one that was looked at.

// acceptance is one element of Request.Accept.
type acceptance struct {
	// scope is the scope whose candidate is to be published.
	scope catalog.Scope
	// digest is that of the candidate that the operator has seen. It is empty if any
	// candidate will do.
	digest string
}

// digestPattern matches the digest of a snapshot: SHA-256 in lower-case hex.
var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// acceptForm describes an element of Request.Accept, for errors.
const acceptForm = "<RegionId>/<ClusterId or " + catalog.Any + ">/<InstanceType or " + catalog.Any + ">[@<Digest>]"

// parseAcceptance reads an element of Request.Accept.
func parseAcceptance(text string) (acceptance, error) {
	// No part of a scope may contain "@", so the first one begins the digest.
	name, digest, pinned := strings.Cut(text, "@")
	region, path, _ := strings.Cut(name, "/")
	scope, err := catalog.ParseScopePath(region, path)
	if err != nil {
		return acceptance{}, fmt.Errorf("accept: %q is not a scope of the form %s", text, acceptForm)
	}
	if pinned && !digestPattern.MatchString(digest) {
		return acceptance{}, fmt.Errorf("accept: the digest of %q must be 64 characters of 0-9 a-f", text)
	}
	return acceptance{scope: scope, digest: digest}, nil
}

// validateAccept returns an error for the first element of Accept that is not valid,
// or if other members of the request would leave out scopes.
func (r Request) validateAccept(s Settings) error {
	if len(r.Accept) > 0 && (len(r.Clusters) > 0 || len(r.InstanceTypes) > 0 || r.Shard.Count > 0) {
		return errors.New(`accept: cannot be combined with "clusters", "instanceTypes" or "shard"`)
	}
	for _, text := range r.Accept {
		a, err := parseAcceptance(text)
		if err != nil {
			return err
		}
		region := a.scope.RegionID
		if !slices.Contains(s.Regions, region) {
			return fmt.Errorf("accept: the region of %q is not captured here; allowed are %s (setting EHPC_REGIONS)",
				text, strings.Join(s.Regions, ", "))
		}
		if !allows(r.Regions, region) {
			return fmt.Errorf(`accept: the region of %q is not one of the "regions" of the event: %s`,
				text, strings.Join(r.Regions, ", "))
		}
	}
	return nil
}

// acceptances returns the parsed elements of Accept. An element that is not valid is
// left out; Validate has refused it.
func (r Request) acceptances() []acceptance {
	var list []acceptance
	for _, text := range r.Accept {
		if a, err := parseAcceptance(text); err == nil {
			list = append(list, a)
		}
	}
	return list
}

// acceptedRegions returns the regions of the scopes that the request accepts.
func (r Request) acceptedRegions() []string {
	var regions []string
	for _, a := range r.acceptances() {
		regions = append(regions, a.scope.RegionID)
	}
	return regions
}

// acceptCandidates returns a check with the stored candidate of each accepted scope. An
// element that cannot be published gets a problem in its region's report instead.
func (r *runner) acceptCandidates(ctx context.Context, plans []*plan) map[catalog.Scope]*archive.Check {
	checks := map[catalog.Scope]*archive.Check{}
	for _, p := range plans {
		p.accepting = true
		for _, a := range r.request.acceptances() {
			if a.scope.RegionID != p.base.RegionID || checks[a.scope] != nil {
				continue
			}
			state, known := p.base.Scope(a.scope)
			// A repeated event finds its own work done.
			if a.digest != "" && a.digest == state.Digest && state.Candidate == nil {
				p.report.Answered++
				continue
			}
			if reason := a.findRefusal(state, known); reason != "" {
				p.refuse(a, reason)
				continue
			}
			if c := r.checkWithCandidate(ctx, p, a, state); c != nil {
				checks[a.scope] = c
				p.scopes = append(p.scopes, a.scope)
			}
		}
	}
	return checks
}

// findRefusal returns why the candidate of a scope cannot be accepted, or "".
func (a acceptance) findRefusal(state archive.ScopeState, known bool) string {
	candidate := state.Candidate
	switch {
	case !known:
		return "no such scope is stored"
	case candidate == nil && state.State == archive.Held:
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
func (r *runner) checkWithCandidate(
	ctx context.Context, p *plan, a acceptance, state archive.ScopeState,
) *archive.Check {
	// Reading verifies the digest, so that nothing but the candidate is published.
	s, _ := r.readSnapshot(ctx, a.scope, state.Candidate.Digest)
	if s == nil {
		p.refuse(a, "its held answer cannot be read")
		return nil
	}
	before, inTime := r.loadPublished(ctx, &task{scope: a.scope, known: state})
	if !inTime {
		p.refuse(a, "no time was left to read what it replaces")
		return nil
	}
	// E-HPC gave this answer when the scope was tried last, so its age counts from there.
	// If another run tries the scope meanwhile, its outcome stands and this check is lost.
	return &archive.Check{Scope: a.scope, At: state.TriedAt, State: archive.OK, Snapshot: s, Before: before}
}

// refuse adds a problem for an element of Accept that was not published.
func (p *plan) refuse(a acceptance, reason string) {
	p.refused++
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
		published += p.report.Answered
		refused += p.refused
		for _, scope := range p.scopes {
			// Only the state after the commit tells whether the check was lost.
			if now, _ := p.report.State.Scope(scope); now.Digest == checks[scope].Snapshot.Digest {
				published++
				continue
			}
			refused++
			p.report.Problems = append(p.report.Problems,
				fmt.Sprintf("accept: %q is not published: %s", scope, p.report.explainLoss(scope)))
		}
		// The problems of all regions are the reasons, because the answer of a failed
		// invocation has no report.
		for _, problem := range p.report.Problems {
			reasons = append(reasons, errors.New(problem))
		}
	}
	if published > 0 || refused == 0 {
		return nil
	}
	return errors.Join(reasons...)
}

// explainLoss returns why the commit does not have the check of an accepted scope.
func (r *RegionReport) explainLoss(scope catalog.Scope) string {
	for _, f := range r.Failed {
		if f.Scope == scope.String() {
			return f.Message
		}
	}
	if r.Error != "" {
		return r.Error
	}
	return "another run has asked about it meanwhile"
}
