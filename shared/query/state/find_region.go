package state

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/request"
	"community-images/shared/query/source"
)

// FindRegion returns the region that a request is about: the one that it names,
// the only one, the one that its cursor was made in, or the only one that has
// the named clusters or images.
func (r *Resolver) FindRegion(ctx context.Context, req *request.Request) (string, error) {
	switch {
	case req.Region != "":
		return req.Region, nil
	case len(r.Regions) == 1:
		return r.Regions[0], nil
	}
	if region, ok := r.regionOfCursor(req); ok {
		return region, nil
	}
	namesCluster := NamesClusters(req)
	if !namesCluster && req.WantedImageIDs() == nil {
		return "", r.RegionRequiredError(SeveralConfigured)
	}
	// No two regions have clusters of the same id, but images have the same ids
	// in several.
	found := r.searchRegions(ctx, namesCluster, func(current Current) (bool, error) {
		return r.regionHasNamed(ctx, req, current)
	})
	// The log costs more to read, so it is asked only about clusters that no
	// region has now.
	if found.count == 0 && namesCluster && req.AllowsEndedClusters() {
		found = r.searchRegions(ctx, true, func(current Current) (bool, error) {
			return r.regionHadNamed(ctx, req, current)
		})
	}
	return r.decideRegion(ctx, req, found)
}

// FindRegionWith returns the region that a request names, the only one, or the only one for
// which has returns true. notFound makes the error if has returns false for all.
func (r *Resolver) FindRegionWith(
	ctx context.Context, req *request.Request, has func(Current) (bool, error), notFound func() error,
) (string, error) {
	switch {
	case req.Region != "":
		return req.Region, nil
	case len(r.Regions) == 1:
		return r.Regions[0], nil
	}
	found := r.searchRegions(ctx, false, has)
	if found.count == 0 && found.failure == nil && found.withoutData < len(r.Regions) {
		return "", notFound()
	}
	return r.decideRegion(ctx, req, found)
}

// decideRegion returns the region that a search has found, or the error that
// says why it found none or several.
func (r *Resolver) decideRegion(ctx context.Context, req *request.Request, found regionSearch) (string, error) {
	namesCluster := NamesClusters(req)
	switch {
	case found.count > 1:
		return "", r.RegionRequiredError(severalMatch)
	case found.count == 1 && found.failure != nil && namesCluster:
		// Another region could not be read, but it cannot have the cluster too.
		if !found.skipped {
			r.Report(ctx, "", found.failure)
		}
		return found.region, nil
	case found.failure != nil:
		// The region that could not be read may have what is asked for.
		return "", regionUndecidedError(found.failure)
	case found.count == 1:
		return found.region, nil
	case found.withoutData == len(r.Regions):
		return "", r.nothingCapturedError()
	case namesCluster:
		return "", r.clusterInNoRegionError(ctx, req)
	}
	return "", ImageNeverOffered(strings.Join(req.WantedImageIDs(), ","), r.Regions...)
}

// regionOfCursor returns the region that the request's cursor was made in. What
// the request names may have ended there since.
func (r *Resolver) regionOfCursor(req *request.Request) (region string, ok bool) {
	if c := req.Since.Cursor; c != nil { // request.checkFeedStart has found it among the regions
		return c.Region, true
	}
	if req.Cursor == nil {
		return "", false
	}
	// A cursor of pages holds a hash of its region and query, not the region itself.
	i := slices.IndexFunc(r.Regions, func(region string) bool { return req.Cursor.CheckQuery(region, req) == nil })
	if i < 0 {
		return "", false
	}
	return r.Regions[i], true
}

// regionSearch is the result of a search through every region.
type regionSearch struct {
	// region is the first region that has what is searched. Empty: none has it.
	region string
	// count is how many regions have it.
	count int
	// withoutData is how many regions nothing has been captured of. Such a
	// region does not have it.
	withoutData int
	// failure is the error of the first region that could not be read, if any.
	failure error
	// skipped says that a region was not read again because its last read had
	// failed just before. failure then is that read's.
	skipped bool
}

// searchRegions asks has about every region. It does not wait for a region
// whose last read failed just now if the others give the answer. unique says
// that at most one region can have what is searched.
func (r *Resolver) searchRegions(
	ctx context.Context, unique bool, has func(Current) (bool, error),
) regionSearch {
	found := r.searchRegionsOnce(ctx, true, has)
	// Without the skipped region the answer is open, so it is worth waiting for.
	if found.skipped && (found.count == 0 || found.failure != nil && !unique) {
		return r.searchRegionsOnce(ctx, false, has)
	}
	return found
}

