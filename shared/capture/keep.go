package capture

import (
	"encoding/json"
	"fmt"
	"slices"

	"community-images/shared/catalog"
)

// keepKnown adds to a listing what it may have meant and does not say: the
// known instance types of clusters of which one cannot be used, and, if there
// are entries that name no cluster, the known clusters that it lists nowhere.
func (p *plan) keepKnown(found map[string]Cluster, placed map[string]string) {
	for id, c := range found {
		if known, ok := p.base.Cluster(id); ok && c.Problem != "" {
			types := append(append([]string{}, c.InstanceTypes...), known.InstanceTypes...) // never nil: that would be a change
			slices.Sort(types)
			c.InstanceTypes = slices.Compact(types)
			found[id] = c
		}
	}
	if p.unusable == 0 {
		return
	}
	entries, kept := p.entries(), 0
	for _, c := range p.base.Clusters {
		if placed[c.ClusterID] == "" {
			found[c.ClusterID] = Cluster{Cluster: c, Raw: entries[c.ClusterID]}
			kept++
		}
	}
	if kept > 0 {
		p.problems = append(p.problems, fmt.Sprintf("the listing has %d entries that name no cluster; %d clusters that it does not list stay", p.unusable, kept))
	}
}

// entries are those of the last listing, by cluster.
func (p *plan) entries() map[string]json.RawMessage {
	entries := map[string]json.RawMessage{}
	var last []json.RawMessage
	_ = json.Unmarshal(p.base.Upstream, &last) // empty if there was none
	for _, raw := range last {
		if c, _, err := catalog.ParseCluster(raw, p.base.RegionID); err == nil {
			entries[c.ClusterID] = raw
		}
	}
	return entries
}
