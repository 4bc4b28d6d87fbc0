package state

import (
	"context"
	"net/http"
	"slices"

	"community-images/shared/apierror"
	"community-images/shared/archive/format"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/filter"
	"community-images/shared/query/request"
)

// Subject is what a request is about in one region. It is what remains of a
// request when regions, moments and names are resolved. Its scopes and state
// are shared between calls and must not be changed.
type Subject struct {
	Current   Current      // the present of the region
	State     *RegionState // as of the moment that is asked for
	Scopes    *ScopeSet    // those of state that the request selects
	Freshness Freshness    // of scopes
	// Conditions are those of the request, with the times that they mean now. Only
	// subjects of lists of images have them.
	Conditions []filter.Predicate
	namedDates
}

// Resolve returns the subject of a request in a region. choose selects the
// scopes from the state that is asked for. It returns an error if the subject
// is older than the request's maxAge. With usesIndex, the index is prefetched
// beside the head of a region that has not been read yet: the answer needs
// both.
func (r *Resolver) Resolve(
	ctx context.Context, req *request.Request, region string, usesIndex bool, choose func(*RegionState) (*ScopeSet, error),
) (*Subject, error) {
	// The prefetch does not help a past state, which reads the snapshots by digest.
	isConditional := ctx.Value(ConditionalKey{}) != nil
	if usesIndex && !req.At.IsSet && !isConditional {
		r.PrefetchIndex(ctx, region)
	}
	current, state, err := r.LoadState(ctx, req, region)
	if err != nil {
		return nil, err
	}
	return r.SelectSubject(ctx, req, current, state, choose)
}

// ResolvePage is Resolve for the routes with pages of images. A page that is
// not the first has the state that its cursor names. That keeps the pages of
// one list consistent: commits between two pages neither repeat nor hide an
// image.
func (r *Resolver) ResolvePage(ctx context.Context, req *request.Request, region string) (*Subject, error) {
	if req.Cursor == nil {
		usesIndex := req.Selection.IsEveryCluster() || len(req.DerivedFields) > 0
		return r.Resolve(ctx, req, region, usesIndex, func(state *RegionState) (*ScopeSet, error) {
			return state.SelectScopes(req.Selection)
		})
	}
	current, err := r.LoadCurrent(ctx, region)
	if err != nil {
		return nil, err
	}
	if err := req.Cursor.CheckQuery(region, req); err != nil {
		return nil, err
	}
	sub, err := r.subjectOfCursor(ctx, req, current)
	if err != nil {
		return nil, err
	}
	return sub, r.CheckFreshness(req, sub)
}

// LoadState returns the present state of a region, and the state that the
// request asks about with at.
//
// The present state is needed even for a past one: the past is read through the
// log that the head names, and answers name the freshness of the head.
func (r *Resolver) LoadState(
	ctx context.Context, req *request.Request, region string,
) (current Current, asked *RegionState, err error) {
	current, err = r.LoadCurrent(ctx, region)
	if err != nil {
		return Current{}, nil, err
	}
	asked, err = r.StateAsOf(ctx, current, req.At)
	return current, asked, WithParam("at", err)
}

// CheckFreshness computes the freshness of a subject. It returns an error if a
// scope was checked longer ago than the request's maxAge, or never.
func (r *Resolver) CheckFreshness(req *request.Request, sub *Subject) error {
	// An empty scope was never checked with success, so it is older than any
	// limit.
	now, scopes := r.Now(), sub.Scopes
	sub.Freshness = scopes.ComputeFreshness(sub.Current, sub.State, req.At, now, r.MaxStale)
	isFresh := len(scopes.Scopes) == 0 || now.Sub(scopes.OldestCheck) <= req.MaxAge
	if req.MaxAge == 0 || isFresh && len(scopes.empty) == 0 {
		return nil
	}
	var old []message.Text
	for _, sc := range scopes.empty {
		old = append(old, message.New("%s (never)", sc.Scope(scopes.Region).Path()))
	}
	for _, sc := range scopes.Scopes {
		if now.Sub(sc.CheckedAt.Time) > req.MaxAge {
			old = append(old, message.New("%s (%d s)", sc.Scope(scopes.Region).Path(), AgeSeconds(now, sc.CheckedAt.Time)))
		}
	}
	return &apierror.Error{
		Status: http.StatusServiceUnavailable,
		Code:   fault.CodeTooOld,
		Message: message.New("Parts of the answer were last checked more than %s ago: %s.", req.MaxAge,
			fault.JoinTexts(old)),
		Recommend:  message.New("Try again after the next run, or use a larger maxAge."),
		RetryAfter: retryNextRun,
	}
}

// CutPage returns the bounds of the page that a request asks for, in an answer
// with total entries, and the cursor of the next page; empty: this is the last.
// The cursor binds the next page to the same query and the same content. It may
// have another limit, format or projection.
func (sub *Subject) CutPage(req *request.Request, total int) (from, to int, next string) {
	if req.Cursor != nil {
		// The offset can be past the end: the cursor is the caller's text.
		from = min(req.Cursor.Offset, total)
	}
	to = total
	if req.Limit > 0 {
		to = min(from+req.Limit, total)
	}
	if to == total {
		return from, to, ""
	}
	c := request.Cursor{
		QueryHash:   request.ShortHash(sub.Scopes.Region + "\n" + req.CursorKey),
		ContentHash: sub.rowsHash(),
		Sequence:    sub.State.Sequence,
		Offset:      to,
	}
	return from, to, c.String()
}

// ConditionalKey marks the context of a lookup whose caller may have the answer
// already. Data that only the body needs is then not prefetched.
type ConditionalKey struct{}

// OmitsClusters reports whether a subject is only what every cluster supports, while
// more is captured.
func (sub *Subject) OmitsClusters() bool {
	hasCluster := func(sc format.ScopeState) bool { return sc.ClusterID != "" }
	return !slices.ContainsFunc(sub.Scopes.Scopes, hasCluster) && sub.State.ScopeCount() > len(sub.State.ScopesOf(""))
}