// searchRegionsOnce is one pass of searchRegions. With skipFailing it takes the
// recent failure of a region for its answer.
func (r *Resolver) searchRegionsOnce(
	ctx context.Context, skipFailing bool, has func(Current) (bool, error),
) (found regionSearch) {
	for _, region := range r.Regions {
		ok, skipped, err := r.searchRegion(ctx, region, skipFailing, has)
		found.skipped = found.skipped || skipped
		switch {
		case errors.Is(err, archive.ErrNoData):
			found.withoutData++
		case err != nil:
			found.failure = cmp.Or(found.failure, err)
		case ok:
			found.region = cmp.Or(found.region, region)
			found.count++
		}
	}
	return found
}

// searchRegion asks has about one region.
func (r *Resolver) searchRegion(
	ctx context.Context, region string, skipFailing bool, has func(Current) (bool, error),
) (ok, skipped bool, err error) {
	if skipFailing {
		if err := r.recentFailure(region); err != nil {
			return false, true, err
		}
	}
	current, err := r.LoadCurrent(ctx, region)
	if err != nil {
		return false, false, err
	}
	ok, err = has(current)
	return ok, false, err
}

// regionUndecidedError returns the error for a region that could not be read and may
// have what the request names.
func regionUndecidedError(err error) error {
	// The error is copied: others may hold it.
	e := *ToAPIError(err)
	e.Recommend = message.Sentences(message.New("Supply RegionId to ask another region alone."), e.Recommend)
	return &e
}

// nothingCapturedError returns the error if no region has data.
func (r *Resolver) nothingCapturedError() error {
	return &source.NoDataError{Regions: r.Regions, Err: archive.ErrNoData}
}

// RegionRequiredError returns the error that asks for RegionId. reason says why it is
// required.
func (r *Resolver) RegionRequiredError(reason message.Template) error {
	return fault.NewError([]fault.Fault{{
		Code: fault.CodeMissing, Name: "RegionId", Reason: message.New(reason), Allowed: message.Choice(r.Regions),
	}})
}

// Reasons for which RegionId is required.
const (
	SeveralConfigured message.Template = "is required because several regions are configured"
	severalMatch      message.Template = "is required because several regions match the request"
)

// NamesClusters reports whether a request names a cluster by its id.
func NamesClusters(req *request.Request) bool {
	return slices.ContainsFunc(req.Selection.Clusters, request.IsOneCluster)
}

// regionHasNamed reports whether a region has one of the clusters that a
// request names. If it names none, regionHasNamed reports whether the region
// has or had one of the images.
func (r *Resolver) regionHasNamed(ctx context.Context, req *request.Request, current Current) (bool, error) {
	if NamesClusters(req) {
		return slices.ContainsFunc(req.Selection.Clusters, func(name string) bool {
			return name != "" && current.hasCluster(name)
		}), nil
	}
	for _, id := range req.WantedImageIDs() {
		if ok, err := r.HasImage(ctx, current, id); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// regionHadNamed reports whether a region had one of the clusters that a request names,
// and which have ended.
func (r *Resolver) regionHadNamed(ctx context.Context, req *request.Request, current Current) (bool, error) {
	ended, err := r.endedScopes(ctx, current)
	return slices.ContainsFunc(ended, func(ref format.ScopeRef) bool {
		return ref.ClusterID != "" && slices.Contains(req.Selection.Clusters, ref.ClusterID)
	}), err
}

// clusterInNoRegionError returns the error for clusters that no region has. It lists
// the clusters of all regions.
func (r *Resolver) clusterInNoRegionError(ctx context.Context, req *request.Request) error {
	e := &fault.ClusterError{Regions: r.Regions}
	for _, name := range req.Selection.NamedClusters() {
		e.Missing = append(e.Missing, fault.MissingCluster{Name: name})
	}
	// The list helps to find a slip of the keyboard; regions that cannot be read
	// are left out.
	for _, region := range r.Regions {
		if current, err := r.LoadCurrent(ctx, region); err == nil {
			e.Clusters = append(e.Clusters, current.namedClusters()...)
		}
	}
	return e
}
