package ehpctest

import (
	"slices"
	"testing"

	"community-images/shared/catalog"
)

// TestClustersBootFromImages: two clusters boot from images that they are offered. One
// loses its image within a few ticks, the other one keeps it for long.
func TestClustersBootFromImages(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 7, 20180412} {
		w := NewSimulation(seed)
		isOffered := func(i int) bool { return bootImageIsOffered(t, w, i) }
		if !isOffered(keepsImage) || !isOffered(losesImage) || isOffered(0) {
			t.Errorf("seed %d: %t %t %t at tick 0", seed, isOffered(keepsImage), isOffered(losesImage), isOffered(0))
		}
		if w.AdvanceTo(3); !isOffered(keepsImage) || isOffered(losesImage) {
			t.Errorf("seed %d: %t %t at tick 3", seed, isOffered(keepsImage), isOffered(losesImage))
		}
		if w.AdvanceTo(20); !isOffered(keepsImage) {
			t.Errorf("seed %d: the image does not stay", seed)
		}
	}
}

// bootImageIsOffered reports whether a cluster, by its place in the list of all, is offered the
// image that it boots from.
func bootImageIsOffered(t *testing.T, w *Simulation, cluster int) bool {
	t.Helper()
	c, _, err := catalog.ParseCluster(w.Clusters("")[cluster], "")
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(images(t, w, Question{RegionID: c.RegionID, ClusterID: c.ClusterID}),
		func(im *catalog.Image) bool { return im.ImageID == c.ImageID })
}
