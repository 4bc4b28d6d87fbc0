package ehpctest

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// Call is one request, as far as a fault hook may care.
type Call struct {
	Action string
	Question
	Page   string // PageNumber as sent; empty: none
	Number int    // of all calls, from 1
	Try    int    // of the calls with the same Name since the last Asked, from 1
}

// Name is the call in short: the action, the scope and, if there is one, the page.
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
	mu       sync.Mutex
	number   int
	inFlight int
	most     int
	tries    map[Call]int // key has no Number and Try
}

func (s *stats) begin(r request) (call Call, done func()) {
	call = Call{Action: r.action, Question: r.Question, Page: r.params.Get("PageNumber")}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tries == nil {
		s.tries = map[Call]int{}
	}
	s.tries[call]++
	s.number++
	s.inFlight++
	s.most = max(s.most, s.inFlight)
	call.Try, call.Number = s.tries[call], s.number
	return call, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.inFlight--
	}
}

// Calls is the number of calls so far.
func (e *Endpoint) Calls() int {
	e.stats.mu.Lock()
	defer e.stats.mu.Unlock()
	return e.stats.number
}

// MostInFlight is the highest number of calls there were at one time.
func (e *Endpoint) MostInFlight() int {
	e.stats.mu.Lock()
	defer e.stats.mu.Unlock()
	return e.stats.most
}

// Asked lists the calls since the last Asked, sorted by name; a call that was
// made twice is there twice.
func (e *Endpoint) Asked() []string {
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
