package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"community-images/shared/jsonscan"
)

// Cluster is the identity of an E-HPC cluster: the part of a ListClusters
// entry that does not move while the cluster works. Fields are in the order
// of their names, so that its JSON is canonical.
type Cluster struct {
	ClusterID     string   `json:"ClusterId"`
	InstanceTypes []string `json:"InstanceTypes"` // of the compute nodes, sorted; may be empty
	Name          string   `json:"Name"`
	OsTag         string   `json:"OsTag"`
	RegionID      string   `json:"RegionId"`
	SchedulerType string   `json:"SchedulerType"`
}

// ParseCluster reads one entry of Clusters.ClusterInfoSimple. home is the
// region to assume when the entry names none. The id and region must be fit
// for object keys; an instance type that is unfit, or no text, is left out, for
// no scope can be made of it, and reported in skipped.
func ParseCluster(raw []byte, home string) (c Cluster, skipped []string, err error) {
	canonical, err := Canonical(raw)
	if err != nil {
		return Cluster{}, nil, err
	}
	if canonical[0] != '{' {
		return Cluster{}, nil, errors.New("cluster is not an object")
	}
	c = Cluster{RegionID: home, InstanceTypes: []string{}}
	for name, value := range jsonscan.Members(canonical) {
		switch name {
		case "Id":
			c.ClusterID = jsonscan.Text(value)
		case "Name":
			c.Name = jsonscan.Text(value)
		case "OsTag":
			c.OsTag = within(value, "OsTag")
		case "RegionId":
			if region := jsonscan.Text(value); region != "" {
				c.RegionID = region
			}
		case "SchedulerType":
			c.SchedulerType = jsonscan.Text(value)
		case "InstanceType":
			c.InstanceTypes, skipped = instanceTypes(value)
		}
	}
	if c.ClusterID == "" {
		return Cluster{}, nil, errors.New("cluster without an Id")
	}
	return c, skipped, Scope{RegionID: c.RegionID, ClusterID: c.ClusterID}.Validate()
}

// instanceTypes takes the documented string, a comma list or a JSON list.
func instanceTypes(value string) (types, skipped []string) {
	types = []string{}
	add := func(value string) {
		if value[0] != '"' {
			skipped = append(skipped, value)
			return
		}
		for _, t := range strings.Split(jsonscan.Text(value), ",") {
			switch t = strings.Trim(t, " \t\r\n"); {
			case t == "":
			case ValidateName("InstanceType", t) != nil:
				skipped = append(skipped, t)
			default:
				types = append(types, t)
			}
		}
	}
	if value[0] == '[' {
		for element := range jsonscan.Elements(value) {
			add(element)
		}
	} else {
		add(value)
	}
	slices.Sort(types)
	return slices.Compact(types), skipped
}

// Equal reports whether two identities are the same.
func (c Cluster) Equal(o Cluster) bool {
	a, _ := json.Marshal(c)
	b, _ := json.Marshal(o)
	return string(a) == string(b)
}

// String names the cluster in errors and logs.
func (c Cluster) String() string { return fmt.Sprintf("%s/%s", c.RegionID, c.ClusterID) }
