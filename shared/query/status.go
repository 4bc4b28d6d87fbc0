package query

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/etag"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// regionStatus is a region as /v1/status shows it, with its gauges.
type regionStatus struct {
	render.Region
	gauges regionGauges
}

// regionGauges are values of a region that /metrics shows and /v1/status does
// not.
type regionGauges struct {
	outageSince time.Time // since when the store has not answered; zero: it answers
	images      int       // of all scopes; an image counts in each of its scopes
	// staleScopes counts scopes, and not the outage of the store.
	staleScopes int
	// bootImages counts the clusters by the state of their boot image; nil: not asked for,
	// or not known.
	bootImages map[request.ImageState]int
}

// serveStatus serves /v1/status. A region that cannot be read is shown as such
// and does not keep the others from being shown. It asks the store for heads
// only, as /metrics does, unless the request wants the boot images too.
func (s *Lookup) serveStatus(ctx context.Context, req *request.Request) (*answer, error) {
	list, f := s.loadRegionStatuses(ctx, req)
	region := req.Region
	if len(list) == 1 {
		region = list[0].RegionID
	}
	// What the caller may see is a part of the status, so that people can test
	// a token.
	status := render.Status{Version: s.service.version, Access: s.summarizeAccess()}
	for _, region := range list {
		status.Regions = append(status.Regions, region.Region)
	}
	etag, err := statusETag(status, f.Stale, req.Canonical, req.Format)
	if err != nil {
		return nil, err
	}
	return &answer{
		freshness:    &f,
		region:       region,
		etag:         etag,
		lastModified: lastRunOrCommit(list),
		showsAges:    true,
		render: func(_ context.Context, b []byte) (*body, error) {
			b, err := render.AppendMembers(b, status)
			return &body{bytes: b}, err
		},
	}, nil
}

// statusETag makes the ETag of a status from all that it shows except ages,
// which grow by themselves. So a monitor that polls gets a 304 until something
// happens.
func statusETag(status render.Status, stale []state.StaleScope, more ...string) (string, error) {
	// The caller still renders the ages.
	status.Regions = slices.Clone(status.Regions)
	for i := range status.Regions {
		if check := status.Regions[i].OldestCheck; check != nil {
			status.Regions[i].OldestCheck = &render.OldestCheck{Scope: check.Scope, CheckedAt: check.CheckedAt}
		}
	}
	for _, s := range stale {
		more = append(more, s.Scope, s.Since.String(), s.Reason)
	}
	data, err := json.Marshal(status)
	if err != nil {
		return "", fmt.Errorf("encoding status: %w", err)
	}
	return etag.Make(append(more, string(data))...), nil
}

// lastRunOrCommit returns when the last run or commit of any region ended. It
// is the Last-Modified of a status.
func lastRunOrCommit(list []regionStatus) (last catalog.Time) {
	for _, region := range list {
		if region.CommittedAt.After(last.Time) {
			last = region.CommittedAt
		}
		if region.Run != nil && region.Run.FinishedAt.After(last.Time) {
			last = region.Run.FinishedAt
		}
	}
	return last
}

// loadRegionStatuses returns the status of the region that a request names, or
// of all regions, and their freshness together. Every region has an entry, also
// one that cannot be read: a status that leaves out what is broken would be of
// no use.
func (s *Lookup) loadRegionStatuses(
	ctx context.Context, req *request.Request,
) (list []regionStatus, f state.Freshness) {
	regions := s.Regions
	if req.Region != "" {
		regions = []string{req.Region}
	}
	several := len(regions) > 1
	for _, region := range regions {
		current, err := s.LoadCurrent(ctx, region)
		if err != nil {
			e := s.ReportRegionError(ctx, err)
			list = append(list, regionStatus{Region: render.Region{
				RegionID: region, Scopes: map[string]int{}, Stale: true,
				Error: &render.StatusError{Code: render.ErrorCode(e.Code), Message: e.Message},
			}})
			f = f.Merge(state.FreshnessOfMissingRegion(e), region, several)
			continue
		}
		all := current.AllScopes()
		own := all.ComputeFreshness(current, current.RegionState, request.AsOf{}, s.Now(), s.MaxStale)
		status := s.newRegionStatus(current, all, own)
		if req.BootImages {
			s.addBootImages(ctx, &status, current, all)
		}
		list = append(list, status)
		f = f.Merge(own, region, several)
	}
	return list, f
}

// addBootImages adds to a status how many clusters there are by the state of their boot
// image, unless a part of that cannot be read. all are the scopes of the region. In an
// outage it answers from memory alone, so that a status does not wait.
func (s *Lookup) addBootImages(
	ctx context.Context, status *regionStatus, current state.Current, all *state.ScopeSet,
) {
	sub := &state.Subject{Current: current, State: current.RegionState, Scopes: all}
	f := s.history.KeptFleet(sub)
	if f == nil && current.OutageSince.IsZero() {
		f = s.history.LoadFleet(ctx, sub)
	}
	if f == nil {
		return
	}
	for _, err := range f.Problems {
		s.ReportRegionError(ctx, err) // reports it
	}
	if len(f.Problems) == 0 {
		status.gauges.bootImages = f.CountStates()
		gone := status.gauges.bootImages[request.ImageGone]
		status.GoneBootImages = &gone
	}
}

// newRegionStatus returns the status of a region that can be read. all are its
// scopes, and f is their freshness.
func (s *Lookup) newRegionStatus(current state.Current, all *state.ScopeSet, f state.Freshness) regionStatus {
	region := render.Region{
		RegionID:    current.RegionID,
		Sequence:    current.Sequence,
		CommittedAt: current.CommittedAt,
		Clusters:    len(current.RegionState.ClusterNames()),
		Scopes: map[string]int{
			string(format.StateOK): 0, string(format.StateFailed): 0, string(format.StateHeld): 0, // shown even if none
		},
		Stale:     len(f.Stale) > 0,
		Run:       current.VisibleRun(),
		Discovery: current.VisibleDiscovery(),
	}
	status := regionStatus{region, regionGauges{outageSince: current.OutageSince}}
	for _, sc := range current.Scopes() {
		status.Scopes[string(sc.State)]++
		status.gauges.images += sc.ImageCount
	}
	// "*" is the outage of the store, which is no scope.
	for _, stale := range f.Stale {
		if stale.Scope != "*" {
			status.gauges.staleScopes++
		}
	}
	// Scopes that never answered have no check that could be the oldest.
	for _, sc := range all.Scopes {
		if status.OldestCheck == nil || sc.CheckedAt.Before(status.OldestCheck.CheckedAt.Time) {
			age := state.AgeSeconds(s.Now(), sc.CheckedAt.Time)
			status.OldestCheck = &render.OldestCheck{Scope: sc.Scope("").Path(), CheckedAt: sc.CheckedAt, AgeSeconds: age}
		}
	}
	return status
}

// serveHealth serves /healthz. It does not touch the store: a probe must not
// restart an instance because of an outage that a restart cannot end.
func (s *Lookup) serveHealth(context.Context, *request.Request) (*answer, error) {
	return &answer{omitEnvelope: true, render: func(context.Context, []byte) (*body, error) {
		data, err := json.Marshal(render.HealthBody{Status: "ok", Version: s.service.version})
		return &body{bytes: append(data, '\n')}, err
	}}, nil
}
