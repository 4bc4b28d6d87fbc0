package query

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// regionStatus is a region as /v1/status shows it, with its gauges.
type regionStatus struct {
	regionJSON
	gauges regionGauges
}

// regionGauges are values of a region that /metrics shows and /v1/status does
// not.
type regionGauges struct {
	outageSince time.Time // since when the store has not answered; zero: it answers
	images      int       // of all scopes; an image counts in each of its scopes
	// staleScopes counts scopes, and not the outage of the store.
	staleScopes int
}

// serveStatus serves /v1/status. A region that cannot be read is shown as such
// and does not keep the others from being shown. It asks the store for heads
// only, as /metrics does.
func (s *lookup) serveStatus(ctx context.Context, req *request) (*answer, error) {
	list, f := s.loadRegionStatuses(ctx, req)
	region := req.region
	if len(list) == 1 {
		region = list[0].RegionID
	}
	// What the caller may see is a part of the status, so that people can test
	// a token.
	status := statusJSON{Version: s.service.version, Access: s.summarizeAccess()}
	for _, region := range list {
		status.Regions = append(status.Regions, region.regionJSON)
	}
	etag, err := statusETag(status, f.stale, req.canonical, req.format)
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
			b, err := appendMembers(b, status)
			return &body{bytes: b}, err
		},
	}, nil
}

// statusETag makes the ETag of a status from all that it shows except ages,
// which grow by themselves. So a monitor that polls gets a 304 until something
// happens.
func statusETag(status statusJSON, stale []staleScope, more ...string) (string, error) {
	// The caller still renders the ages.
	status.Regions = slices.Clone(status.Regions)
	for i := range status.Regions {
		if check := status.Regions[i].OldestCheck; check != nil {
			status.Regions[i].OldestCheck = &oldestCheck{Scope: check.Scope, CheckedAt: check.CheckedAt}
		}
	}
	for _, s := range stale {
		more = append(more, s.scope, s.since.String(), s.reason)
	}
	data, err := json.Marshal(status)
	if err != nil {
		return "", fmt.Errorf("encoding status: %w", err)
	}
	return makeETag(append(more, string(data))...), nil
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
func (s *lookup) loadRegionStatuses(ctx context.Context, req *request) (list []regionStatus, f freshness) {
	regions := s.regions
	if req.region != "" {
		regions = []string{req.region}
	}
	several := len(regions) > 1
	for _, region := range regions {
		current, err := s.loadCurrent(ctx, region)
		if err != nil {
			e := s.explainMissingRegion(ctx, err)
			list = append(list, regionStatus{regionJSON: regionJSON{
				RegionID: region, Scopes: map[string]int{}, Stale: true, Error: &statusError{errorCode(e.Code), e.Message},
			}})
			f = f.merge(freshnessOfMissingRegion(e), region, several)
			continue
		}
		all := current.allScopes()
		own := all.computeFreshness(current, current.regionState, asOf{}, s.now(), s.maxStale)
		list = append(list, s.newRegionStatus(current, all, own))
		f = f.merge(own, region, several)
	}
	return list, f
}

// newRegionStatus returns the status of a region that can be read. all are its
// scopes, and f is their freshness.
func (s *lookup) newRegionStatus(current currentState, all *scopeSet, f freshness) regionStatus {
	region := regionJSON{
		RegionID:    current.RegionID,
		Sequence:    current.Sequence,
		CommittedAt: current.CommittedAt,
		Clusters:    len(current.regionState.clusterNames()),
		Scopes: map[string]int{
			string(format.StateOK): 0, string(format.StateFailed): 0, string(format.StateHeld): 0, // shown even if none
		},
		Stale:     len(f.stale) > 0,
		Run:       current.visibleRun(),
		Discovery: current.visibleDiscovery(),
	}
	status := regionStatus{region, regionGauges{outageSince: current.outageSince}}
	for _, sc := range current.Scopes() {
		status.Scopes[string(sc.State)]++
		status.gauges.images += sc.ImageCount
	}
	// "*" is the outage of the store, which is no scope.
	for _, stale := range f.stale {
		if stale.scope != "*" {
			status.gauges.staleScopes++
		}
	}
	// Scopes that never answered have no check that could be the oldest.
	for _, sc := range all.scopes {
		if status.OldestCheck == nil || sc.CheckedAt.Before(status.OldestCheck.CheckedAt.Time) {
			age := ageSeconds(s.now(), sc.CheckedAt.Time)
			status.OldestCheck = &oldestCheck{sc.Scope("").Path(), sc.CheckedAt, age}
		}
	}
	return status
}

// serveHealth serves /healthz. It does not touch the store: a probe must not
// restart an instance because of an outage that a restart cannot end.
func (s *lookup) serveHealth(context.Context, *request) (*answer, error) {
	return &answer{omitEnvelope: true, render: func(context.Context, []byte) (*body, error) {
		data, err := json.Marshal(healthBody{"ok", s.service.version})
		return &body{bytes: append(data, '\n')}, err
	}}, nil
}
