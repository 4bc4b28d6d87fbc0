package query

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// regionSelection is the part of a region that /v1/clusters shows.
type regionSelection struct {
	currentState
	state *regionState
	view  *scopeSet
}

// serveClusters serves /v1/clusters. Without RegionId it covers every region.
func (s *service) serveClusters(ctx context.Context, a *request) (*answer, error) {
	regions := s.regions
	if a.region != "" || namesClusters(a) {
		region, err := s.findRegion(ctx, a)
		if err != nil {
			return nil, err
		}
		regions = []string{region}
	}
	if len(regions) > 1 && a.at.sequence != 0 { // each region counts its own commits
		return nil, s.regionRequired("are configured")
	}
	list, f, err := s.selectFromRegions(ctx, a, regions)
	if err != nil {
		return nil, err
	}
	var shown []shownState
	key := []string{a.canonical, a.format}
	for _, sel := range list {
		v := sel.view
		if err := a.checkMaxAge(v, s); err != nil {
			return nil, err
		}
		f = f.merge(v.computeFreshness(sel.currentState, sel.state, a.at, s.now(), s.maxStale), sel.RegionID, len(regions) > 1)
		shown = append(shown, shownState{a.at, sel.state})
		run := sel.state.Run
		key = append(key, sel.RegionID, v.digest, strconv.FormatInt(sel.state.Sequence, 10), run.RunID, run.FinishedAt.String(), v.oldestCheck.String())
		if s.full != nil { // a restricted state has no run
			key = append(key, v.checkTimesKey())
		}
	}
	region := a.region
	if len(regions) == 1 {
		region = regions[0]
	}
	return &answer{
		freshness: &f, region: region, lastModified: f.committedAt, immutable: len(list) == len(regions) && isImmutable(a, true, shown...), etag: makeETag(key...),
		render: func(_ context.Context, prefix []byte) (*body, error) {
			scopes := 0
			for _, sel := range list {
				scopes += len(sel.view.scopes) + len(sel.view.empty)
			}
			total := strconv.Itoa(scopes)
			if a.format == formatTable {
				return &body{bytes: renderClusterTable(list), total: total}, nil
			}
			b, err := renderClusters(prefix, list)
			return &body{bytes: b, total: total}, err
		},
	}, nil
}

// selectFromRegions is the part of regions that is asked for. A region that cannot be
// read is left out next to others, and named in the freshness, unless there is
// a demand on that.
func (s *service) selectFromRegions(ctx context.Context, a *request, regions []string) (list []regionSelection, f freshness, err error) {
	failed := map[string]error{}
	for _, region := range regions {
		h, st, e := s.loadState(ctx, a, region)
		if e == nil {
			list = append(list, regionSelection{h, st, st.listedScopes(a.selection)})
			continue
		}
		failed[region] = e
		if err == nil || errors.Is(err, archive.ErrNoData) {
			err = e
		}
	}
	empty := len(regions) > 1 && errors.Is(err, archive.ErrNoData)
	switch {
	case len(list) == 0 && empty:
		return nil, f, s.nothingCaptured()
	case len(list) == 0 || err != nil && a.maxAge > 0:
		return nil, f, err
	}
	if none := checkSelectionExists(a.selection, list); none != nil {
		if err != nil && !empty { // it may have what the others have not
			return nil, f, regionUndecided(err)
		}
		return nil, f, none
	}
	for _, region := range regions {
		if e, ok := failed[region]; ok {
			f = f.merge(freshnessOfMissingRegion(s.explainMissingRegion(ctx, e)), region, true)
		}
	}
	return list, f, nil
}

// checkTimesKey sums up when the scopes of a view were checked.
func (v *scopeSet) checkTimesKey() string {
	var b []byte
	for _, list := range [][]archive.ScopeState{v.scopes, v.empty} {
		for _, sc := range list {
			b = binary.AppendVarint(b, sc.CheckedAt.UnixNano())
			b = binary.AppendVarint(b, sc.TriedAt.UnixNano())
			b = append(b, sc.State...)
		}
	}
	return string(b)
}

// listed is the view of a choice for a list of scopes: of everything if
// nothing was chosen.
func (st *regionState) listedScopes(c selection) *scopeSet {
	if c.isEverything() {
		return st.allScopes()
	}
	if c.types == nil {
		c.types = []string{allNames, catalog.Any}
	}
	if c.clusters == nil {
		c.clusters = []string{allNames, catalog.Any}
	}
	v := st.newScopeSet(true, true)
	for _, sc := range st.Scopes {
		if !matchesNameOrAny(c.clusters, sc.ClusterID) || !matchesNameOrAny(c.types, sc.InstanceType) {
			continue
		}
		v.add(sc)
	}
	v.finish()
	return v
}

