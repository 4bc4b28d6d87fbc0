package replica

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// chooseRegion returns RegionId, else the region in the path, else the only
// region that the caller may see. A region outside the grant is reported as
// nonexistent.
func (c *call) chooseRegion() (string, error) {
	allowed := c.allowedRegions()
	// SDKs always send RegionId; a person with curl writes the path.
	region := cmp.Or(c.params["RegionId"], c.pathRegion)
	if region == "" && len(allowed) == 1 {
		region = allowed[0]
	}
	switch {
	case region == "":
		recommend := "Supply one of " + strings.Join(allowed, ", ") + ", or put it in the path."
		if c.asOf != "" && c.options.Source(c.grant).IsCommitNumber(c.asOf) {
			recommend = "Each region counts its own commits. " + recommend
		}
		return "", missingParameter("RegionId", recommend)
	case !slices.Contains(allowed, region):
		return "", apierror.New(http.StatusNotFound, "InvalidRegionId.NotFound",
			"The specified RegionId does not exist.", "Regions here are "+strings.Join(allowed, ", ")+".")
	}
	return region, nil
}

// findRegionOfCluster finds the region of the requested cluster, if no region is
// named and the caller may see several.
func (c *call) findRegionOfCluster(ctx context.Context) error {
	cluster := c.params["ClusterId"]
	if cluster == "" || len(c.allowedRegions()) == 1 || cmp.Or(c.params["RegionId"], c.pathRegion) != "" {
		return nil
	}
	// No two regions have clusters of the same id, so the first one is it.
	found := ""
	err := c.forEachRegion(ctx, c.allowedRegions(), func(r *archive.Region, _ bool) bool {
		if _, ok := r.Scope(catalog.Scope{RegionID: r.RegionID, ClusterID: cluster}); ok {
			found = r.RegionID
		}
		return found == ""
	})
	switch {
	case err != nil:
		return err
	case found == "":
		return clusterNotFound()
	}
	// chooseRegion takes it from here, as if the path had named it.
	c.pathRegion = found
	return nil
}

// allowedRegions returns the served regions that the grant covers.
func (c *call) allowedRegions() []string {
	return slices.DeleteFunc(slices.Clone(c.options.Regions), func(id string) bool { return !c.grant.CoversRegion(id) })
}

// loadRegion returns the requested region as of the requested time. confirmed is
// false if the store cannot be reached and the data is what was read last.
func (c *call) loadRegion(ctx context.Context) (r *archive.Region, confirmed bool, err error) {
	region, err := c.chooseRegion()
	if err != nil {
		return nil, false, err
	}
	err = c.forEachRegion(ctx, []string{region}, func(one *archive.Region, sure bool) bool {
		r, confirmed = one, sure
		return true
	})
	return r, confirmed, err
}

// forEachRegion calls visit with each region as of the requested time, until
// visit returns false. It skips regions that have no data at that time, and
// returns an error if all are like that. It also returns an error if a region
// cannot be read, because that region may have what is looked for.
func (c *call) forEachRegion(ctx context.Context, regions []string,
	visit func(r *archive.Region, confirmed bool) bool) error {
	// none is why a region has no data at that time, failed why one cannot be
	// read. empty says that a region exists without any commit.
	var none, failed error
	seen, empty := false, false
	for _, region := range regions {
		r, confirmed, err := c.options.Source(c.grant).Region(ctx, region, c.asOf)
		switch {
		case err == nil:
			if !visit(r, confirmed) {
				return nil
			}
			seen, empty = seen || r.Sequence > 0, empty || r.Sequence == 0
		// The time is wrong for every region.
		case errors.Is(err, strconv.ErrSyntax):
			return explainInvalidTime(err)
		case whyNoData(err) > 0:
			none = nearerToData(none, err)
		default:
			failed = cmp.Or(failed, err)
		}
	}
	// An answer without the region that failed could lack what was asked for.
	switch {
	case failed != nil:
		return failed
	case seen, empty && whyNoData(none) <= noCommitYet:
		return nil
	}
	return explainInvalidTime(none)
}

// freshness says how old an answer is.
type freshness struct {
	sequence    int64     // number of the commit; 0: there is none, or each of several regions has its own
	oldestCheck time.Time // zero: nothing was checked
	stale       bool      // the last check failed, or the store cannot be reached
}

// addRegion includes the freshness of a region. A region that was never checked
// has no age.
func (f *freshness) addRegion(sequence int64, checked time.Time, suspect bool) {
	if f.oldestCheck.IsZero() || checked.Before(f.oldestCheck) && !checked.IsZero() {
		f.oldestCheck = checked
	}
	f.sequence, f.stale = sequence, f.stale || suspect
}

// setFreshnessHeaders sets the headers that say how old an answer is.
func (c *call) setFreshnessHeaders(f freshness) {
	h := c.w.Header()
	if f.sequence > 0 {
		h.Set("X-Snapshot-Sequence", strconv.FormatInt(f.sequence, 10))
	}
	// Without any check there is no age: 0 would look fresh.
	age := time.Duration(0)
	if !f.oldestCheck.IsZero() {
		age = max(0, c.options.Now().Sub(f.oldestCheck))
		h.Set("X-Snapshot-Age", strconv.FormatInt(int64(age/time.Second), 10))
	}
	// How long ago the checks of a past state were says nothing about it.
	if f.stale || c.asOf == "" && c.options.MaxStale > 0 && age > c.options.MaxStale {
		h.Set("Warning", `110 - "Response is Stale"`)
	}
}
