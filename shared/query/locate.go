package query

import (
	"context"
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// locate finds the region that a request is about.
func (s *service) locate(ctx context.Context, a *ask) (string, error) {
	switch {
	case a.region != "":
		return a.region, nil
	case len(s.regions) == 1:
		return s.regions[0], nil
	case !clustersNamed(a) && a.images() == nil:
		return "", s.regionMissing()
	}
	var found []string
	var failed error
	for _, region := range s.regions {
		h, err := s.heads[region].get(ctx)
		if err != nil {
			failed = wrapStore(region, err)
			continue
		}
		if ok, err := s.concerns(ctx, a, h); err != nil {
			failed = err
		} else if ok {
			found = append(found, region)
		}
	}
	if len(found) == 0 && failed == nil && clustersNamed(a) && a.past() {
		found, failed = s.onceHad(ctx, a)
	}
	switch {
	case len(found) == 1 && failed == nil:
		return found[0], nil
	case len(found) == 0 && failed != nil:
		return "", failed
	case len(found) == 0 && clustersNamed(a):
		return "", s.clusterNowhere(ctx, a)
	case len(found) == 0:
		return "", imageUnknown(strings.Join(a.images(), ","), strings.Join(s.regions, ", "))
	}
	return "", s.regionMissing()
}

func (s *service) regionMissing() error {
	return faultsError([]fault{{codeMissing, "RegionId", "is required, as several regions are configured", "one of " + strings.Join(s.regions, ", ")}})
}

func clustersNamed(a *ask) bool {
	return slices.ContainsFunc(a.choice.clusters, func(name string) bool { return name != all && name != catalog.Any })
}

// concerns says whether a region has the clusters, or else the image, that a
// request names.
func (s *service) concerns(ctx context.Context, a *ask, h head) (bool, error) {
	if clustersNamed(a) {
		return slices.ContainsFunc(a.choice.clusters, func(name string) bool { return name != "" && h.captured(name) }), nil
	}
	for _, id := range a.images() {
		if ok, err := s.knows(ctx, h, id); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// past says whether clusters that have ended may be meant.
func (a *ask) past() bool {
	return a.at.set || a.from.set || slices.ContainsFunc(a.route.params, func(p param) bool { return p.name == "since" })
}

// onceHad are the regions whose history has one of the clusters.
func (s *service) onceHad(ctx context.Context, a *ask) (regions []string, err error) {
	for _, region := range s.regions {
		h, err := s.heads[region].get(ctx)
		if err != nil {
			return nil, wrapStore(region, err)
		}
		t, err := s.timeline(ctx, h)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(a.choice.clusters, t.knowsCluster) {
			regions = append(regions, region)
		}
	}
	return regions, nil
}

// clusterNowhere is the error for clusters that no region has.
func (s *service) clusterNowhere(ctx context.Context, a *ask) error {
	e := &clusterError{region: strings.Join(s.regions, ", "), name: a.choice.clusters[0]}
	for _, region := range s.regions {
		if h, err := s.heads[region].get(ctx); err == nil {
			e.clusters = append(e.clusters, h.clusters()...)
		}
	}
	return e
}
