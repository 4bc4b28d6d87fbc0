package main

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"community-images/shared/ehpc/ehpctest"
)

// permissiveData is an E-HPC that knows every cluster that it is asked about.
type permissiveData struct{ *ehpctest.Fixed }

func (permissiveData) Images(ehpctest.Question) (ehpctest.Images, bool) {
	return ehpctest.Images{Array: []byte(`[{"ImageId":"m-1"}]`)}, true
}

// TestHostileIdsStayWithinTheirKeys lets ListClusters name clusters and instance
// types that would like to be elsewhere. Whatever is stored is where such
// things are stored, and whoever has a name that cannot be is told of.
func TestHostileIdsStayWithinTheirKeys(t *testing.T) {
	t.Parallel()
	const ids = 4000 // in a listing
	listings := 1
	if *faultsLong {
		listings = 25
	}
	random := rand.New(rand.NewPCG(11, 12))
	parts := []string{"..", "/", "%2e%2e", "%2f", `\`, "\x00", "a", "ehpc-hz-1", ".", "_any", "．．", "c:", "head.json",
		"log", strings.Repeat("x", 300), "\u202e", " ", "~", "?", "#", "7", "-", "_", "Z"}
	name := func() (id string) {
		for range 1 + random.IntN(5) {
			id += parts[random.IntN(len(parts))]
		}
		return id
	}
	place := regexp.MustCompile(
		`^p/v1/cn-hangzhou/(head\.json|index\.ndjson|log/[0-9]{4}-[0-9]{2}\.ndjson|` +
			`clusters/[A-Za-z0-9._-]{1,128}/[A-Za-z0-9._-]{1,128}/[0-9a-f]{64}\.json)$`)
	stored, refused := 0, 0
	for range listings {
		objects, problems := captureIDs(t, ids, name)
		for _, key := range objects {
			if !place.MatchString(key) || strings.Contains(key, "/../") || strings.Contains(key, "/./") {
				t.Errorf("stored is %q", key)
			}
		}
		stored, refused = stored+len(objects), refused+problems
	}
	if stored < 50*listings || refused < ids/4*listings {
		t.Errorf("%d objects stored, %d problems", stored, refused)
	}
	t.Logf("%d entries: %d objects stored, 0 elsewhere; %d problems told", ids*listings, stored, refused)
}

// captureIDs lists so many clusters with names for once, and returns the keys of
// all that is stored, and how many problems were told.
func captureIDs(t *testing.T, ids int, name func() string) (keys []string, problems int) {
	l := newCaptureFixture(t)
	var clusters []json.RawMessage
	for range ids {
		entry, err := json.Marshal(map[string]string{"Id": name(), "RegionId": region, "InstanceType": name()})
		if err != nil {
			t.Fatal(err)
		}
		clusters = append(clusters, entry)
	}
	l.data.ClusterLists[region] = clusters
	l.ehpc.SetData(permissiveData{l.data})
	report := l.runCapture()
	if c := report.Regions[0].Counts; c.Failed+c.Left > 0 {
		t.Errorf("the run ends with %+v", c)
	}
	return slices.Collect(maps.Keys(l.mem.Objects())), len(report.Regions[0].Problems)
}
