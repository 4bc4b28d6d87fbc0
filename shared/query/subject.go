package query

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"community-images/shared/apierror"
)

// subject is what a request is about in one region. It is what remains of a
// request when regions, moments and names are resolved. Its scopes and state
// are shared between calls and must not be changed.
type subject struct {
	current   currentState // the present of the region
	state     *regionState // as of the moment that is asked for
	scopes    *scopeSet    // those of state that the request selects
	freshness freshness    // of scopes
}

// resolve returns the subject of a request in a region. choose selects the
// scopes from the state that is asked for. It returns an error if the subject
// is older than the request's maxAge. With usesIndex, the index is prefetched
// beside the head of a region that has not been read yet: the answer needs
// both.
func (r *resolver) resolve(
	ctx context.Context, req *request, region string, usesIndex bool, choose func(*regionState) (*scopeSet, error),
) (*subject, error) {
	// The prefetch does not help a past state, which reads the snapshots by digest.
	isConditional := ctx.Value(conditionalKey{}) != nil
	if usesIndex && !req.at.isSet && !isConditional {
		r.prefetchIndex(ctx, region)
	}
	current, state, err := r.loadState(ctx, req, region)
	if err != nil {
		return nil, err
	}
	scopes, err := choose(state)
	if err != nil {
		return nil, err
	}
	sub := &subject{current: current, state: state, scopes: scopes}
	return sub, r.checkFreshness(req, sub)
}

// resolvePage is resolve for the routes with pages of images. A page that is
// not the first has the state that its cursor names. That keeps the pages of
// one list consistent: commits between two pages neither repeat nor hide an
// image.
func (r *resolver) resolvePage(ctx context.Context, req *request, region string) (*subject, error) {
	if req.cursor == nil {
		return r.resolve(ctx, req, region, req.selection.isEveryCluster(), func(state *regionState) (*scopeSet, error) {
			return state.selectScopes(req.selection)
		})
	}
	current, err := r.loadCurrent(ctx, region)
	if err != nil {
		return nil, err
	}
	if err := req.cursor.checkQuery(region, req); err != nil {
		return nil, err
	}
	state, scopes, err := r.stateOfCursor(ctx, req, current)
	if err != nil {
		return nil, err
	}
	sub := &subject{current: current, state: state, scopes: scopes}
	return sub, r.checkFreshness(req, sub)
}

// loadState returns the present state of a region, and the state that the
// request asks about with at.
//
// The present state is needed even for a past one: the past is read through the
// log that the head names, and answers name the freshness of the head.
func (r *resolver) loadState(
	ctx context.Context, req *request, region string,
) (current currentState, asked *regionState, err error) {
	current, err = r.loadCurrent(ctx, region)
	if err != nil {
		return currentState{}, nil, err
	}
	asked, err = r.stateAsOf(ctx, current, req.at)
	return current, asked, withParam("at", err)
}

// checkFreshness computes the freshness of a subject. It returns an error if a
// scope was checked longer ago than the request's maxAge, or never.
func (r *resolver) checkFreshness(req *request, sub *subject) error {
	// An empty scope was never checked with success, so it is older than any
	// limit.
	now, scopes := r.now(), sub.scopes
	sub.freshness = scopes.computeFreshness(sub.current, sub.state, req.at, now, r.maxStale)
	isFresh := len(scopes.scopes) == 0 || now.Sub(scopes.oldestCheck) <= req.maxAge
	if req.maxAge == 0 || isFresh && len(scopes.empty) == 0 {
		return nil
	}
	var old []string
	for _, sc := range scopes.empty {
		old = append(old, sc.Scope(scopes.region).Path()+" (never)")
	}
	for _, sc := range scopes.scopes {
		if now.Sub(sc.CheckedAt.Time) > req.maxAge {
			age := strconv.FormatInt(ageSeconds(now, sc.CheckedAt.Time), 10)
			old = append(old, sc.Scope(scopes.region).Path()+" ("+age+" s)")
		}
	}
	return &apierror.Error{
		Status:     http.StatusServiceUnavailable,
		Code:       codeTooOld,
		Message:    fmt.Sprintf("Parts of the answer were last checked more than %s ago: %s.", req.maxAge, joinNames(old)),
		Recommend:  "Try again after the next run, or use a larger maxAge.",
		RetryAfter: retryNextRun,
	}
}

// cutPage returns the bounds of the page that a request asks for, in an answer
// with total entries, and the cursor of the next page; empty: this is the last.
// The cursor binds the next page to the same query and the same content. It may
// have another limit, format or projection.
func (sub *subject) cutPage(req *request, total int) (from, to int, next string) {
	if req.cursor != nil {
		// The offset can be past the end: the cursor is the caller's text.
		from = min(req.cursor.offset, total)
	}
	to = total
	if req.limit > 0 {
		to = min(from+req.limit, total)
	}
	if to == total {
		return from, to, ""
	}
	c := cursor{
		queryHash:   shortHash(sub.scopes.region + "\n" + req.cursorKey),
		contentHash: shortHash(sub.scopes.digest),
		sequence:    sub.state.Sequence,
		offset:      to,
	}
	return from, to, c.String()
}
