package ehpctest

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

const (
	createIn   = 3 // a cluster is created in tick 3 of every 8,
	releaseIn  = 6 // and one is released in tick 6 of every 8
	fleetCycle = 8

	driftPurpose = 300 // of newRand, plus the number of the region
)

// advanceTick changes the clusters and images. The caller holds mu.
func (w *Simulation) advanceTick() {
	w.tick++
	switch rng := w.newRand(200); w.tick % fleetCycle {
	case createIn:
		w.clusters = append(w.clusters, newCluster(rng, w.tick))
	case releaseIn:
		// Always the one after the first five. These five stay.
		w.clusters = slices.Delete(slices.Clone(w.clusters), 5, 6)
	}
	for i, region := range simulatedRegions {
		w.images[region.id] = driftImages(w.newRand(driftPurpose+uint64(i)), w.images[region.id], region.prefix, w.tick)
	}
}

// driftImages returns the images of a region one tick later. It replaces images and
// does not change them: answers of the last tick may still be being sent.
func driftImages(rng *rand.Rand, images []*image, prefix string, tick int) []*image {
	images = slices.Clone(images)
	replace := func(i int, change func(*image)) {
		im := *images[i]
		change(&im)
		images[i] = &im
	}
	for i, im := range images {
		if im.Status == "Creating" {
			replace(i, func(im *image) {
				if im.Status = "Available"; rng.IntN(8) == 0 {
					im.Status = "CreateFailed"
				}
			})
		}
	}
	for _, status := range []string{"UnAvailable", "CreateFailed"} {
		if gone := pickImage(rng, images, status); gone >= 0 {
			images = slices.Delete(images, gone, gone+1)
		}
	}
	if i := pickImage(rng, images, "Available"); i >= 0 {
		replace(i, func(im *image) { im.Status = "UnAvailable" })
	}
	if i := pickImage(rng, images, "Available"); i >= 0 {
		replace(i, func(im *image) { editImage(rng, im, tick) })
	}
	for range 1 + rng.IntN(6)/5 { // on average as many as are removed
		b := operatingSystems[rng.IntN(8)] // not the Windows ones, which have other software
		s := softwareList[rng.IntN(8)]
		im := newImage(rng, prefix, b, b.versions[rng.IntN(len(b.versions))], s)
		im.Status, im.ImageName = "Creating", fmt.Sprintf("%s_r%d", im.ImageName, tick)
		images = append(images, im)
	}
	return images
}

// pickImage returns the index of a random image with a status, or -1.
func pickImage(rng *rand.Rand, images []*image, status string) int {
	var fit []int
	for i, im := range images {
		if im.Status == status {
			fit = append(fit, i)
		}
	}
	if len(fit) == 0 {
		return -1
	}
	return fit[rng.IntN(len(fit))]
}

// editImage changes one field of an image.
func editImage(rng *rand.Rand, im *image, tick int) {
	switch rng.IntN(3) {
	case 0:
		im.Description = fmt.Sprintf("%s, patched in week %d", im.Description, tick)
	case 1:
		im.Size += 20
	default:
		im.PostInstallScript = fmt.Sprintf("#!/bin/sh\n/opt/tune.sh --level %d\n", tick)
	}
}
