package capture

import (
	"encoding/json"
	"fmt"
	"slices"

	"community-images/shared/catalog"
	"community-images/shared/ehpc"
)

// tolerateUnusable adds to a listing what its unusable entries may have meant. A
// cluster with an unusable instance type keeps its known types. If an entry names no
// cluster, the known clusters that are listed nowhere stay. regionOf has the region
// of every listed cluster, by id.
func (p *plan) tolerateUnusable(found map[string]ehpc.Cluster, regionOf map[string]string) {
	for id, c := range found {
		if known, ok := p.base.Cluster(id); ok && c.Problem != "" {
			// Not nil even if there are none: that would be stored as a change.
			types := append(append([]string{}, c.InstanceTypes...), known.InstanceTypes...)
			slices.Sort(types)
			c.InstanceTypes = slices.Compact(types)
			found[id] = c
		}
	}
	// If every entry names its cluster, those that are not listed have gone.
	if p.unusableEntries == 0 {
		return
	}
	// The stored entries are kept too, so that the listing of now can be served whole.
	entries, kept := p.lastListedEntries(), 0
	for _, c := range p.base.Clusters() {
		if regionOf[c.ClusterID] == "" {
			found[c.ClusterID] = ehpc.Cluster{Cluster: c, Raw: entries[c.ClusterID]}
			kept++
		}
	}
	if kept > 0 {
		p.addProblem("the listing has %d entries that name no cluster; %d clusters that it does not list stay",
			p.unusableEntries, kept)
	}
}

// lastListedEntries returns the entries of the last listing, by cluster.
func (p *plan) lastListedEntries() map[string]json.RawMessage {
	entries := map[string]json.RawMessage{}
	var last []json.RawMessage
	_ = json.Unmarshal(p.base.Upstream, &last) // it is empty if there was no listing
	for _, raw := range last {
		if c, _, err := catalog.ParseCluster(raw, p.base.RegionID); err == nil {
			entries[c.ClusterID] = raw
		}
	}
	return entries
}

// addProblem adds a line to the problems of the region's report.
func (p *plan) addProblem(format string, values ...any) {
	p.problems = append(p.problems, fmt.Sprintf(format, values...))
}
