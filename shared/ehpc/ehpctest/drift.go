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
)

// step changes the world. The caller holds mu.
func (w *World) step() {
	w.tick++
	switch rng := w.rng(200); w.tick % fleetCycle {
	case createIn:
		w.clusters = append(w.clusters, created(rng, w.tick))
	case releaseIn:
		// Always the one after the first five: those stay for good.
		w.clusters = slices.Delete(slices.Clone(w.clusters), 5, 6)
	}
	for i, region := range worldRegions {
		w.images[region.id] = drift(w.rng(300+uint64(i)), w.images[region.id], region.prefix, w.tick)
	}
}

// drift returns the images of a region one tick later. Images are replaced,
// not changed: answers of the last tick may still be on their way.
func drift(rng *rand.Rand, images []*image, prefix string, tick int) []*image {
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
		if gone := pick(rng, images, status); gone >= 0 {
			images = slices.Delete(images, gone, gone+1)
		}
	}
	if i := pick(rng, images, "Available"); i >= 0 {
		replace(i, func(im *image) { im.Status = "UnAvailable" })
	}
	if i := pick(rng, images, "Available"); i >= 0 {
		replace(i, func(im *image) { edit(rng, im, tick) })
	}
	for range 1 + rng.IntN(6)/5 { // on average as many as vanish
		b := bases[rng.IntN(8)] // not the Windows ones: their software is other
		s := stacks[rng.IntN(8)]
		im := newImage(rng, prefix, b, b.versions[rng.IntN(len(b.versions))], s)
		im.Status, im.ImageName = "Creating", fmt.Sprintf("%s_r%d", im.ImageName, tick)
		images = append(images, im)
	}
	return images
}

// pick returns a random image with a status, or -1.
func pick(rng *rand.Rand, images []*image, status string) int {
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

func edit(rng *rand.Rand, im *image, tick int) {
	switch rng.IntN(3) {
	case 0:
		im.Description = fmt.Sprintf("%s, patched in week %d", im.Description, tick)
	case 1:
		im.Size += 20
	default:
		im.PostInstallScript = fmt.Sprintf("#!/bin/sh\n/opt/tune.sh --level %d\n", tick)
	}
}
