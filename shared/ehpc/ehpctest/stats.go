package ehpctest

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// Call is one request, for a fault hook.
type Call struct {
	Action string
	Question
	Page   string // PageNumber as sent; empty if it was not
	Number int    // of all calls, from 1
	Try    int    // of the calls with the same Name since the last DrainCallNames, from 1
}

// Name is the action, the scope and, if there is one, the page, separated by spaces.
func (c Call) Name() string {
	parts := []string{c.Action, c.RegionID}
	for _, p := range []string{c.ClusterID, c.InstanceType, c.BaseOsTag, c.Page} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " ")
}

// stats counts calls.
type stats struct {
	mu           sync.Mutex
	callCount    int
	inFlight     int
	mostInFlight int
	tries        map[Call]int // the keys have no Number and Try
}

// beginCall counts a call. done must be called when the call ends.
func (s *stats) beginCall(r request) (call Call, done func()) {
	call = Call{Action: r.action, Question: r.Question, Page: r.params.Get("PageNumber")}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tries == nil {
		s.tries = map[Call]int{}
	}
	s.tries[call]++
	s.callCount++
	s.inFlight++
	s.mostInFlight = max(s.mostInFlight, s.inFlight)
	call.Try, call.Number = s.tries[call], s.callCount
	return call, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inFlight--
	}
}

// Calls returns the number of calls so far.
func (e *Endpoint) Calls() int {
	e.stats.mu.Lock()
	defer e.stats.mu.Unlock()
	return e.stats.callCount
}

// MostInFlight returns the largest number of calls that were made at a time.
func (e *Endpoint) MostInFlight() int {
	e.stats.mu.Lock()
	defer e.stats.mu.Unlock()
	return e.stats.mostInFlight
}

// DrainCallNames returns the names of the calls since it was called last, sorted. A call
// that was made twice is there twice.
func (e *Endpoint) DrainCallNames() []string {
	e.stats.mu.Lock()
	defer e.stats.mu.Unlock()
	var names []string
	for call, n := range maps.All(e.stats.tries) {
		for range n {
			names = append(names, call.Name())
		}
	}
	e.stats.tries = nil
	slices.Sort(names)
	return names
}
