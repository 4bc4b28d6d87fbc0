package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// regionStatus is a region as /v1/status shows it.
type regionStatus struct {
	RegionID    string             `json:"RegionId"`
	Sequence    int64              `json:"Sequence"`
	CommittedAt catalog.Time       `json:"CommittedAt"`
	Run         *archive.RunInfo   `json:"Run,omitempty"`
	Discovery   *archive.Discovery `json:"Discovery,omitempty"`
	Clusters    int                `json:"ClusterCount"`
	Scopes      map[string]int     `json:"Scopes"` // count by state
	OldestCheck *oldestCheck       `json:"OldestCheck,omitempty"`
	Stale       bool               `json:"Stale"`
	Error       *statusError       `json:"Error,omitempty"`

	// The following are for /metrics.
	outage time.Time // since when the store has not answered; zero: it does
	images int       // over all scopes
	stale  int       // scopes
}

type oldestCheck struct {
	Scope      string       `json:"Scope"`
	CheckedAt  catalog.Time `json:"CheckedAt"`
	AgeSeconds int64        `json:"AgeSeconds"`
}

// statusError says why a region cannot be shown.
type statusError struct {
	Code    string `json:"Code"`
	Message string `json:"Message"`
}

// serveStatus serves /v1/status. A region that cannot be read is shown as such and
// does not keep the others from being shown.
func (s *service) serveStatus(ctx context.Context, a *request) (*answer, error) {
	list, f := s.loadRegionStatuses(ctx, a)
	region := a.region
	if len(list) == 1 {
		region = list[0].RegionID
	}
	access := s.accessSummaryJSON()
	etag, err := statusETag(list, f.stale, s.version, string(access), a.canonical, a.format)
	if err != nil {
		return nil, err
	}
	return &answer{freshness: &f, region: region, lastModified: lastRunOrCommit(list), etag: etag, showsAges: true, render: func(_ context.Context, b []byte) (*body, error) {
		data, err := json.Marshal(list)
		if err != nil {
			return nil, fmt.Errorf("encoding status: %w", err)
		}
		b = append(append(b, `,"Version":`...), jsonString(s.version)...)
		b = append(append(b, `,"Access":`...), access...)
		b = append(append(b, `,"Regions":`...), data...)
		return &body{bytes: append(b, "}\n"...)}, nil
	}}, nil
}

// statusETag names a status by all that it tells but ages, which grow by
// themselves.
func statusETag(list []regionStatus, stale []staleScope, more ...string) (string, error) {
	list = slices.Clone(list)
	for i := range list {
		if check := list[i].OldestCheck; check != nil {
			list[i].OldestCheck = &oldestCheck{Scope: check.Scope, CheckedAt: check.CheckedAt}
		}
	}
	for _, s := range stale {
		more = append(more, s.scope, s.since.String(), s.reason)
	}
	data, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("encoding status: %w", err)
	}
	return makeETag(append(more, string(data))...), nil
}

// lastRunOrCommit is when the last run or commit of any of the regions was over.
func lastRunOrCommit(list []regionStatus) (last catalog.Time) {
	for _, st := range list {
		if st.CommittedAt.After(last.Time) {
			last = st.CommittedAt
		}
		if st.Run != nil && st.Run.FinishedAt.After(last.Time) {
			last = st.Run.FinishedAt
		}
	}
	return last
}

// loadRegionStatuses is how the regions stand that are asked about.
func (s *service) loadRegionStatuses(ctx context.Context, a *request) (list []regionStatus, f freshness) {
	regions := s.regions
	if a.region != "" {
		regions = []string{a.region}
	}
	for _, region := range regions {
		h, err := s.states[region].get(ctx)
		if err != nil {
			e := s.explainMissingRegion(ctx, wrapStoreError(region, err))
			list = append(list, regionStatus{RegionID: region, Scopes: map[string]int{}, Stale: true, Error: &statusError{e.Code, e.Message}})
			f = f.merge(freshnessOfMissingRegion(e), region, len(regions) > 1)
			continue
		}
		v := h.allScopes()
		one := v.computeFreshness(h, h.regionState, asOf{}, s.now(), s.maxStale)
		list = append(list, s.newRegionStatus(h, v, one))
		f = f.merge(one, region, len(regions) > 1)
	}
	return list, f
}

// explainMissingRegion is why a region is missing next to others.
func (s *service) explainMissingRegion(ctx context.Context, err error) *apierror.Error {
	e := toAPIError(err)
	if e.Cause != nil && !errors.Is(err, archive.ErrNoData) {
		s.report(ctx, "", e.Cause)
	}
	return e
}

// freshnessOfMissingRegion is the freshness of a region that is missing because of e.
func freshnessOfMissingRegion(e *apierror.Error) freshness {
	return freshness{stale: []staleScope{{scope: "*", reason: e.Message}}}
}

func (s *service) newRegionStatus(h currentState, v *scopeSet, f freshness) regionStatus {
	st := regionStatus{RegionID: h.RegionID, Sequence: h.Sequence, CommittedAt: h.CommittedAt, outage: h.outageSince,
		Clusters: len(h.regionState.clusterNames()), Scopes: map[string]int{string(archive.OK): 0, string(archive.Failed): 0, string(archive.Held): 0}, Stale: len(f.stale) > 0}
	if s.full == nil { // runs and listings are about all clusters
		st.Run, st.Discovery = &h.Run, &h.Discovery
	}
	for _, sc := range h.Scopes {
		st.Scopes[string(sc.State)]++
		st.images += sc.ImageCount
	}
	for _, stale := range f.stale {
		if stale.scope != "*" {
			st.stale++
		}
	}
	for _, sc := range v.scopes {
		if st.OldestCheck == nil || sc.CheckedAt.Before(st.OldestCheck.CheckedAt.Time) {
			st.OldestCheck = &oldestCheck{sc.Scope("").Path(), sc.CheckedAt, ageSeconds(s.now(), sc.CheckedAt.Time)}
		}
	}
	return st
}

// serveHealth serves /healthz.
func (s *service) serveHealth(context.Context, *request) (*answer, error) {
	return &answer{omitEnvelope: true, render: func(context.Context, []byte) (*body, error) {
		return &body{bytes: []byte("{\"Status\":\"ok\",\"Version\":" + jsonString(s.version) + "}\n")}, nil
	}}, nil
}
