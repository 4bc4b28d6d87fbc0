package ehpctest

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
)

// World is a Data that lives: two regions with six clusters and a catalogue of
// community images each, which drift from tick to tick. Everything depends on
// the seed and the number of ticks alone. Either region's endpoint lists the
// clusters of both, as E-HPC may.
type World struct {
	seed uint64

	mu        sync.Mutex
	tick      int
	clusters  []cluster
	images    map[string][]*image // by region
	listing   []json.RawMessage
	answers   map[Question]Images
	throttled map[Question]bool // in this tick
}

// worldRegions are the regions with clusters, and what their image ids start with.
var worldRegions = []struct{ id, name, prefix string }{
	{"cn-hangzhou", "China (Hangzhou)", "bp1"},
	{"cn-shanghai", "China (Shanghai)", "uf6"},
}

// NewWorld returns the world at tick 0.
func NewWorld(seed uint64) *World {
	w := &World{seed: seed, clusters: fleet(), images: map[string][]*image{}}
	for i, region := range worldRegions {
		w.images[region.id] = catalogue(w.rng(uint64(i)), region.prefix)
	}
	w.refresh()
	return w
}

// rng is a source of its own for each purpose, so that none disturbs another.
func (w *World) rng(purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(w.seed, purpose<<32|uint64(w.tick)))
}

// refresh forgets the answers of the last tick. The caller holds mu, or nobody
// else knows w.
func (w *World) refresh() {
	w.answers, w.throttled = map[Question]Images{}, map[Question]bool{}
	rng := w.rng(100)
	w.listing = nil
	for i := range w.clusters {
		w.listing = append(w.listing, w.clusters[i].entry(rng, w.tick))
	}
}

// Now is the number of ticks so far.
func (w *World) Now() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tick
}

// Tick lets one step of time pass.
func (w *World) Tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.step()
	w.refresh()
}

// AdvanceTo ticks until Now is n; it never goes back.
func (w *World) AdvanceTo(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.tick < n {
		w.step()
	}
	w.refresh()
}

// Regions implements Data.
func (w *World) Regions() []Region {
	regions := []Region{}
	for _, r := range worldRegions {
		regions = append(regions, Region{RegionID: r.id, LocalName: r.name})
	}
	return regions
}

// Clusters implements Data.
func (w *World) Clusters(string) []json.RawMessage {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.listing
}

// Images implements Data.
func (w *World) Images(q Question) (Images, bool) {
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
		if offers(im, c, q) {
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
	throttles    = 6 // calls in a tick of trouble
)

// Fault is a hook for Options.Fault: in one tick of five the first few scopes
// are throttled once each, so that a second try succeeds, and one cluster
// fails all through the tick.
func (w *World) Fault(c Call) *Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tick%troubleEvery != troubleEvery-1 || c.Action != "ListCommunityImages" {
		return nil
	}
	round := w.tick / troubleEvery
	switch {
	case c.ClusterID != "" && c.ClusterID == w.clusters[round%len(w.clusters)].id:
		if round%2 == 0 {
			return &Fault{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable", Message: "The request has failed due to a temporary failure of the server"}
		}
		return &Fault{Status: http.StatusInternalServerError, Code: "UnknownError", Message: "An unknown error occurred."}
	case len(w.throttled) < throttles && !w.throttled[c.Question]:
		w.throttled[c.Question] = true
		return &Fault{Status: http.StatusTooManyRequests, Code: "Throttling.User", Message: "Request was denied due to user flow control."}
	}
	return nil
}
