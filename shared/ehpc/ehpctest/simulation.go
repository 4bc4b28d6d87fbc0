package ehpctest

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
)

// Simulation is a Data that changes: six clusters in two regions, and a set of
// community images for each region. All change from tick to tick. Everything depends
// only on the seed, the number of ticks, and whether it has a past. The endpoint of either region lists the
// clusters of both, as E-HPC may do.
type Simulation struct {
	seed  uint64
	start int // the tick in which it began

	mu        sync.Mutex
	tick      int
	clusters  []cluster
	images    map[string][]*image // by region
	listing   []json.RawMessage   // entries of ListClusters in this tick
	answers   map[Question]Images // of this tick, built on demand
	throttled map[Question]bool   // in this tick
}

// simulatedRegions are the regions with clusters. prefix starts their image ids.
var simulatedRegions = []struct{ id, name, prefix string }{
	{"cn-hangzhou", "China (Hangzhou)", "bp1"},
	{"cn-shanghai", "China (Shanghai)", "uf6"},
}

// NewSimulation returns a simulation at tick 0.
func NewSimulation(seed uint64) *Simulation { return newSimulation(seed, 0) }

// newSimulation returns a simulation that begins in a tick. Ticks before 0 are a calm past.
func newSimulation(seed uint64, start int) *Simulation {
	w := &Simulation{seed: seed, start: start, tick: start, clusters: initialFleet(), images: map[string][]*image{}}
	for i, region := range simulatedRegions {
		w.images[region.id] = newImages(w.newRand(uint64(i)), region.prefix)
	}
	w.bootFromCommunity()
	w.resetAnswers()
	return w
}

// newRand returns a random source for one purpose in this tick. Each purpose has its
// own, so that a change to one does not change the others.
func (w *Simulation) newRand(purpose uint64) *rand.Rand { return w.newRandAt(w.tick, purpose) }

// newRandAt is newRand in another tick.
func (w *Simulation) newRandAt(tick int, purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(w.seed, purpose<<32|uint64(uint32(tick))))
}

// resetAnswers removes the answers of the last tick. The caller holds mu, or has just
// made w.
func (w *Simulation) resetAnswers() {
	w.answers, w.throttled = map[Question]Images{}, map[Question]bool{}
	rng := w.newRand(100)
	w.listing = nil
	for i := range w.clusters {
		w.listing = append(w.listing, w.clusters[i].listingEntry(rng, w.tick))
	}
}

// TickCount returns the number of the tick. A simulation with a past begins below 0.
func (w *Simulation) TickCount() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tick
}

// Tick advances the simulation by one step.
func (w *Simulation) Tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.advanceTick()
	w.resetAnswers()
}

// AdvanceTo ticks until TickCount is n. It never goes back.
func (w *Simulation) AdvanceTo(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.tick < n {
		w.advanceTick()
	}
	w.resetAnswers()
}

// Regions implements Data.
func (w *Simulation) Regions() []Region {
	regions := []Region{}
	for _, r := range simulatedRegions {
		regions = append(regions, Region{RegionID: r.id, LocalName: r.name})
	}
	return regions
}

// Clusters implements Data.
func (w *Simulation) Clusters(string) []json.RawMessage {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.listing
}

// Images implements Data.
func (w *Simulation) Images(q Question) (Images, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if known, ok := w.answers[q]; ok {
		return known, true
	}
	var c *cluster
	if q.ClusterID != "" {
		i := slices.IndexFunc(w.clusters, func(c cluster) bool { return c.id == q.ClusterID && c.region == q.RegionID })
		if i < 0 {
			return Images{}, false
		}
		c = &w.clusters[i]
	}
	var parts [][]byte
	for _, im := range w.images[q.RegionID] {
		if isOffered(im, c, q) {
			b, _ := json.Marshal(im) // strings and numbers only
			parts = append(parts, b)
		}
	}
	answer := Images{Array: append(append([]byte{'['}, bytes.Join(parts, []byte{','})...), ']')}
	w.answers[q] = answer
	return answer, true
}

const (
	troubleEvery = 5 // ticks
	maxThrottled = 6 // calls in a tick of trouble
)

// Fault is a hook for Options.Fault. In one tick of five it throttles the first few
// questions once each, so that a second try succeeds, and fails every question about
// one cluster. In its past a simulation has one outage.
func (w *Simulation) Fault(c Call) *Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tick < 0 {
		return w.pastFault(c)
	}
	if w.tick%troubleEvery != troubleEvery-1 || c.Action != "ListCommunityImages" {
		return nil
	}
	round := w.tick / troubleEvery
	switch {
	case c.ClusterID != "" && c.ClusterID == w.clusters[round%len(w.clusters)].id:
		if round%2 == 0 {
			return &Fault{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable",
				Message: "The request has failed due to a temporary failure of the server"}
		}
		return &Fault{Status: http.StatusInternalServerError, Code: "UnknownError",
			Message: "An unknown error occurred."}
	case len(w.throttled) < maxThrottled && !w.throttled[c.Question]:
		w.throttled[c.Question] = true
		return &Fault{Status: http.StatusTooManyRequests, Code: "Throttling.User",
			Message: "Request was denied due to user flow control."}
	}
	return nil
}
