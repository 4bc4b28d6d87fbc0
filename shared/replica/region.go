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

// chooseRegion returns the region that is meant: RegionId, else the one in the
// path, else the only one there is for the caller. A region outside the grant
// is one that does not exist.
func (c *call) chooseRegion() (string, error) {
	allowed := c.regions()
	region := cmp.Or(c.params["RegionId"], c.regionInPath)
	if region == "" && len(allowed) == 1 {
		region = allowed[0]
	}
	switch {
	case region == "":
		err := missing("RegionId")
		err.Recommend = "Supply one of " + strings.Join(allowed, ", ") + ", or put it in the path."
		if c.at != "" && c.options.Source(c.grant).IsCommitNumber(c.at) {
			err.Recommend = "Each region counts its own commits. " + err.Recommend
		}
		return "", err
	case !slices.Contains(allowed, region):
		return "", &apierror.Error{Status: http.StatusNotFound, Code: "InvalidRegionId.NotFound", Message: "The specified RegionId does not exist.",
			Recommend: "Regions here are " + strings.Join(allowed, ", ") + "."}
	}
	return region, nil
}

// findRegion takes the region from the cluster that is asked for, where none is
// named and several would do.
func (c *call) findRegion(ctx context.Context) error {
	cluster := c.params["ClusterId"]
	if cluster == "" || len(c.regions()) == 1 || cmp.Or(c.params["RegionId"], c.regionInPath) != "" {
		return nil
	}
	found := ""
	err := c.look(ctx, c.regions(), func(r *archive.Region, _ bool) bool {
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
	c.regionInPath = found
	return nil
}

// regions are those that there are for the caller.
func (c *call) regions() []string {
	return slices.DeleteFunc(slices.Clone(c.options.Regions), func(id string) bool { return !c.grant.Region(id) })
}

// state returns the region that is meant at the moment that is meant.
func (c *call) state(ctx context.Context) (r *archive.Region, confirmed bool, err error) {
	region, err := c.chooseRegion()
	if err != nil {
		return nil, false, err
	}
	err = c.look(ctx, []string{region}, func(one *archive.Region, sure bool) bool {
		r, confirmed = one, sure
		return true
	})
	return r, confirmed, err
}

// look takes regions at the moment that is meant to a function, until it returns
// false. A region that has no data yet, or had none at that moment, has nothing
// to look at; it is an error if all are like that. One that cannot be read is
// one too, for it may have what is looked for.
func (c *call) look(ctx context.Context, regions []string, at func(r *archive.Region, confirmed bool) bool) error {
	var none, failed error
	seen, empty := false, false
	for _, region := range regions {
		r, confirmed, err := c.options.Source(c.grant).Region(ctx, region, c.at)
		switch {
		case err == nil:
			if !at(r, confirmed) {
				return nil
			}
			seen, empty = seen || r.Sequence > 0, empty || r.Sequence == 0
		case errors.Is(err, strconv.ErrSyntax):
			return explainMoment(err)
		case absent(err) > 0:
			none = nearer(none, err)
		default:
			failed = cmp.Or(failed, err)
		}
	}
	switch {
	case failed != nil:
		return failed
	case seen, empty && absent(none) <= never:
		return nil
	}
	return explainMoment(none)
}

// freshness is how old an answer is.
type freshness struct {
	sequence int64     // of the commit; 0: there is none, or of several regions each its own
	checked  time.Time // the oldest check; zero: there was none
	suspect  bool      // that it is as upstream has it
}

// add takes a region in. One of which nothing was ever checked has no age.
func (f *freshness) add(sequence int64, checked time.Time, suspect bool) {
	if f.checked.IsZero() || checked.Before(f.checked) && !checked.IsZero() {
		f.checked = checked
	}
	f.sequence, f.suspect = sequence, f.suspect || suspect
}

// tell sets the headers that say how old an answer is.
func (c *call) tell(f freshness) {
	h := c.w.Header()
	if f.sequence > 0 {
		h.Set("X-Snapshot-Sequence", strconv.FormatInt(f.sequence, 10))
	}
	age := time.Duration(0)
	if !f.checked.IsZero() {
		age = max(0, c.options.Now().Sub(f.checked))
		h.Set("X-Snapshot-Age", strconv.FormatInt(int64(age/time.Second), 10))
	}
	if f.suspect || c.at == "" && c.options.MaxStale > 0 && age > c.options.MaxStale {
		h.Set("Warning", `110 - "Response is Stale"`)
	}
}
