package ehpctest

import "strings"

// maxForesight is how many ticks bootFromCommunity looks ahead.
const maxForesight = 100

// The clusters of bootFromCommunity, by their place in initialFleet. Both are in the
// first region.
const (
	keepsImage = 1
	losesImage = 2
)

// bootFromCommunity lets two clusters of the first region boot from community images
// that they are offered at tick 0. One image is removed as soon as possible, the other
// one as late as possible. It looks ahead, so it must be called at tick 0.
func (w *Simulation) bootFromCommunity() {
	region := simulatedRegions[0]
	keeps, loses := &w.clusters[keepsImage], &w.clusters[losesImage]
	boot := func(c *cluster, id string) {
		if id != "" {
			c.image, c.imageOwner = id, "others"
		}
	}
	lost := offeredIDs(w.images[region.id], loses)
	kept := offeredIDs(w.images[region.id], keeps)
	images := w.images[region.id]
	for tick := 1; tick <= maxForesight; tick++ {
		images = driftImages(w.newRandAt(tick, driftPurpose), images, region.prefix, tick)
		if id := firstMissing(lost, offeredIDs(images, loses)); id != "" {
			boot(loses, id)
			lost = nil
		}
		still := offeredIDs(images, keeps)
		for i := len(kept) - 1; i >= 0; i-- {
			if len(kept) > 1 && firstMissing(kept[i:i+1], still) != "" {
				kept = append(kept[:i:i], kept[i+1:]...)
			}
		}
	}
	if len(kept) > 0 {
		boot(keeps, kept[0])
	}
}

// offeredIDs returns the ids of the Linux images that a cluster is offered without an
// instance type, in the order of the region.
func offeredIDs(images []*image, c *cluster) []string {
	var ids []string
	for _, im := range images {
		isWindows := strings.HasPrefix(im.OsTag.Platform, "Windows")
		if !isWindows && isOffered(im, c, Question{RegionID: c.region, ClusterID: c.id}) {
			ids = append(ids, im.ImageID)
		}
	}
	return ids
}

// firstMissing returns the first id that a list does not have; empty: it has all.
func firstMissing(ids, list []string) string {
	has := map[string]bool{}
	for _, id := range list {
		has[id] = true
	}
	for _, id := range ids {
		if !has[id] {
			return id
		}
	}
	return ""
}
