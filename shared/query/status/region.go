package status

import (
	"context"
	"time"

	"community-images/shared/archive/format"
	"community-images/shared/query/history"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// Region is a region as /v1/status shows it, and what only /metrics shows of it.
type Region struct {
	render.Region
	outageSince time.Time // since when the store has not answered; zero: it answers
	images      int       // of all scopes; an image counts in each of its scopes
	// staleScopes counts scopes, and not the outage of the store.
	staleScopes int
	// bootImages counts the clusters by the state of their boot image; nil: not asked for,
	// or not known.
	bootImages map[request.ImageState]int
}

// Reader reads the status of the regions that a caller may see.
type Reader struct {
	*state.Resolver
	// History finds the boot images of clusters.
	History *history.Reader
}

// LoadRegions returns the status of the region that a request names, or of all regions,
// and their freshness together. Every region has an entry, also one that cannot be read: a
// status that leaves out what is broken would be of no use. It asks the store for heads
// only, unless the request wants the boot images too.
func (r *Reader) LoadRegions(ctx context.Context, req *request.Request) (list []Region, f state.Freshness) {
	regions := r.Regions
	if req.Region != "" {
		regions = []string{req.Region}
	}
	several := len(regions) > 1
	for _, region := range regions {
		current, err := r.LoadCurrent(ctx, region)
		if err != nil {
			e := r.ReportRegionError(ctx, err)
			list = append(list, Region{Region: render.Region{
				RegionID: region, Scopes: map[string]int{}, Stale: true,
				Error: render.NewStatusError(e),
			}})
			f = f.Merge(state.FreshnessOfMissingRegion(e), region, several)
			continue
		}
		all := current.AllScopes()
		own := all.ComputeFreshness(current, current.RegionState, request.AsOf{}, r.Now(), r.MaxStale)
		status := r.newRegion(current, all, own)
		if req.BootImages {
			r.addBootImages(ctx, &status, current, all)
		}
		list = append(list, status)
		f = f.Merge(own, region, several)
	}
	return list, f
}

// addBootImages adds to a status how many clusters there are by the state of their boot
// image, unless a part of that cannot be read. all are the scopes of the region. In an
// outage it answers from memory alone, so that a status does not wait.
func (r *Reader) addBootImages(
	ctx context.Context, status *Region, current state.Current, all *state.ScopeSet,
) {
	sub := &state.Subject{Current: current, State: current.RegionState, Scopes: all}
	f := r.History.KeptFleet(sub)
	if f == nil && current.OutageSince.IsZero() {
		f = r.History.LoadFleet(ctx, sub)
	}
	if f == nil {
		return
	}
	for _, err := range f.Problems {
		r.ReportRegionError(ctx, err) // reports it
	}
	if len(f.Problems) == 0 {
		status.bootImages = f.CountStates()
		gone := status.bootImages[request.ImageGone]
		status.GoneBootImages = &gone
	}
}

// newRegion returns the status of a region that can be read. all are its
// scopes, and f is their freshness.
func (r *Reader) newRegion(current state.Current, all *state.ScopeSet, f state.Freshness) Region {
	region := render.Region{
		RegionID:       current.RegionID,
		Sequence:       current.Sequence,
		CommittedAt:    current.CommittedAt,
		SimulatedUntil: current.SimulatedUntil,
		Clusters:       len(current.RegionState.ClusterNames()),
		Scopes: map[string]int{
			string(format.StateOK): 0, string(format.StateFailed): 0, string(format.StateHeld): 0, // shown even if none
		},
		Stale:     len(f.Stale) > 0,
		Run:       current.VisibleRun(),
		Discovery: current.VisibleDiscovery(),
	}
	status := Region{Region: region, outageSince: current.OutageSince}
	for _, sc := range current.Scopes() {
		status.Scopes[string(sc.State)]++
		status.images += sc.ImageCount
	}
	// "*" is the outage of the store, which is no scope.
	for _, stale := range f.Stale {
		if stale.Scope != "*" {
			status.staleScopes++
		}
	}
	// Scopes that never answered have no check that could be the oldest.
	for _, sc := range all.Scopes {
		if status.OldestCheck == nil || sc.CheckedAt.Before(status.OldestCheck.CheckedAt.Time) {
			age := state.AgeSeconds(r.Now(), sc.CheckedAt.Time)
			status.OldestCheck = &render.OldestCheck{Scope: sc.Scope("").Path(),
				CheckedAt: sc.CheckedAt, AgeSeconds: age}
		}
	}
	return status
}
