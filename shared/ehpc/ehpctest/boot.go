package ehpctest

import (
	"slices"
	"strings"
)

// maxForesight is how many ticks bootFromCommunity looks ahead of tick 0.
const maxForesight = 100

// The clusters of bootFromCommunity, by their place in initialFleet. Both are in the
// first region.
const (
	keepsImage = 1
	losesImage = 2
)

// bootFromCommunity lets two clusters of the first region boot from community images
// that they are offered in the first tick. One image is removed as soon as possible, in the
// past not before lossFrom, the other one as late as possible. It looks ahead, so it must be
// called in the first tick.
func (w *Simulation) bootFromCommunity() {
	const region = 0
	images := w.images[simulatedRegions[region].id]
	keeps, loses := &w.clusters[keepsImage], &w.clusters[losesImage]
	kept, lost := offeredIDs(images, keeps), offeredIDs(images, loses)
	for tick := w.start + 1; tick <= maxForesight; tick++ {
		images = w.driftImages(region, images, tick)
		offered := offeredIDs(images, loses)
		if id := firstMissing(lost, offered); id != "" && tick >= lossFrom {
			loses.bootFrom(id)
			lost = nil
		}
		lost = slices.DeleteFunc(lost, func(id string) bool { return !slices.Contains(offered, id) })
		still := offeredIDs(images, keeps)
		for i := len(kept) - 1; i >= 0; i-- {
			if len(kept) > 1 && !slices.Contains(still, kept[i]) {
				kept = slices.Delete(kept, i, i+1)
			}
		}
	}
	if len(kept) > 0 {
		keeps.bootFrom(kept[0])
	}
}

// bootFrom lets the nodes of a cluster boot from a community image.
func (c *cluster) bootFrom(id string) { c.image, c.imageOwner = id, "others" }

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
	for _, id := range ids {
		if !slices.Contains(list, id) {
			return id
		}
	}
	return ""
}
