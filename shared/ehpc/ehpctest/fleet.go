package ehpctest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// cluster is one cluster of a Simulation. platforms are the systems that it can run.
// If they are nil, it is offered every image of its region.
type cluster struct {
	id, name, region, zone, scheduler, osTag string
	types                                    string // as in ListClusters: one string, separated by commas
	platforms                                []string
	nodes                                    int
	// image is what the nodes boot from; empty: the listing does not say it.
	image string
	// imageOwner is system for an image of Alibaba Cloud, and others for a community image.
	imageOwner string
}

var (
	redHats = []string{"CentOS", "Aliyun", "Others Linux", "Customized Linux"}
	debians = []string{"Ubuntu", "Debian", "Customized Linux"}
)

// initialFleet returns the clusters of tick 0. The last is the first to be released. All
// boot from system images, which are never offered; see bootFromCommunity.
func initialFleet() []cluster {
	fleet := []cluster{
		{"ehpc-hz-QnKzVnX9aT", "cfd-prod", "cn-hangzhou", "cn-hangzhou-i", "slurm", "CentOS_7.6_64", "ecs.c7.16xlarge",
			redHats, 64, "", ""},
		{"ehpc-hz-FYUr32hD1k", "genomics", "cn-hangzhou", "cn-hangzhou-j", "pbs", "CentOS_7.9_64", "ecs.r7.8xlarge",
			redHats, 24, "", ""},
		{"ehpc-hz-b8LmW0sT5e", "ai-train", "cn-hangzhou", "cn-hangzhou-i", "slurm22", "Ubuntu_20.04_64",
			"ecs.gn7i-c32g1.8xlarge", nil, 8, "", ""},
		{"ehpc-sh-Xk41pQ77Rz", "weather", "cn-shanghai", "cn-shanghai-l", "opengridscheduler", "AliyunLinux_3.2104_64",
			"ecs.hfc7.12xlarge", redHats, 48, "", ""},
		{"ehpc-sh-0dGv9sYw2m", "render-farm", "cn-shanghai", "cn-shanghai-m", "deadline", "WindowsServer_2012_64",
			"ecs.gn6i-c8g1.2xlarge", nil, 16, "", ""},
		{"ehpc-sh-tR5uJ3nE6c", "edu-lab", "cn-shanghai", "cn-shanghai-m", "cube", "Ubuntu_18.04_64", "ecs.n1.tiny",
			debians, 4, "", ""},
	}
	for i := range fleet {
		fleet[i].image, fleet[i].imageOwner = strings.ToLower(fleet[i].osTag)+"_20G_alibase.vhd", "system"
	}
	return fleet
}

// newCluster returns a cluster that is created later. Its listing names no image.
func newCluster(rng *rand.Rand, name string) cluster {
	return cluster{"ehpc-hz-" + strings.ToUpper(randomLetters(rng, 2)) + randomLetters(rng, 8),
		name, "cn-hangzhou", "cn-hangzhou-k",
		"slurm", "Ubuntu_22.04_64", "ecs.g7.4xlarge", debians, 2, "", ""}
}

// isOffered reports whether the answer to a question has an image. c is nil for a
// question without a cluster.
func isOffered(im *image, c *cluster, q Question) bool {
	switch {
	case q.BaseOsTag != "" && im.BaseOsTag.OsTag != q.BaseOsTag:
		return false
	case c == nil && (!im.universal || im.deniedTo != ""):
		return false
	case c != nil && c.id == im.deniedTo:
		return false
	case c != nil && c.platforms != nil && !slices.Contains(c.platforms, im.BaseOsTag.Platform):
		return false
	}
	return fitsInstanceType(im, q.InstanceType)
}

// fitsInstanceType reports whether instances of a type can run an image. An empty type
// stands for every type.
func fitsInstanceType(im *image, instanceType string) bool {
	_, rest, _ := strings.Cut(instanceType, ".")
	class, _, _ := strings.Cut(rest, ".")
	switch {
	case im.gpu:
		return strings.HasPrefix(class, "gn") || strings.HasPrefix(class, "vgn")
	case im.large:
		return instanceType != "" && class != "n1"
	case im.BaseOsTag.Architecture == "i386":
		return class == "n1"
	}
	return true
}

// listingEntry returns the cluster as an entry of ListClusters. Its counts are random.
func (c *cluster) listingEntry(rng *rand.Rand, tick int) json.RawMessage {
	busy := rng.IntN(c.nodes + 1)
	status := "running"
	if strings.HasSuffix(c.name, fmt.Sprintf("-%d", tick)) {
		status = "creating"
	}
	base := strings.Split(c.osTag, "_")
	return json.RawMessage(fmt.Sprintf(
		`{"AccountType":"nis","ClientVersion":"1.4.3","ComputeSpotPriceLimit":0.0,"ComputeSpotStrategy":"NoSpot",`+
			`"Computes":{"ExceptionCount":0,"NormalCount":%d,"OperatingCount":0,"StoppedCount":0,"Total":%d},"Count":%d,`+
			`"CreateTime":"2026-03-0%dT08:15:30.000Z",`+
			`"DeployMode":"Standard","Description":%q,"EhpcVersion":"1.0.1","HasPlugin":false,"Id":%q,`+
			`"ImageId":%q,"ImageOwnerAlias":%q,"InstanceChargeType":"PostPaid",`+
			`"InstanceType":%q,"IsComputeEss":false,"Location":"PublicCloud","LoginNodes":"[\"login0\"]",`+
			`"Managers":{"ExceptionCount":0,"NormalCount":2,"OperatingCount":0,"StoppedCount":0,"Total":2},`+
			`"Name":%q,"NodePrefix":"compute","NodeSuffix":"","OsTag":%q,"BaseOsTag":%q,"RegionId":%q,"SchedulerType":%q,`+
			`"Status":%q,`+
			`"TotalResources":{"Cpu":%d,"Gpu":0,"Memory":%d},"UsedResources":{"Cpu":%d,"Gpu":0,"Memory":%d},`+
			`"VSwitchId":"vsw-bp1e47optm9g58zcu****","VpcId":"vpc-bp1gnu8br4ay7beb2****","ZoneId":%q}`,
		c.nodes, c.nodes, c.nodes, 1+len(c.name)%9, "The "+c.name+" cluster", c.id,
		c.image, c.imageOwner, c.types, c.name, c.osTag,
		strings.Join(base, "_"), c.region, c.scheduler, status,
		c.nodes*64, c.nodes*256, busy*64, busy*256, c.zone))
}
