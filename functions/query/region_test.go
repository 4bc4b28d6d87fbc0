package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/cloud"
	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket"
	"community-images/shared/ossbucket/osstest"
)

const region = "cn-hangzhou"

// testRegion is a region of a chosen size in a bucket: clusters with a list of
// their own each, out of a common stock of images. Equal sizes give equal data.
type testRegion struct {
	name     string
	clusters []string
	images   []*catalog.Image
	lists    [][]*catalog.Image // by cluster
	oss      *osstest.Endpoint
	bucket   *ossbucket.Bucket
	keys     archive.Keys
	cpu      float64 // vCPU of each function that is started; 0: all of the machine
}

// regionSize is the size of a test region.
type regionSize struct {
	name                        string
	clusters, perList, distinct int
}

var (
	smallRegion = regionSize{"200x200", 200, 200, 2000}
	largeRegion = regionSize{"2000x400", 2000, 400, 10000}
)

// imageBytes is the length of an image, chosen so that the answer with a list
// of 200 has 109 kB.
const imageBytes = 544

// newTestRegion commits a region of this size, as of now.
func newTestRegion(tb testing.TB, s regionSize) *testRegion {
	tb.Helper()
	c := newEmptyRegion(tb, s)
	c.commitLists(tb)
	c.oss.Requests() // lets go of them
	return c
}

// newEmptyRegion makes the content of a region of this size and commits nothing.
func newEmptyRegion(tb testing.TB, s regionSize) *testRegion {
	tb.Helper()
	c := &testRegion{name: s.name, oss: osstest.Start(tb, "")}
	var err error
	if c.bucket, err = ossbucket.New(ossbucket.Options{Endpoint: c.oss.URL, Region: c.oss.Region, Bucket: c.oss.Bucket,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return cloud.Credentials{AccessKeyID: c.oss.Key.ID, AccessKeySecret: c.oss.Key.Secret,
				SecurityToken: c.oss.Key.Token}, nil
		}}); err != nil {
		tb.Fatal(err)
	}
	if c.keys, err = archive.NewKeys("community-images"); err != nil {
		tb.Fatal(err)
	}
	for i := range s.distinct {
		im, err := catalog.ParseImage(imageJSON(i))
		if err != nil {
			tb.Fatal(err)
		}
		c.images = append(c.images, im)
	}
	for i := range s.clusters {
		c.clusters = append(c.clusters, fmt.Sprintf("ehpc-hz-%08d", i))
		var list []*catalog.Image
		for _, place := range rand.New(rand.NewPCG(uint64(i), 1)).Perm(s.distinct)[:s.perList] {
			list = append(list, c.images[place])
		}
		c.lists = append(c.lists, list)
	}
	return c
}

func (c *testRegion) commitLists(tb testing.TB) {
	tb.Helper()
	writer, now := archive.NewWriter(c.bucket, c.keys, time.Now), catalog.At(time.Now())
	base, err := writer.Load(tb.Context(), region)
	if err != nil {
		tb.Fatal(err)
	}
	listing := &archive.Listing{At: now}
	run := archive.Run{RunID: "run-1", Trigger: "timer", StartedAt: now, Discovery: listing}
	for i, id := range c.clusters {
		scope := catalog.Scope{RegionID: region, ClusterID: id}
		listing.Clusters = append(listing.Clusters, catalog.Cluster{
			ClusterID: id, InstanceTypes: []string{"ecs.c7.large"}, Name: "bench", OsTag: "CentOS_7.6_64",
			RegionID: region, SchedulerType: "slurm",
			ImageID: "centos_7_6_x64_20G_alibase.vhd", ImageOwnerAlias: "system",
		})
		s := catalog.NewSnapshot(scope, now, "request", c.lists[i])
		run.Checks = append(run.Checks, archive.Check{Scope: scope, At: now, State: format.StateOK, Fingerprint: s.Digest,
			Snapshot: s})
	}
	result, err := writer.Commit(tb.Context(), base, run)
	if err != nil || result.HeadError != nil {
		tb.Fatal(err, result.HeadError)
	}
}

