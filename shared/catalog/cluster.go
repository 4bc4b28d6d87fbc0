package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"community-images/shared/jsonscan"
)

// Cluster is the identity of an E-HPC cluster: the part of a ListClusters entry
// that does not change while the cluster works. Fields are ordered by name, so
// that its JSON is canonical.
type Cluster struct {
	// ClusterID is E-HPC's Id, for example ehpc-hz-FYUr32hD1k. It is unique in all
	// regions.
	ClusterID string `json:"ClusterId"`
	// ImageID is the image of the cluster's nodes. It may be empty.
	ImageID string `json:"ImageId"`
	// ImageOwnerAlias says who offers that image, for example system or self. It may be
	// empty.
	ImageOwnerAlias string `json:"ImageOwnerAlias"`
	// InstanceTypes are those of the compute nodes, sorted. There may be none.
	InstanceTypes []string `json:"InstanceTypes"`
	// Name is what its owner called it. Several clusters may have the same.
	Name string `json:"Name"`
	// OsTag is the operating system of the nodes, for example CentOS_7.6_64. It may be
	// empty.
	OsTag string `json:"OsTag"`
	// RegionID is where the cluster is, whichever endpoint lists it.
	RegionID string `json:"RegionId"`
	// SchedulerType is for example slurm or pbs. It may be empty.
	SchedulerType string `json:"SchedulerType"`
}

// ParseCluster parses one entry of Clusters.ClusterInfoSimple. home is the region
// of an entry that names none. It returns an error if the id or region cannot be
// part of an object key. Instance types that cannot are left out and returned in
// skipped.
func ParseCluster(raw []byte, home string) (c Cluster, skipped []string, err error) {
	canonical, err := Canonical(raw)
	if err != nil {
		return Cluster{}, nil, err
	}
	if canonical[0] != '{' {
		return Cluster{}, nil, errors.New("cluster is not an object")
	}
	// InstanceTypes is never nil, because null and [] would differ when compared.
	c = Cluster{RegionID: home, InstanceTypes: []string{}}
	for name, value := range jsonscan.Members(canonical) {
		switch name {
		case "Id":
			c.ClusterID = jsonscan.Text(value)
		case "ImageId":
			c.ImageID = jsonscan.Text(value)
		case "ImageOwnerAlias":
			c.ImageOwnerAlias = jsonscan.Text(value)
		case "Name":
			c.Name = jsonscan.Text(value)
		case "OsTag":
			c.OsTag = nestedText(value, "OsTag")
		case "RegionId":
			if region := jsonscan.Text(value); region != "" {
				c.RegionID = region
			}
		case "SchedulerType":
			c.SchedulerType = jsonscan.Text(value)
		case "InstanceType":
			c.InstanceTypes, skipped = parseInstanceTypes(value)
		}
	}
	// Without an Id nothing can be asked. Everything else may be missing.
	if c.ClusterID == "" {
		return Cluster{}, nil, errors.New("cluster without an Id")
	}
	return c, skipped, Scope{RegionID: c.RegionID, ClusterID: c.ClusterID}.Validate()
}

// parseInstanceTypes accepts the documented string, a comma list or a JSON list.
func parseInstanceTypes(value string) (types, skipped []string) {
	types = []string{}
	// add adds the types of one string, and skips a value of another kind.
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
	// A cluster whose queues share a type names it once for each.
	slices.Sort(types)
	return slices.Compact(types), skipped
}

// Equal reports whether two identities are the same.
func (c Cluster) Equal(o Cluster) bool {
	// Their JSON is canonical, and a new field cannot be forgotten here.
	a, _ := json.Marshal(c)
	b, _ := json.Marshal(o)
	return string(a) == string(b)
}

// String returns "<region>/<cluster>", for errors and logs.
func (c Cluster) String() string { return fmt.Sprintf("%s/%s", c.RegionID, c.ClusterID) }
