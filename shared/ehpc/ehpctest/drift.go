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
	switch rng := w.newRand(200); {
	case w.tick < 0:
		w.advancePastFleet(rng)
	case w.tick%fleetCycle == createIn:
		w.clusters = append(w.clusters, newCluster(rng, fmt.Sprintf("burst-%d", w.tick)))
	case w.tick%fleetCycle == releaseIn:
		// Always the one after the first five. These five stay.
		w.clusters = slices.Delete(slices.Clone(w.clusters), 5, 6)
	}
	for i, region := range simulatedRegions {
		w.images[region.id] = w.driftImages(i, w.images[region.id], w.tick)
	}
}

// drift changes the images of a region from one tick to the next. It replaces images and
// does not change them: answers of the last tick may still be being sent.
type drift struct {
	rng    *rand.Rand
	images []*image
	region int // the place in simulatedRegions
	// number counts the ticks since the simulation began. It makes names and texts unique.
	number int
}

// driftImages returns the images of a region, given by its place in simulatedRegions, as
// they are in a tick. images are those of the tick before.
func (w *Simulation) driftImages(region int, images []*image, tick int) []*image {
	d := &drift{
		rng:    w.newRandAt(tick, driftPurpose+uint64(region)),
		images: slices.Clone(images), region: region, number: tick - w.start,
	}
	if tick <= 0 {
		d.applyPastTick(tick)
		return d.images
	}
	d.finishCreating()
	d.remove("UnAvailable")
	d.remove("CreateFailed")
	d.withdraw()
	d.edit()
	for range 1 + d.rng.IntN(6)/5 { // on average as many as are removed
		d.add()
	}
	return d.images
}

// replace replaces an image by a changed copy. It does nothing for -1.
func (d *drift) replace(i int, change func(*image)) {
	if i >= 0 {
		im := *d.images[i]
		change(&im)
		d.images[i] = &im
	}
}

// finishCreating ends the creation of all images that are being created.
func (d *drift) finishCreating() {
	for i, im := range d.images {
		if im.Status == "Creating" {
			d.replace(i, func(im *image) {
				if im.Status = "Available"; d.rng.IntN(8) == 0 {
					im.Status = "CreateFailed"
				}
			})
		}
	}
}

// remove removes an image with a status from the region.
func (d *drift) remove(status string) {
	if gone := d.pick(hasStatus(status)); gone >= 0 {
		d.images = slices.Delete(d.images, gone, gone+1)
	}
}

// withdraw makes an image unavailable.
func (d *drift) withdraw() {
	d.replace(d.pick(hasStatus("Available")), func(im *image) { im.Status = "UnAvailable" })
}

// edit changes one field of an available image.
func (d *drift) edit() {
	d.replace(d.pick(hasStatus("Available")), func(im *image) {
		switch d.rng.IntN(3) {
		case 0:
			im.Description = fmt.Sprintf("%s, rebuild %d", im.Description, d.number)
		case 1:
			im.Size += 20
		default:
			im.PostInstallScript = fmt.Sprintf("#!/bin/sh\n/opt/tune.sh --level %d\n", d.number)
		}
	})
}

// add adds an image that is being created.
func (d *drift) add() {
	b := operatingSystems[d.rng.IntN(8)] // not the Windows ones, which have other software
	s := softwareList[d.rng.IntN(8)]
	im := newImage(d.rng, simulatedRegions[d.region].prefix, b, b.versions[d.rng.IntN(len(b.versions))], s)
	im.Status, im.ImageName = "Creating", fmt.Sprintf("%s_r%d", im.ImageName, d.number)
	d.images = append(d.images, im)
}

// pick returns the index of a random image that fits, or -1.
func (d *drift) pick(fits func(*image) bool) int {
	var fit []int
	for i, im := range d.images {
		if fits(im) {
			fit = append(fit, i)
		}
	}
	if len(fit) == 0 {
		return -1
	}
	return fit[d.rng.IntN(len(fit))]
}

// hasStatus returns a condition for pick.
func hasStatus(status string) func(*image) bool {
	return func(im *image) bool { return im.Status == status }
}