// commitClusterList commits a run that lists the clusters and asks nothing else: upstream's
// entries have a kilobyte each, and differ from those of any other n.
func (c *testRegion) commitClusterList(tb testing.TB, n int) {
	tb.Helper()
	writer, listing := archive.NewWriter(c.bucket, c.keys, time.Now), &archive.Listing{At: catalog.At(time.Now())}
	base, err := writer.Load(tb.Context(), region)
	if err != nil {
		tb.Fatal(err)
	}
	entries := make([]json.RawMessage, len(c.clusters))
	for i, id := range c.clusters {
		entries[i] = fmt.Appendf(nil, `{"Id":%q,"Name":"bench","RegionId":%q,"Count":%d,"Description":%q}`, id, region,
			n, strings.Repeat("x", 900))
		cluster, _, err := catalog.ParseCluster(entries[i], region)
		if err != nil {
			tb.Fatal(err)
		}
		listing.Clusters = append(listing.Clusters, cluster)
	}
	if listing.Upstream, err = json.Marshal(entries); err != nil {
		tb.Fatal(err)
	}
	result, err := writer.Commit(tb.Context(), base,
		archive.Run{RunID: "run-2", Trigger: "timer", StartedAt: listing.At, Discovery: listing})
	if err != nil || result.HeadError != nil {
		tb.Fatal(err, result.HeadError)
	}
}

// contentBytes is the size of the content without repetition: every image once, and
// four bytes for each place in a list.
func (c *testRegion) contentBytes() int {
	n := 0
	for _, im := range c.images {
		n += len(im.Raw)
	}
	for _, list := range c.lists {
		n += 4 * len(list)
	}
	return n
}

// products and systems are what the made-up images are made of.
var (
	products = []string{"OceanBase", "GROMACS", "OpenFOAM", "WRF", "LAMMPS", "NAMD", "Abaqus", "TensorFlow", "PyTorch",
		"VASP", "Relion", "BLAST", "Fluent"}
	systems = []struct{ platform, version string }{
		{"CentOS", "7.2"}, {"CentOS", "7.6"}, {"CentOS", "7.9"}, {"Ubuntu", "20.04"}, {"Ubuntu", "22.04"},
		{"Rocky Linux", "8.8"}, {"Windows Server", "2019"},
	}
	statuses = []string{"Available", "Available", "Available", "Creating", "UnAvailable"}
)

func imageJSON(i int) []byte {
	product, system := products[i%len(products)], systems[i%len(systems)]
	tag := fmt.Sprintf("%s_%s_64", strings.ReplaceAll(system.platform, " ", ""), system.version)
	image := func(description string) []byte {
		return fmt.Appendf(nil,
			`{"Status":%q,"PostInstallScript":"","Description":%q,"Size":%d,"ImageOwnerAlias":"others",`+
				`"ImageName":"linux_%s_%s_%d","SkuCode":"package",`+
				`"PricingCycle":"Month","ImageId":"m-bp1%017d","ProductCode":"cmjj%06d","Uid":"%012d",`+
				`"BaseOsTag":{"Platform":%q,"OsTag":%q,"Version":%q,"Architecture":"x86_64"},`+
				`"OsTag":{"Platform":%q,"OsTag":%q,"Version":%q,"Architecture":"x86_64","BaseOsTag":%q}}`,
			statuses[i%len(statuses)], description, 20+20*(i%10), tag, product, i, i*7919%100003, i%977, i%31,
			system.platform, tag, system.version, system.platform, tag, system.version, tag)
	}
	text := product + " ready to run. "
	return image(text + strings.Repeat(".", max(0, imageBytes-len(image(text)))))
}

// functionEnv returns the environment of a function that serves the region.
func (c *testRegion) functionEnv(more ...string) []string {
	return slices.Concat([]string{"OSS_ENDPOINT=" + c.oss.URL, "OSS_BUCKET=" + c.oss.Bucket,
		"OSS_REGION=" + c.oss.Region, "EHPC_REGIONS=" + region}, more)
}

func (c *testRegion) credentials() cloud.Credentials {
	return cloud.Credentials{AccessKeyID: c.oss.Key.ID, AccessKeySecret: c.oss.Key.Secret,
		SecurityToken: c.oss.Key.Token}
}

// startFunction starts a binary of this directory's kind: "query" or "constant".
func (c *testRegion) startFunction(tb testing.TB, binary string, env ...string) *fctest.Function {
	tb.Helper()
	f, err := fctest.Start(tb.Context(), binary,
		fctest.Options{Env: c.functionEnv(env...), Credentials: c.credentials(), CPU: c.cpu})
	if errors.Is(err, fctest.ErrNoCPUQuota) {
		tb.Skip("BENCH_CPU is set, which runs where this process may make a cgroup: ", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(f.Stop)
	return f
}

func buildQuery(tb testing.TB) string {
	return fctest.Binary(tb, "community-images/functions/query")
}

func buildConstant(tb testing.TB) string {
	return fctest.Binary(tb, "community-images/functions/query/testdata/constant")
}
