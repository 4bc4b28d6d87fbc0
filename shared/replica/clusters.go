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

const (
	firstPage   = 1
	defaultSize = 10
	largestSize = 50
)

// listClusters answers ListClusters: the last entry that upstream gave for
// each cluster, ordered by id; of the region that is meant, or as upstream does
// of all of them if none is. Of a past moment only the identity of a cluster is
// known, for counts are no part of the history.
func (c *call) listClusters(ctx context.Context) error {
	regions, err := c.listed()
	if err != nil {
		return err
	}
	var all []entry
	var f freshness
	err = c.look(ctx, regions, func(r *archive.Region, confirmed bool) bool {
		all = append(all, c.entries(r)...)
		f.add(r.Sequence, c.checked(r), !confirmed || c.at == "" && r.Discovery.Problem != nil)
		return true
	})
	if err != nil {
		return err
	}
	if len(regions) > 1 {
		f.sequence = 0
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.id, b.id) })
	number, ok1 := c.number("PageNumber", firstPage, 1<<30)
	size, ok2 := c.number("PageSize", defaultSize, largestSize)
	if !ok1 || !ok2 {
		return &apierror.Error{Status: http.StatusBadRequest, Code: codeParams, Message: "The specified parameter PageNumber or PageSize is invalid.", Recommend: "PageNumber begins at 1, PageSize is 1 to 50."}
	}
	from := min(len(all), (number-1)*size)
	page := make([]string, 0, size)
	for _, e := range all[from:min(len(all), from+size)] {
		page = append(page, e.raw)
	}
	c.tell(f)
	c.send(`"PageSize":`+strconv.Itoa(size)+`,"PageNumber":`+strconv.Itoa(number)+`,"TotalCount":`+strconv.Itoa(len(all))+`,"Clusters":{"ClusterInfoSimple":[`, page, `]}`)
	return nil
}

// number reads a parameter from 1 to most that may be absent.
func (c *call) number(name string, absent, most int) (int, bool) {
	text, given := c.params[name]
	if !given {
		return absent, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 1 && n <= most
}

// entry is a cluster as ListClusters tells it.
type entry struct{ id, raw string }

// listed are the regions whose clusters are meant. At the number of a commit it
// is one.
func (c *call) listed() ([]string, error) {
	all := c.regions()
	if cmp.Or(c.params["RegionId"], c.regionInPath) == "" && (c.at == "" || !c.options.Source(c.grant).IsCommitNumber(c.at)) {
		return all, nil
	}
	region, err := c.chooseRegion()
	return []string{region}, err
}

// entries are the clusters of a state.
func (c *call) entries(r *archive.Region) []entry {
	if c.at == "" && len(r.Upstream) > 0 {
		var list []entry
		for raw := range jsonscan.Elements(string(r.Upstream)) {
			list = append(list, entry{identifier(raw), raw})
		}
		return list
	}
	return identities(r)
}

// checked is when upstream was last asked for the clusters of a state: by a
// listing; else, where nobody lists or the caller is not told, by the oldest of
// the questions about them; zero: never.
func (c *call) checked(r *archive.Region) time.Time {
	if c.at != "" {
		return r.CommittedAt.Time
	}
	oldest := r.Discovery.CheckedAt.Time
	if !oldest.IsZero() {
		return oldest
	}
	for i := range r.Scopes {
		if at := r.Scopes[i].CheckedAt.Time; oldest.IsZero() || at.Before(oldest) && !at.IsZero() {
			oldest = at
		}
	}
	return oldest
}

// identifier is the Id of an entry.
func identifier(raw string) (id string) {
	for name, value := range jsonscan.Members(raw) {
		if name == "Id" && json.Unmarshal([]byte(value), &id) == nil {
			return id
		}
	}
	return ""
}

// identities are the clusters as the history knows them.
func identities(r *archive.Region) []entry {
	clusters := slices.Clone(r.Clusters)
	for _, s := range r.Scopes { // a cluster may be captured and not listed
		if _, listed := r.Cluster(s.ClusterID); !listed && s.ClusterID != "" && s.InstanceType == "" {
			clusters = append(clusters, catalog.Cluster{ClusterID: s.ClusterID, RegionID: r.RegionID})
		}
	}
	list := make([]entry, 0, len(clusters))
	for _, c := range clusters {
		raw, _ := catalog.MarshalLine(struct { // strings only: cannot fail
			ID            string `json:"Id"`
			InstanceType  string `json:",omitempty"`
			Name          string `json:",omitempty"`
			OsTag         string `json:",omitempty"`
			RegionID      string `json:"RegionId"`
			SchedulerType string `json:",omitempty"`
		}{c.ClusterID, strings.Join(c.InstanceTypes, ","), c.Name, c.OsTag, c.RegionID, c.SchedulerType})
		list = append(list, entry{c.ClusterID, strings.TrimSpace(string(raw))})
	}
	slices.SortFunc(list, func(a, b entry) int { return strings.Compare(a.id, b.id) })
	return list
}
