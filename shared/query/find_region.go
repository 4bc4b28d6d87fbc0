package query

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// locate finds the region that a request is about.
func (s *service) findRegion(ctx context.Context, a *request) (string, error) {
	switch {
	case a.region != "":
		return a.region, nil
	case len(s.regions) == 1:
		return s.regions[0], nil
	}
	if region, ok := s.regionOfCursor(a); ok {
		return region, nil
	}
	if !namesClusters(a) && a.wantedImageIDs() == nil {
		return "", s.regionRequired("are configured")
	}
	cluster := namesClusters(a) // whose id is no other's
	f := s.searchRegions(ctx, cluster, func(h currentState) (bool, error) { return s.regionHasNamed(ctx, a, h) })
	if f.found == 0 && cluster && a.past() {
		f = s.searchRegions(ctx, cluster, func(h currentState) (bool, error) { return s.historyHasCluster(ctx, a, h) })
	}
	switch {
	case f.found > 1:
		return "", s.regionRequired("have what is asked for")
	case f.found == 1 && f.failure != nil && cluster:
		if !f.skipped {
			s.report(ctx, "", f.failure)
		}
		return f.region, nil
	case f.failure != nil:
		return "", regionUndecided(f.failure)
	case f.found == 1:
		return f.region, nil
	case f.empty == len(s.regions):
		return "", s.nothingCaptured()
	case cluster:
		return "", s.clusterInNoRegion(ctx, a)
	}
	return "", imageNeverOffered(strings.Join(a.wantedImageIDs(), ","), strings.Join(s.regions, ", "))
}

// cursorRegion is the region that the cursor was made in. What is asked for may
// have ended there since.
func (s *service) regionOfCursor(a *request) (string, bool) {
	if a.cursor == nil {
		return "", false
	}
	i := slices.IndexFunc(s.regions, func(region string) bool { return a.cursor.checkQuery(region, a) == nil })
	if i < 0 {
		return "", false
	}
	return s.regions[i], true
}

// search is what a look into every region has found.
type regionSearch struct {
	region  string // the first that has it
	found   int    // that have it
	empty   int    // of which nothing has been captured, so that they have it not
	failure error  // of the first that could not be read
	skipped bool   // a region that could not be read just now was not asked again
}

// search looks into every region. One that has just failed keeps nobody waiting
// who can be answered without it; unique says that no two regions have what is
// looked for.
func (s *service) searchRegions(ctx context.Context, unique bool, has func(currentState) (bool, error)) regionSearch {
	f := s.searchRegionsOnce(ctx, true, has)
	if f.skipped && (f.found == 0 || f.failure != nil && !unique) {
		return s.searchRegionsOnce(ctx, false, has)
	}
	return f
}

func (s *service) searchRegionsOnce(ctx context.Context, spare bool, has func(currentState) (bool, error)) (f regionSearch) {
	for _, region := range s.regions {
		h, ok := currentState{}, false
		var err error
		if spare {
			err = s.states[region].recentFailure()
		}
		if err != nil {
			f.skipped = true
		} else {
			h, err = s.states[region].get(ctx)
		}
		if err != nil {
			err = wrapStoreError(region, err)
		} else {
			ok, err = has(h)
		}
		switch {
		case errors.Is(err, archive.ErrNoData):
			f.empty++
		case err != nil:
			f.failure = cmp.Or(f.failure, err)
		case ok:
			f.region = cmp.Or(f.region, region)
			f.found++
		}
	}
	return f
}

// undecided is the error for a region that cannot be read and may have what is
// asked for.
func regionUndecided(err error) error {
	e := *toAPIError(err)
	e.Recommend = "Supply RegionId to ask another region alone. " + e.Recommend
	return &e
}

// nothingYet is the error if no region has data.
func (s *service) nothingCaptured() error {
	return &noDataError{strings.Join(s.regions, ", "), archive.ErrNoData}
}

// regionMissing asks for one of several regions, of which is said what makes
// that necessary.
func (s *service) regionRequired(which string) error {
	return newFaultsError([]paramFault{{codeMissing, "RegionId", "is required, as several regions " + which, "one of " + strings.Join(s.regions, ", ")}})
}

func namesClusters(a *request) bool { return slices.ContainsFunc(a.selection.clusters, isClusterName) }

// isName says whether a caller means the cluster of that name.
func isClusterName(cluster string) bool { return cluster != allNames && cluster != catalog.Any }

// concerns says whether a region has the clusters, or else the image, that a
// request names.
func (s *service) regionHasNamed(ctx context.Context, a *request, h currentState) (bool, error) {
	if namesClusters(a) {
		return slices.ContainsFunc(a.selection.clusters, func(name string) bool { return name != "" && h.hasCluster(name) }), nil
	}
	for _, id := range a.wantedImageIDs() {
		if ok, err := s.wasEverOffered(ctx, h, id); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// past says whether clusters that have ended may be meant.
func (a *request) past() bool {
	return a.at.set || a.from.set || a.feed()
}

// feed says whether the answer is a feed of changes.
func (a *request) feed() bool { return a.route.hasParam("since") }

// onceHad says whether the history of a region has one of the clusters.
func (s *service) historyHasCluster(ctx context.Context, a *request, h currentState) (bool, error) {
	t, err := s.loadHistory(ctx, h)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(a.selection.clusters, t.hasCluster), nil
}

// clusterNowhere is the error for clusters that no region has.
func (s *service) clusterInNoRegion(ctx context.Context, a *request) error {
	first := slices.IndexFunc(a.selection.clusters, isClusterName)
	e := &clusterError{region: strings.Join(s.regions, ", "), name: a.selection.clusters[first]}
	for _, region := range s.regions {
		if h, err := s.states[region].get(ctx); err == nil {
			e.clusters = append(e.clusters, h.clusterNames()...)
		}
	}
	return e
}