// checkSelectionExists is the error for a choice of which a name, or all of it, is of no
// scope in the list. Clusters are named in one region alone.
func checkSelectionExists(c selection, list []regionSelection) error {
	if c.isEverything() {
		return nil
	}
	var states []*regionState
	var views []*scopeSet
	n := 0
	for _, sel := range list {
		for _, name := range c.clusters {
			if st := sel.state; isClusterName(name) && !st.hasCluster(name) {
				return st.clusterNotFound(name)
			}
		}
		states, views, n = append(states, sel.state), append(views, sel.view), n+len(sel.view.scopes)+len(sel.view.empty)
	}
	if c.types == nil {
		c.types = []string{allNames}
	}
	if c.clusters == nil {
		c.clusters = []string{allNames}
	}
	if one, missing := c.firstUnmatched(views...); missing {
		return scopeNotFound(one, states...)
	}
	if n == 0 {
		return scopeNotFound(c, states...)
	}
	return nil
}

func matchesNameOrAny(names []string, name string) bool {
	return slices.Contains(names, allNames) && (name != "" || slices.Contains(names, catalog.Any)) || slices.Contains(toScopeNames(names), name)
}

// merge sums up the freshness of several regions: the oldest check counts, and
// a sequence is told only if there is one region.
func (f freshness) merge(o freshness, region string, several bool) freshness {
	if several {
		o.sequence = 0
		for i := range o.stale {
			o.stale[i].scope = region + "/" + o.stale[i].scope
		}
	}
	if f.checkedAt.IsZero() || o.checkedAt.Before(f.checkedAt.Time) && !o.checkedAt.IsZero() {
		f.checkedAt, f.age = o.checkedAt, o.age
	}
	if o.committedAt.After(f.committedAt.Time) {
		f.committedAt = o.committedAt
	}
	f.sequence, f.held = o.sequence, max(f.held, o.held)
	f.stale = append(f.stale, o.stale...)
	f.scopes += o.scopes
	return f
}

// clusterScopeJSON is a scope as /v1/clusters shows it.
type clusterScopeJSON struct {
	RegionID     string           `json:"RegionId"`
	ClusterID    string           `json:"ClusterId"`
	InstanceType string           `json:"InstanceType"`
	State        archive.State    `json:"State"`
	Since        catalog.Time     `json:"Since"`
	Digest       string           `json:"Digest"`
	ImageCount   int              `json:"ImageCount"`
	CapturedAt   catalog.Time     `json:"CapturedAt"`
	CheckedAt    catalog.Time     `json:"CheckedAt"`
	TriedAt      catalog.Time     `json:"TriedAt"`
	Problem      *archive.Problem `json:"Problem,omitempty"`
	// Candidate is the answer that is held back, if one is.
	Candidate *archive.Candidate `json:"Candidate,omitempty"`
}

func (s regionSelection) sortedScopes() []archive.ScopeState {
	list := slices.Concat(s.view.scopes, s.view.empty)
	slices.SortFunc(list, func(a, b archive.ScopeState) int { return a.Scope("").Compare(b.Scope("")) })
	return list
}

func renderClusters(b []byte, list []regionSelection) ([]byte, error) {
	scopes, clusters := []clusterScopeJSON{}, []catalog.Cluster{}
	for _, sel := range list {
		named := map[string]bool{}
		for _, sc := range sel.sortedScopes() {
			named[sc.ClusterID] = true
			scopes = append(scopes, clusterScopeJSON{sel.RegionID, sc.ClusterID, sc.InstanceType, sc.State, sc.Since, sc.Digest, sc.ImageCount, sc.CapturedAt, sc.CheckedAt, sc.TriedAt, sc.Problem, sc.Candidate})
		}
		for _, c := range sel.state.Clusters {
			if named[c.ClusterID] {
				clusters = append(clusters, c)
			}
		}
	}
	data, err := json.Marshal(scopes)
	if err != nil {
		return nil, fmt.Errorf("encoding scopes: %w", err)
	}
	b = strconv.AppendInt(append(b, `,"TotalCount":`...), int64(len(scopes)), 10)
	b = append(append(b, `,"Scopes":`...), data...)
	if data, err = json.Marshal(clusters); err != nil {
		return nil, fmt.Errorf("encoding clusters: %w", err)
	}
	b = append(append(b, `,"Clusters":`...), data...)
	return append(b, "}\n"...), nil
}

func renderClusterTable(list []regionSelection) []byte {
	rows := [][]string{{"RegionId", "ClusterId", "InstanceType", "State", "ImageCount", "CheckedAt", "CapturedAt", "Digest"}}
	for _, sel := range list {
		for _, sc := range sel.sortedScopes() {
			rows = append(rows, []string{sel.RegionID, dashIfBlank(sc.ClusterID), dashIfBlank(sc.InstanceType), string(sc.State), strconv.Itoa(sc.ImageCount), dashIfBlank(sc.CheckedAt.String()), dashIfBlank(sc.CapturedAt.String()), dashIfBlank(sc.Digest[:min(12, len(sc.Digest))])})
		}
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], terminalWidth.StringWidth(cell))
		}
	}
	return alignRows(rows, widths)
}

func dashIfBlank(s string) string {
	if strings.TrimSpace(s) == "" {
		return "-"
	}
	return s
}
