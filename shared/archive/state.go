package archive

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// State is the outcome of the last check of a scope.
type State string

// The states of a scope.
const (
	OK     State = "ok"     // upstream answered, and the content is current
	Failed State = "failed" // upstream gave no usable answer; the last good content stays
	Held   State = "held"   // the answer was suspicious and is not published; the last good content stays
)

// Problem says why a check did not succeed. Its text comes from upstream, or
// says why upstream gave none.
type Problem struct {
	Class     string `json:"Class"` // throttled, not-authorized, not-found, temporary, malformed, …
	Code      string `json:"Code"`  // upstream's error code, if it gave one
	Message   string `json:"Message"`
	RequestID string `json:"RequestId"` // upstream's; empty: it gave none
}

// ScopeState is what is known of one scope.
type ScopeState struct {
	Candidate *Candidate `json:"Candidate,omitempty"` // of a held scope; in the head only
	// when the current content was first published; zero: never
	CapturedAt   catalog.Time `json:"CapturedAt"`
	CheckedAt    catalog.Time `json:"CheckedAt"`             // when upstream last confirmed it; zero: never
	ClusterID    string       `json:"ClusterId"`             // empty: asked without
	Digest       string       `json:"Digest"`                // of the current content; empty: there is none yet
	Fingerprint  string       `json:"Fingerprint,omitempty"` // of the answer's bytes; in the head only
	ImageCount   int          `json:"ImageCount"`            // of the current content
	InstanceType string       `json:"InstanceType"`          // empty: asked without
	Problem      *Problem     `json:"Problem,omitempty"`     // of the last check; nil if it was OK
	Since        catalog.Time `json:"Since"`                 // when State began
	State        State        `json:"State"`
	TriedAt      catalog.Time `json:"TriedAt"` // when it was last asked, with whatever outcome
}

// Candidate is a suspicious answer that is published only once it has been seen
// again or confirmed. Its content is stored like any snapshot's.
type Candidate struct {
	Digest     string       `json:"Digest"`
	ImageCount int          `json:"ImageCount"`
	Seen       int          `json:"Seen"`  // runs in a row that found it, or something close to it
	Since      catalog.Time `json:"Since"` // when it was first seen
}

// Scope returns the scope whose state s is.
func (s ScopeState) Scope(region string) catalog.Scope {
	return catalog.Scope{RegionID: region, ClusterID: s.ClusterID, InstanceType: s.InstanceType}
}

// Discovery is the outcome of the last ListClusters of a region.
type Discovery struct {
	CheckedAt catalog.Time `json:"CheckedAt"`      // when it last succeeded; zero: never
	Held      int          `json:"Held,omitempty"` // runs in a row whose listing was suspicious
	Problem   *Problem     `json:"Problem,omitempty"`
	TriedAt   catalog.Time `json:"TriedAt"` // zero: clusters are not discovered
}

// Counts counts the scopes of a run over one region by their outcome.
type Counts struct {
	Changed   int `json:"Changed"` // scopes with new content
	Ended     int `json:"Ended"`   // no longer asked
	Failed    int `json:"Failed"`
	Held      int `json:"Held"`
	Left      int `json:"Left"` // not asked, or not stored, before the deadline
	Lost      int `json:"Lost"` // another run published the scope first
	Planned   int `json:"Planned"`
	Unchanged int `json:"Unchanged"` // upstream confirmed the content
}

// RunInfo is the last run that wrote the head.
type RunInfo struct {
	Counts     Counts       `json:"Counts"`
	FinishedAt catalog.Time `json:"FinishedAt"`
	RunID      string       `json:"RunId"`
	StartedAt  catalog.Time `json:"StartedAt"`
	Trigger    string       `json:"Trigger"`
}

// File is one month of the log.
type File struct {
	FirstCommittedAt catalog.Time `json:"FirstCommittedAt"` // of its first commit
	FirstSequence    int64        `json:"FirstSequence"`    // of its first commit
	Month            string       `json:"Month"`            // like "2006-01"
}

// Region is the state of a region after a commit. It must not be changed once it
// has been handed out, so it may be shared freely.
type Region struct {
	RegionID    string
	Sequence    int64             // number of the last commit; 0: none yet
	CommittedAt catalog.Time      // of the last commit
	Scopes      []ScopeState      // in canonical order, each scope once
	Clusters    []catalog.Cluster // by ClusterId, each once
	Files       []File            // months of the log, oldest first

	HeadInfo

	log     position
	headTag string // entity tag of the head this came from; empty: none
}

// HeadInfo is what only the head says. It is not part of the history.
type HeadInfo struct {
	Discovery     Discovery
	Run           RunInfo
	Swept         Swept
	IndexSequence int64 // the commit up to which the index goes; 0: there is no index
	// Upstream is the JSON array of the last ListClusters entries of the
	// region, verbatim. It is empty if none is known.
	Upstream json.RawMessage
}

