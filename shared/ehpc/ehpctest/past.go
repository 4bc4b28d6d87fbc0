package ehpctest

import (
	"math/rand/v2"
	"net/http"
	"slices"
)

// PastTicks is the number of ticks of the calm past of NewSimulationWithPast.
const PastTicks = 88

// What happens in the past besides the drift of images, by tick.
const (
	outageFrom  = -44 // E-HPC refuses a cluster from this tick on,
	outageUntil = -42 // and answers again in this one
	trialFrom   = -32 // a cluster comes,
	trialUntil  = -14 // and goes
	lossFrom    = -20 // the image from which a cluster boots goes as soon as possible
)

// refusedCluster is the place in initialFleet of the cluster of the outage.
const refusedCluster = 0

// NewSimulationWithPast returns a simulation at tick -PastTicks. Up to tick 0 little happens
// in a tick: an image comes, changes, is kept from one cluster, or goes, or nothing at all.
// One cluster comes and goes, and E-HPC refuses another one for a while. From tick 0 on the
// simulation changes as one of NewSimulation does.
func NewSimulationWithPast(seed uint64) *Simulation { return newSimulation(seed, -PastTicks) }

// pastChanges are what changes in eight ticks of the past, one after the other.
var pastChanges = [8]func(*drift){
	(*drift).add, (*drift).rest, (*drift).edit, (*drift).withdraw,
	(*drift).add, (*drift).restrict, (*drift).edit, (*drift).removeUnusable,
}

// applyPastTick applies the one change of a tick of the past. The regions are four ticks
// apart.
func (d *drift) applyPastTick(tick int) {
	d.finishCreating()
	const cycle = len(pastChanges)
	pastChanges[(tick+PastTicks+4*d.region)%cycle](d)
}

// rest changes nothing.
func (d *drift) rest() {}

// restrict keeps an available image that every cluster is offered from one of them.
func (d *drift) restrict() {
	i := d.pick(func(im *image) bool { return im.Status == "Available" && im.universal && im.deniedTo == "" })
	d.replace(i, func(im *image) {
		offered := slices.DeleteFunc(initialFleet(), func(c cluster) bool {
			return c.region != simulatedRegions[d.region].id || !isOffered(im, &c, Question{})
		})
		if len(offered) > 0 {
			im.deniedTo = offered[d.rng.IntN(len(offered))].id
		}
	})
}

// removeUnusable removes an image that cannot be used any more.
func (d *drift) removeUnusable() {
	i := d.pick(func(im *image) bool { return im.Status == "UnAvailable" || im.Status == "CreateFailed" })
	if i >= 0 {
		d.images = slices.Delete(d.images, i, i+1)
	}
}

// advancePastFleet changes the clusters in a tick of the past. The caller holds mu.
func (w *Simulation) advancePastFleet(rng *rand.Rand) {
	switch w.tick {
	case trialFrom:
		w.clusters = append(w.clusters, newCluster(rng, "trial"))
	case trialUntil:
		w.clusters = slices.Clone(w.clusters[:len(w.clusters)-1])
	}
}

// pastFault is Fault in a tick of the past. Its error is one that is not worth another try,
// because a try takes real time. The caller holds mu.
func (w *Simulation) pastFault(c Call) *Fault {
	if w.tick < outageFrom || w.tick >= outageUntil || c.ClusterID != w.clusters[refusedCluster].id {
		return nil
	}
	return &Fault{Status: http.StatusForbidden, Code: "NoPermission",
		Message: "You are not authorized to do this action. You should be authorized by RAM."}
}
