package replica

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/catalog"
	"community-images/shared/jsonscan"
)

// The pages of ListClusters, as E-HPC documents them.
const (
	// firstPage is the default of PageNumber.
	firstPage = 1
	// defaultSize and largestSize are of PageSize, in clusters.
	defaultSize = 10
	largestSize = 50
)

// listClusters answers ListClusters with the last entry that E-HPC gave for each
// cluster, ordered by id. Without RegionId it lists all regions. For a past time
// it has only the identity of each cluster, because the history does not record
// counts.
func (c *call) listClusters(ctx context.Context) error {
	regions, err := c.regionsToList()
	if err != nil {
		return err
	}
	// A failed listing makes the present answer stale, but not one about the
	// past.
	var all []clusterEntry
	var f freshness
	err = c.forEachRegion(ctx, regions, func(r *archive.Region, confirmed bool) bool {
		all = append(all, c.clusterEntries(r)...)
		f.addRegion(r.Sequence, c.lastClusterCheck(r), !confirmed || c.asOf == "" && r.Discovery.Problem != nil)
		return true
	})
	if err != nil {
		return err
	}
	// Each region counts its own commits.
	if len(regions) > 1 {
		f.sequence = 0
	}
	// Pages need one order for all regions together.
	slices.SortFunc(all, func(a, b clusterEntry) int { return strings.Compare(a.id, b.id) })
	c.setFreshnessHeaders(f)
	return c.sendClusterPage(all)
}

// sendClusterPage sends the page of clusters that is requested.
func (c *call) sendClusterPage(all []clusterEntry) error {
	number, ok1 := c.intParameter("PageNumber", firstPage, 1<<30)
	size, ok2 := c.intParameter("PageSize", defaultSize, largestSize)
	if !ok1 || !ok2 {
		return apierror.New(http.StatusBadRequest, codeInvalidParams,
			"The specified parameter PageNumber or PageSize is invalid.",
			"PageNumber begins at 1, PageSize is 1 to 50.")
	}
	// A page behind the last one is empty and no error, as E-HPC's are.
	from := min(len(all), (number-1)*size)
	page := make([]string, 0, size)
	for _, e := range all[from:min(len(all), from+size)] {
		page = append(page, e.raw)
	}
	c.sendList(`"PageSize":`+strconv.Itoa(size)+`,"PageNumber":`+strconv.Itoa(number)+`,"TotalCount":`+
		strconv.Itoa(len(all))+`,"Clusters":{"ClusterInfoSimple":[`, page, `]}`)
	return nil
}

// intParameter returns a parameter from 1 to largest, or absent if it is not
// given. ok is false if it has another value.
func (c *call) intParameter(name string, absent, largest int) (value int, ok bool) {
	text, given := c.params[name]
	if !given {
		return absent, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 1 && n <= largest
}

// clusterEntry is a cluster in the answer of ListClusters.
type clusterEntry struct {
	// id orders the entries. Empty: upstream's entry has none.
	id string
	// raw is the JSON object, as E-HPC wrote it or as the history knows it.
	raw string
}

// regionsToList returns the regions whose clusters are requested. With a commit
// number it is one region, because each region counts its own commits.
func (c *call) regionsToList() ([]string, error) {
	all := c.allowedRegions()
	if cmp.Or(c.params["RegionId"], c.pathRegion) == "" &&
		(c.asOf == "" || !c.options.Source(c.grant).IsCommitNumber(c.asOf)) {
		return all, nil
	}
	region, err := c.chooseRegion()
	return []string{region}, err
}

// clusterEntries returns the clusters of a state: for the present the entries
// that E-HPC gave at the last listing, byte for byte. A past state has none of
// them, nor has a region that was never listed.
func (c *call) clusterEntries(r *archive.Region) []clusterEntry {
	if c.asOf == "" && len(r.Upstream) > 0 {
		var list []clusterEntry
		for raw := range jsonscan.Elements(string(r.Upstream)) {
			list = append(list, clusterEntry{clusterIDOf(raw), raw})
		}
		return list
	}
	return clustersFromHistory(r)
}

// lastClusterCheck returns when the clusters of a state were last checked: at the
// last listing or, if there was none, at the oldest check of a scope. Zero:
// never.
func (c *call) lastClusterCheck(r *archive.Region) time.Time {
	if c.asOf != "" {
		return r.CommittedAt.Time
	}
	// Where clusters are configured by hand they are never listed.
	oldest := r.Discovery.CheckedAt.Time
	if !oldest.IsZero() {
		return oldest
	}
	scopes := r.Scopes()
	for i := range scopes {
		if at := scopes[i].CheckedAt.Time; oldest.IsZero() || at.Before(oldest) && !at.IsZero() {
			oldest = at
		}
	}
	return oldest
}

// clusterIDOf returns the Id of a ListClusters entry, or "".
func clusterIDOf(raw string) (id string) {
	for name, value := range jsonscan.Members(raw) {
		if name == "Id" && json.Unmarshal([]byte(value), &id) == nil {
			return id
		}
	}
	return ""
}

// clustersFromHistory returns the clusters that the history knows, ordered by id,
// with the members that it keeps. Counts of nodes and states are not among them.
func clustersFromHistory(r *archive.Region) []clusterEntry {
	clusters := slices.Clone(r.Clusters())
	for _, s := range r.Scopes() { // a captured cluster may be missing from the listing
		if _, listed := r.Cluster(s.ClusterID); !listed && s.ClusterID != "" && s.InstanceType == "" {
			clusters = append(clusters, catalog.Cluster{ClusterID: s.ClusterID, RegionID: r.RegionID})
		}
	}
	list := make([]clusterEntry, 0, len(clusters))
	for _, c := range clusters {
		raw, _ := catalog.MarshalLine(struct { // strings only: cannot fail
			ID            string `json:"Id"`
			InstanceType  string `json:",omitempty"`
			Name          string `json:",omitempty"`
			OsTag         string `json:",omitempty"`
			RegionID      string `json:"RegionId"`
			SchedulerType string `json:",omitempty"`
		}{c.ClusterID, strings.Join(c.InstanceTypes, ","), c.Name, c.OsTag, c.RegionID, c.SchedulerType})
		list = append(list, clusterEntry{c.ClusterID, strings.TrimSpace(string(raw))})
	}
	slices.SortFunc(list, func(a, b clusterEntry) int { return strings.Compare(a.id, b.id) })
	return list
}