// position is a position in the log.
type position struct {
	month     string // of the file; empty: the region has no log
	length    int64  // bytes of the file that have been read
	hash      string // SHA-256 in hex of the last commit's line
	torn      bool   // the file does not end with a line end
	successor string // the month in which the log goes on, if the last commit is a seal; else empty
}

// isSealed reports whether the last commit is a seal.
func (p position) isSealed() bool { return p.successor != "" }

// Scope returns the state of a scope. ok is false if the region does not have
// the scope.
func (r *Region) Scope(s catalog.Scope) (state ScopeState, ok bool) {
	at, ok := r.findScope(s.ClusterID, s.InstanceType)
	if !ok {
		return ScopeState{}, false
	}
	return r.Scopes[at], true
}

// ScopesOf returns the scopes of a cluster. For "" it returns those without a
// cluster.
func (r *Region) ScopesOf(cluster string) []ScopeState {
	from, _ := r.findScope(cluster, "")
	to := from
	for to < len(r.Scopes) && r.Scopes[to].ClusterID == cluster {
		to++
	}
	return r.Scopes[from:to:to]
}

// findScope returns where a scope is in r.Scopes, or where it belongs if found
// is false.
func (r *Region) findScope(cluster, instanceType string) (at int, found bool) {
	low, high := 0, len(r.Scopes)
	for low < high { // not slices.BinarySearchFunc: it copies a large struct at each step
		middle := int(uint(low+high) >> 1)
		switch c := r.Scopes[middle].compareKey(cluster, instanceType); {
		case c < 0:
			low = middle + 1
		case c > 0:
			high = middle
		default:
			return middle, true
		}
	}
	return low, false
}

// compareKey compares the scope with another one in canonical order.
func (s *ScopeState) compareKey(cluster, instanceType string) int {
	return cmp.Or(strings.Compare(s.ClusterID, cluster), strings.Compare(s.InstanceType, instanceType))
}

// isAfter reports whether s comes after all of a list in canonical order.
func (s *ScopeState) isAfter(list []ScopeState) bool {
	return len(list) == 0 || list[len(list)-1].compareKey(s.ClusterID, s.InstanceType) < 0
}

// sortScopes returns list in canonical order with each scope once. Of several
// states of one scope the last one counts. It does not change list.
func sortScopes(list []ScopeState) []ScopeState {
	inOrder := true
	for i := range list {
		inOrder = inOrder && list[i].isAfter(list[:i])
	}
	if inOrder {
		return list
	}
	order := make([]*ScopeState, len(list)) // pointers, because the structs are large
	for i := range list {
		order[i] = &list[i]
	}
	slices.SortStableFunc(order, func(a, b *ScopeState) int { return a.compareKey(b.ClusterID, b.InstanceType) })
	sorted := make([]ScopeState, 0, len(order))
	for i, s := range order {
		if i+1 == len(order) || s.compareKey(order[i+1].ClusterID, order[i+1].InstanceType) != 0 {
			sorted = append(sorted, *s)
		}
	}
	return sorted
}

// Cluster returns the cluster with an id. ok is false if the region does not
// have it.
func (r *Region) Cluster(id string) (cluster catalog.Cluster, ok bool) {
	at, ok := slices.BinarySearchFunc(r.Clusters, id, func(c catalog.Cluster, id string) int {
		return strings.Compare(c.ClusterID, id)
	})
	if !ok {
		return catalog.Cluster{}, false
	}
	return r.Clusters[at], true
}

// ClustersByID returns a new map of the clusters.
func (r *Region) ClustersByID() map[string]catalog.Cluster {
	byID := make(map[string]catalog.Cluster, len(r.Clusters))
	for _, c := range r.Clusters {
		byID[c.ClusterID] = c
	}
	return byID
}

// setClusters replaces the clusters of r.
func (r *Region) setClusters(byID map[string]catalog.Cluster) {
	r.Clusters = make([]catalog.Cluster, 0, len(byID))
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		r.Clusters = append(r.Clusters, byID[id])
	}
}

// clone returns a copy with tables of its own.
func (r *Region) clone() *Region {
	c := *r
	c.Scopes = slices.Clone(r.Scopes)
	c.Clusters = slices.Clone(r.Clusters)
	c.Files = slices.Clone(r.Files)
	return &c
}

// Add returns the sums of two counts.
func (c Counts) Add(o Counts) Counts {
	return Counts{
		Changed:   c.Changed + o.Changed,
		Ended:     c.Ended + o.Ended,
		Failed:    c.Failed + o.Failed,
		Held:      c.Held + o.Held,
		Left:      c.Left + o.Left,
		Lost:      c.Lost + o.Lost,
		Planned:   c.Planned + o.Planned,
		Unchanged: c.Unchanged + o.Unchanged,
	}
}
