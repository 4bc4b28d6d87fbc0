package query

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"community-images/shared/apierror"
	"community-images/shared/archive"
)

// serveImages serves /v1/images.
func (s *service) serveImages(ctx context.Context, a *request) (*answer, error) {
	region, err := s.findRegion(ctx, a)
	if err != nil {
		return nil, err
	}
	h, st, v, err := s.resolveRequest(ctx, a, region)
	if err != nil {
		return nil, err
	}
	f := v.computeFreshness(h, st, a.at, s.now(), s.maxStale)
	if err := a.checkMaxAge(v, s); err != nil {
		return nil, err
	}
	return &answer{
		freshness: &f, region: region, lastModified: v.newestContent, immutable: isImmutable(a, false, shownState{a.at, st}),
		etag: makeETag(v.digest, a.canonical, a.format),
		render: func(ctx context.Context, prefix []byte) (*body, error) {
			p, err := s.buildPage(ctx, a, st, v)
			if err != nil {
				return nil, err
			}
			return &body{bytes: p.render(prefix), next: p.next, total: strconv.Itoa(len(p.places))}, nil
		},
	}, nil
}

// resolveRequest finds the state and the view that a request is about.
func (s *service) resolveRequest(ctx context.Context, a *request, region string) (currentState, *regionState, *scopeSet, error) {
	if a.cursor != nil {
		return s.resolveNextPage(ctx, a, region)
	}
	if a.selection.isEveryCluster() {
		s.prefetchIndex(ctx, a, region)
	}
	h, st, err := s.loadState(ctx, a, region)
	if err != nil {
		return h, nil, nil, err
	}
	v, err := st.selectScopes(a.selection)
	return h, st, v, err
}

// prefetchIndex begins to read the catalogue of a region of which nothing is known
// yet, beside the head: what is asked for needs both.
func (s *service) prefetchIndex(ctx context.Context, a *request, region string) {
	if s.full == nil && !a.at.set && ctx.Value(conditionalKey{}) == nil && !s.states[region].hasState() {
		s.lists.prefetchIndex(ctx, region)
	}
}

// resolveNextPage is choose for a page that is not the first.
func (s *service) resolveNextPage(ctx context.Context, a *request, region string) (currentState, *regionState, *scopeSet, error) {
	h, err := s.states[region].get(ctx)
	if err != nil {
		return h, nil, nil, wrapStoreError(region, err)
	}
	if err := a.cursor.checkQuery(region, a); err != nil {
		return h, nil, nil, err
	}
	st, v, err := s.stateOfCursor(ctx, a, h)
	return h, st, v, err
}

// buildPage runs the stages from the set on.
func (s *service) buildPage(ctx context.Context, a *request, st *regionState, v *scopeSet) (*imagePage, error) {
	set, err := s.sets.load(ctx, v)
	var damaged *archive.DamagedError
	if errors.As(err, &damaged) && a.cursor != nil && !st.live {
		return nil, newCursorExpiredError(err)
	}
	if err != nil {
		return nil, err
	}
	places, err := s.findMatchingImages(a, set)
	if err != nil {
		return nil, err
	}
	p := &imagePage{schema: s.schema, set: set, request: a}
	if a.facets != nil {
		p.facets = countFacets(set, places, a.facets)
	}
	if a.latestBy != nil {
		places = firstOfEachGroup(set, places, a.latestBy)
	}
	if len(places) < a.minCount {
		return nil, tooFewMatches(len(places), a.minCount)
	}
	from := 0
	if a.cursor != nil {
		from = min(a.cursor.offset, len(places))
	}
	to := min(from+a.limit, len(places))
	p.places, p.from, p.to = places, int32(from), int32(to)
	if to < len(places) {
		next := cursor{queryHash: shortHash(v.region + "\n" + a.cursorKey), contentHash: shortHash(v.digest), sequence: st.Sequence, offset: to}
		p.next = next.String()
	}
	return p, nil
}

// findMatchingImages are the places of the images that meet the conditions, sorted.
func (s *service) findMatchingImages(a *request, set *imageSet) ([]int32, error) {
	keys := a.sort
	if a.latestBy != nil && keys == nil {
		keys = s.newestVersionFirst()
	}
	places := set.allPlaces
	if a.imageIDs != nil {
		places = set.placesWithIDs(a.imageIDs)
	}
	places, err := a.matchImages(set, places)
	if err != nil {
		return nil, err
	}
	if len(keys) > 0 {
		places = slices.Clone(places)
		set.owner.indexes.sortPlaces(set, keys, places)
	}
	return places, nil
}

// newestVersionFirst is the order of latestBy if none is asked for.
func (s *service) newestVersionFirst() []sortKey {
	return []sortKey{{s.schema.fieldNamed("OsTag.Version"), true}}
}

// checkMaxAge holds the answer against maxAge.
func (a *request) checkMaxAge(v *scopeSet, s *service) error {
	now := s.now()
	if a.maxAge == 0 || (len(v.scopes) == 0 || now.Sub(v.oldestCheck) <= a.maxAge) && len(v.empty) == 0 {
		return nil
	}
	var old []string
	for _, sc := range v.empty {
		old = append(old, sc.Scope(v.region).Path()+" (never)")
	}
	for _, sc := range v.scopes {
		if now.Sub(sc.CheckedAt.Time) > a.maxAge {
			old = append(old, sc.Scope(v.region).Path()+" ("+strconv.FormatInt(ageSeconds(now, sc.CheckedAt.Time), 10)+" s)")
		}
	}
	return &apierror.Error{Status: http.StatusServiceUnavailable, Code: codeTooOld, RetryAfter: retryNextRun, Recommend: "Try again after the next run, or allow a greater maxAge.",
		Message: fmt.Sprintf("Parts of the answer were checked longer than %s ago: %s.", a.maxAge, joinNames(old))}
}

func tooFewMatches(found, least int) error {
	return &apierror.Error{Status: http.StatusNotFound, Code: codeNoMatch, Message: fmt.Sprintf("%d images match, at least %d are demanded by minCount.", found, least), Recommend: "Loosen the conditions; facets= shows which values there are."}
}
