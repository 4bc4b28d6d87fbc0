package query

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// serveClusters serves /v1/clusters. Without RegionId it covers every region.
// It shows scopes and their checks and loads no image, so it needs the heads
// only.
//
// A region of which nothing is captured yet, or whose head cannot be read, is
// named as stale and does not keep the others from being shown. With one region
// it is an error.
func (s *lookup) serveClusters(ctx context.Context, req *request) (*answer, error) {
	regions, err := s.regionsOfClusters(ctx, req)
	if err != nil {
		return nil, err
	}
	several := len(regions) > 1
	// f holds the regions that could not be read; each subject is merged into
	// it.
	subjects, f, err := s.resolveRegions(ctx, req, regions)
	if err != nil {
		return nil, err
	}
	etag := []string{req.canonical, req.format}
	for _, sub := range subjects {
		if err := s.checkFreshness(req, sub); err != nil {
			return nil, err
		}
		f = f.merge(sub.freshness, sub.current.RegionID, several)
		etag = append(etag, clustersETagParts(sub)...)
	}
	region := req.region
	if !several {
		region = regions[0]
	}
	return &answer{
		freshness:    &f,
		region:       region,
		etag:         makeETag(etag...),
		lastModified: f.committedAt,
		render: func(_ context.Context, prefix []byte) (*body, error) {
			return newClustersJSON(subjects).render(prefix, req)
		},
	}, nil
}

// regionsOfClusters returns the regions that /v1/clusters shows: the one that
// the request names, the one that has the named cluster, or all.
func (s *lookup) regionsOfClusters(ctx context.Context, req *request) ([]string, error) {
	if req.region != "" || namesClusters(req) {
		region, err := s.findRegion(ctx, req)
		return []string{region}, err
	}
	if len(s.regions) > 1 && req.at.sequence != 0 { // each region counts its own commits
		return nil, s.regionRequiredError("are configured")
	}
	return s.regions, nil
}

// clustersETagParts returns what the answer about one region depends on.
// Digests alone are not enough: the answer shows the times of the checks too,
// which move with every run.
func clustersETagParts(sub *subject) []string {
	parts := []string{sub.current.RegionID, sub.scopes.digest, sub.state.LineHash()}
	return append(append(parts, sub.state.checksKey(sub.scopes)...), sub.scopes.oldestCheck.String())
}

// resolveRegions returns the subject of a request in each of the regions,
// without its freshness. A region that cannot be read is left out, and named in
// the freshness that is returned, if there are others and the request has no
// maxAge.
func (s *lookup) resolveRegions(
	ctx context.Context, req *request, regions []string,
) (subjects []*subject, f freshness, err error) {
	subjects, failures := s.loadSubjects(ctx, req, regions)
	failure := chooseFailure(regions, failures)
	// A region without data is normal while others have some: it may be new.
	onlyEmpty := len(regions) > 1 && errors.Is(failure, archive.ErrNoData)
	switch {
	case len(subjects) == 0 && onlyEmpty:
		return nil, f, s.nothingCapturedError()
	// A missing region has no check at all, which no maxAge allows.
	case len(subjects) == 0 || failure != nil && req.maxAge > 0:
		return nil, f, failure
	}
	if err := checkSelectionExists(req.selection, subjects); err != nil {
		if failure != nil && !onlyEmpty { // the unread region may have it
			return nil, f, regionUndecidedError(failure)
		}
		return nil, f, err
	}
	for _, region := range regions {
		if err := failures[region]; err != nil {
			f = f.merge(freshnessOfMissingRegion(s.explainMissingRegion(ctx, err)), region, true)
		}
	}
	return subjects, f, nil
}

// chooseFailure returns the error that stands for those of several regions; nil: all
// can be read. An error of the store tells more than one that there is no data yet.
func chooseFailure(regions []string, failures map[string]error) (failure error) {
	for _, region := range regions {
		err := failures[region]
		if err != nil && (failure == nil || errors.Is(failure, archive.ErrNoData)) {
			failure = err
		}
	}
	return failure
}

// loadSubjects returns the subjects of a request in the regions that can be
// read, and the errors of the others.
func (s *lookup) loadSubjects(
	ctx context.Context, req *request, regions []string,
) (subjects []*subject, failures map[string]error) {
	failures = map[string]error{}
	for _, region := range regions {
		current, state, err := s.loadState(ctx, req, region)
		if err != nil {
			failures[region] = err
			continue
		}
		scopes := state.listedScopes(req.selection)
		subjects = append(subjects, &subject{current: current, state: state, scopes: scopes})
	}
	return subjects, failures
}

// checkTimesKey encodes the times and outcomes of the checks of all scopes. The
// result is binary; it is a part of an ETag's hash.
func (v *scopeSet) checkTimesKey() string {
	var b []byte
	// Scopes that never answered change too: from not tried to failed.
	for _, list := range [][]format.ScopeState{v.scopes, v.empty} {
		for _, sc := range list {
			b = binary.AppendVarint(b, sc.CheckedAt.UnixNano())
			b = binary.AppendVarint(b, sc.TriedAt.UnixNano())
			b = append(b, sc.State...)
		}
	}
	return string(b)
}

