package state

import (
	"context"
	"errors"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/query/request"
)

// ResolveRegions returns the subject of a request in each of the regions,
// without its freshness. A region that cannot be read is left out, and named in
// the freshness that is returned, if there are others and the request has no
// maxAge.
func (r *Resolver) ResolveRegions(
	ctx context.Context, req *request.Request, regions []string,
) (subjects []*Subject, f Freshness, err error) {
	subjects, failures := r.loadSubjects(ctx, req, regions)
	failure := chooseFailure(regions, failures)
	// A region without data is normal while others have some: it may be new.
	onlyEmpty := len(regions) > 1 && errors.Is(failure, archive.ErrNoData)
	switch {
	case len(subjects) == 0 && onlyEmpty:
		return nil, f, r.nothingCapturedError()
	// A missing region has no check at all, which no maxAge allows.
	case len(subjects) == 0 || failure != nil && req.MaxAge > 0:
		return nil, f, failure
	}
	if err := checkSelectionExists(req.Selection, subjects); err != nil {
		if failure != nil && !onlyEmpty { // the unread region may have it
			return nil, f, regionUndecidedError(failure)
		}
		return nil, f, err
	}
	for _, region := range regions {
		if err := failures[region]; err != nil {
			f = f.Merge(FreshnessOfMissingRegion(r.ReportRegionError(ctx, err)), region, true)
		}
	}
	return subjects, f, nil
}

// chooseFailure returns the error that stands for those of several regions; nil: all
// can be read. An error of the store tells more than one that there is no data yet.
func chooseFailure(regions []string, failures map[string]error) (failure error) {
	for _, region := range regions {
		err := failures[region]
		if err != nil && (failure == nil || errors.Is(failure, archive.ErrNoData)) {
			failure = err
		}
	}
	return failure
}

// loadSubjects returns the subjects of a request in the regions that can be
// read, and the errors of the others.
func (r *Resolver) loadSubjects(
	ctx context.Context, req *request.Request, regions []string,
) (subjects []*Subject, failures map[string]error) {
	failures = map[string]error{}
	for _, region := range regions {
		current, state, err := r.LoadState(ctx, req, region)
		if err != nil {
			failures[region] = err
			continue
		}
		scopes := state.listedScopes(req.Selection)
		subjects = append(subjects, &Subject{Current: current, State: state, Scopes: scopes})
	}
	return subjects, failures
}

// ReportRegionError returns the error for a region that is left out of an
// answer, and reports its cause. A region without data is not reported: it may
// not have had its first run.
func (r *Resolver) ReportRegionError(ctx context.Context, err error) *apierror.Error {
	e := ToAPIError(err)
	if e.Cause != nil && !errors.Is(err, archive.ErrNoData) {
		r.Report(ctx, "", e.Cause)
	}
	return e
}

// FreshnessOfMissingRegion returns the freshness of a region that is left out
// because of e: all of it is stale.
func FreshnessOfMissingRegion(e *apierror.Error) Freshness {
	return Freshness{Stale: []StaleScope{{Scope: "*", Reason: e.Message}}}
}
