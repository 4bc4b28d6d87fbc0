package ehpctest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
)

// Sized is a Data of a chosen size for benchmarks: one region, many clusters without
// instance types, long lists. Lists are built in advance, so that an answer costs
// almost no CPU time.
type Sized struct {
	region   string
	clusters []json.RawMessage
	index    map[string]int // cluster id -> list
	images   [][]byte       // as JSON
	perList  int
	lists    atomic.Pointer[[][]byte]
	round    int // of ChangeImages
}

// sizedLists is the number of different lists; clusters share them in turn.
const sizedLists = 16

// sizedImage is the length of an image in JSON, chosen so that an answer of
// 200 images has 109 kB.
const sizedImage = 544

// NewSized returns n clusters with lists of m images each, out of d different images.
// Equal arguments give equal data.
func NewSized(region string, n, m, d int) *Sized {
	s := &Sized{region: region, index: make(map[string]int, n), perList: m}
	for i := range n {
		id := fmt.Sprintf("ehpc-hz-%010d", i)
		s.index[id] = i % sizedLists
		s.clusters = append(s.clusters, json.RawMessage(fmt.Sprintf(
			`{"Id":%q,"Name":"bench-%d","RegionId":%q,"OsTag":"CentOS_7.6_64","SchedulerType":"slurm","InstanceType":"",`+
				`"ImageId":"centos_7_6_x64_20G_alibase.vhd","ImageOwnerAlias":"system","Status":"running"}`, id, i, region)))
	}
	for i := range d {
		s.images = append(s.images, newSizedImage(i, 0))
	}
	s.buildLists()
	return s
}

// ChangeImages changes one image in every list. It must not run while calls are made.
func (s *Sized) ChangeImages() {
	s.round++
	for i := 0; i < len(s.images); i += max(1, min(s.perList, len(s.images)/sizedLists)) {
		s.images[i] = newSizedImage(i, s.round)
	}
	s.buildLists()
}

// buildLists joins the images to lists. Lists overlap if there are few images.
func (s *Sized) buildLists() {
	lists := make([][]byte, sizedLists)
	for k := range lists {
		var parts [][]byte
		for j := range s.perList {
			parts = append(parts, s.images[(k*len(s.images)/sizedLists+j)%len(s.images)])
		}
		lists[k] = append(append([]byte{'['}, bytes.Join(parts, []byte{','})...), ']')
	}
	s.lists.Store(&lists)
}

// newSizedImage returns image i as changed in a round, padded to sizedImage bytes.
func newSizedImage(i, round int) []byte {
	image := func(description string) []byte {
		return fmt.Appendf(nil,
			`{"Status":"Available","PostInstallScript":"","Description":%q,"Size":40,"ImageOwnerAlias":"others",`+
				`"ImageName":"linux_CentOS7.6_bench_%d","SkuCode":"package","PricingCycle":"Month","ImageId":"m-bp1%017d",`+
				`"ProductCode":"cmjj%06d","Uid":"%012d",`+
				`"BaseOsTag":{"Platform":"CentOS","OsTag":"CentOS_7.6_64","Version":"7.6","Architecture":"x86_64"},`+
				`"OsTag":{"Platform":"CentOS","OsTag":"CentOS_7.6_64","Version":"7.6","Architecture":"x86_64",`+
				`"BaseOsTag":"CentOS_7.6_64"}}`,
			description, i, i, i, i)
	}
	description := fmt.Sprintf("round %d", round)
	return image(description + strings.Repeat(".", max(0, sizedImage-len(image(description)))))
}

// Regions implements Data.
func (s *Sized) Regions() []Region { return []Region{{RegionID: s.region, LocalName: s.region}} }

// Clusters implements Data.
func (s *Sized) Clusters(string) []json.RawMessage { return s.clusters }

// Images implements Data. Without a cluster the list is the first.
func (s *Sized) Images(q Question) (Images, bool) {
	k, known := s.index[q.ClusterID]
	return Images{Array: (*s.lists.Load())[k]}, known || q.ClusterID == ""
}