// listedScopes returns the scopes that /v1/clusters shows for a selection.
// Unlike for images, a cluster or type that is not named means all of them, and
// "*" has to be named with "_any" to cover the lists without one. For example
// ClusterId=* shows every named cluster, and ClusterId=*,_any shows the lists
// without a cluster too.
func (st *regionState) listedScopes(sel selection) *scopeSet {
	if sel.isEverything() {
		return st.allScopes()
	}
	if sel.types == nil {
		sel.types = []string{allNames, catalog.Any}
	}
	if sel.clusters == nil {
		sel.clusters = []string{allNames, catalog.Any}
	}
	// The set is not cached: it is cheap, and only this route has it.
	scopes := st.newScopeSet(true, true)
	for _, sc := range st.candidateScopes(sel) {
		if matchesNameOrAny(sel.clusters, sc.ClusterID) && matchesNameOrAny(sel.types, sc.InstanceType) {
			scopes.addScope(sc)
		}
	}
	scopes.finish()
	return scopes
}

// matchesNameOrAny returns true if names has the name, or "*". The empty name
// needs "_any", which may stand next to "*".
func matchesNameOrAny(names []string, name string) bool {
	if slices.Contains(names, allNames) && (name != "" || slices.Contains(names, catalog.Any)) {
		return true
	}
	return slices.Contains(toScopeNames(names), name)
}

// checkSelectionExists returns an error if a name of a selection, or all of it,
// is of no scope of the subjects. A selection with clusters has one subject. An
// answer that is silently without a scope that the caller named would look like
// one in which nothing is captured. The names are checked one by one, then the
// combination of clusters and types.
func checkSelectionExists(sel selection, subjects []*subject) error {
	if sel.isEverything() {
		return nil
	}
	var states []*regionState
	var sets []*scopeSet
	count := 0
	for _, sub := range subjects {
		// The first cluster that does not exist gets an error of its own, with
		// a suggestion.
		for _, name := range sel.clusters {
			if isClusterName(name) && !sub.state.hasCluster(name) {
				return sub.state.clusterNotFoundError(name)
			}
		}
		// Counts scopes without content too: they are captured, only not
		// answered yet.
		states, sets = append(states, sub.state), append(sets, sub.scopes)
		count += len(sub.scopes.scopes) + len(sub.scopes.empty)
	}
	if sel.types == nil {
		sel.types = []string{allNames}
	}
	if sel.clusters == nil {
		sel.clusters = []string{allNames}
	}
	if part, found := firstUnmatched(sel, sets...); found {
		return scopeNotFoundError(part, states...)
	}
	if count == 0 {
		return scopeNotFoundError(sel, states...)
	}
	return nil
}

// sortedScopes returns all scopes of a set in canonical order. Those without
// content are sorted in among the others.
func (v *scopeSet) sortedScopes() []format.ScopeState {
	list := slices.Concat(v.scopes, v.empty)
	slices.SortFunc(list, func(a, b format.ScopeState) int { return a.Scope("").Compare(b.Scope("")) })
	return list
}

// newClustersJSON returns the scopes and clusters of all subjects. Its lists are never
// nil, so that an empty one is [] and not null.
func newClustersJSON(subjects []*subject) clustersJSON {
	list := clustersJSON{Scopes: []clusterScopeJSON{}, Clusters: []catalog.Cluster{}}
	for _, sub := range subjects {
		// A cluster can be listed before it is captured. It is not shown then.
		shown := map[string]bool{}
		for _, sc := range sub.scopes.sortedScopes() {
			shown[sc.ClusterID] = true
			list.Scopes = append(list.Scopes, clusterScopeJSON{
				sub.current.RegionID, sc.ClusterID, sc.InstanceType, sc.State, sc.Since, sc.Digest, sc.ImageCount,
				sc.CapturedAt, sc.CheckedAt, sc.TriedAt, sc.Problem, sc.Candidate,
			})
		}
		for _, id := range slices.Sorted(maps.Keys(shown)) {
			if c, ok := sub.state.Cluster(id); ok {
				list.Clusters = append(list.Clusters, c)
			}
		}
	}
	list.TotalCount = len(list.Scopes)
	return list
}

// render renders the scopes in the format of a request, and in JSON the clusters.
func (list clustersJSON) render(prefix []byte, req *request) (*body, error) {
	b, err := &body{total: strconv.Itoa(list.TotalCount)}, error(nil)
	switch req.format {
	case formatJSON:
		b.bytes, err = appendMembers(prefix, list)
	case formatNDJSON:
		b.bytes, err = appendLines(nil, list.Scopes, func(sc clusterScopeJSON) clusterScopeJSON { return sc })
	default:
		t := cellTable{columns: clusterColumns, rows: rowsOf(list.Scopes, clusterScopeJSON.cells),
			byteOrder: req.bom}
		if req.format == formatTable {
			t.rows = rowsOf(list.Scopes, clusterScopeJSON.shortCells)
		}
		b.bytes = t.render(req.format)
	}
	return b, err
}

// clusterColumns are the columns of clusterScopeJSON.cells.
var clusterColumns = []string{
	"RegionId", "ClusterId", "InstanceType", "State", "ImageCount", "CheckedAt", "CapturedAt", "Digest",
}

// cells returns a row without problems.
func (sc clusterScopeJSON) cells() []string {
	return []string{
		sc.RegionID, sc.ClusterID, sc.InstanceType, string(sc.State), strconv.Itoa(sc.ImageCount),
		sc.CheckedAt.String(), sc.CapturedAt.String(), sc.Digest,
	}
}

// shortCells returns a row for people: the digest is cut, and empty cells are visible.
func (sc clusterScopeJSON) shortCells() []string {
	sc.Digest = sc.Digest[:min(12, len(sc.Digest))]
	cells := sc.cells()
	for i := range cells {
		cells[i] = dashIfBlank(cells[i])
	}
	return cells
}

// dashIfBlank keeps an empty cell visible in a table.
func dashIfBlank(s string) string {
	if strings.TrimSpace(s) == "" {
		return "-"
	}
	return s
}
