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
	OK     State = "ok"     // upstream answered, the content is current
	Failed State = "failed" // upstream did not give a usable answer; the last good content stays
	Held   State = "held"   // the answer was suspicious and is not published; the last good content stays
)

// Problem says why a check did not succeed. Its text comes from upstream, or
// says why there is none.
type Problem struct {
	Class     string `json:"Class"` // throttled, not-authorized, not-found, temporary, malformed, …
	Code      string `json:"Code"`  // upstream's error code, if it gave one
	Message   string `json:"Message"`
	RequestID string `json:"RequestId"`
}

// ScopeState is what is known of one scope. Fields are in the order of their
// JSON names, here and in every stored type.
type ScopeState struct {
	Candidate    *Candidate   `json:"Candidate,omitempty"`   // of a held scope; in the head only
	CapturedAt   catalog.Time `json:"CapturedAt"`            // when the current content was published first; zero: never
	CheckedAt    catalog.Time `json:"CheckedAt"`             // when upstream last confirmed it; zero: never
	ClusterID    string       `json:"ClusterId"`             // empty: asked without
	Digest       string       `json:"Digest"`                // of the current content; empty: there is none yet
	Fingerprint  string       `json:"Fingerprint,omitempty"` // of the answer's bytes; in the head only
	ImageCount   int          `json:"ImageCount"`
	InstanceType string       `json:"InstanceType"` // empty: asked without
	Problem      *Problem     `json:"Problem,omitempty"`
	Since        catalog.Time `json:"Since"` // when State began
	State        State        `json:"State"`
	TriedAt      catalog.Time `json:"TriedAt"` // when it was last asked, with whatever outcome
}

// Candidate is a suspicious answer that waits to be seen again or confirmed.
// Its content is stored like any snapshot's.
type Candidate struct {
	Digest     string       `json:"Digest"`
	ImageCount int          `json:"ImageCount"`
	Seen       int          `json:"Seen"` // runs in a row that found it, or something close to it
	Since      catalog.Time `json:"Since"`
}

// Scope is the question s is about.
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

// Counts sums up a run over one region, in scopes.
type Counts struct {
	Changed   int `json:"Changed"`
	Ended     int `json:"Ended"`
	Failed    int `json:"Failed"`
	Held      int `json:"Held"`
	Left      int `json:"Left"` // not asked, or not stored, before the deadline
	Lost      int `json:"Lost"` // another run published the scope first
	Planned   int `json:"Planned"`
	Unchanged int `json:"Unchanged"`
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
	FirstCommittedAt catalog.Time `json:"FirstCommittedAt"`
	FirstSequence    int64        `json:"FirstSequence"`
	Month            string       `json:"Month"`
}

// Region is the state of a region after a commit. It is not changed once it
// has been handed out; share it freely.
type Region struct {
	RegionID    string
	Sequence    int64 // of the last commit; 0: none yet
	CommittedAt catalog.Time
	Scopes      []ScopeState      // in canonical order, each scope once
	Clusters    []catalog.Cluster // by ClusterId, each once
	Files       []File            // months of the log, oldest first

	// The following come from the head and are not part of the history.
	Discovery     Discovery
	Run           RunInfo
	Swept         Swept
	IndexSequence int64 // the commit up to which the index goes; 0: there is none
	// Upstream is the JSON array of the last ListClusters entries of the
	// region, verbatim; empty if none is known.
	Upstream json.RawMessage

	log     position
	headTag string // entity tag of the head this came from; empty: none
}

// position is a place in the log.
type position struct {
	month  string // file; empty: the region has no log
	length int64  // bytes of the file that have been read
	hash   string // of the last line that counted, SHA-256 in hex
	torn   bool   // the file does not end with a line end
	sealed string // successor, if the last line is a seal
}

// Scope returns the state of a scope.
func (r *Region) Scope(s catalog.Scope) (ScopeState, bool) {
	at, ok := r.find(s.ClusterID, s.InstanceType)
	if !ok {
		return ScopeState{}, false
	}
	return r.Scopes[at], true
}

// ScopesOf returns the scopes of a cluster, of "" those without one.
func (r *Region) ScopesOf(cluster string) []ScopeState {
	from, _ := r.find(cluster, "")
	to := from
	for to < len(r.Scopes) && r.Scopes[to].ClusterID == cluster {
		to++
	}
	return r.Scopes[from:to:to]
}

// find returns where a scope is or belongs.
func (r *Region) find(cluster, instanceType string) (int, bool) {
	low, high := 0, len(r.Scopes)
	for low < high { // not slices.BinarySearchFunc: it copies a large struct at each step
		middle := int(uint(low+high) >> 1)
		switch c := r.Scopes[middle].compare(cluster, instanceType); {
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

func (s *ScopeState) compare(cluster, instanceType string) int {
	return cmp.Or(strings.Compare(s.ClusterID, cluster), strings.Compare(s.InstanceType, instanceType))
}

// inOrder returns list in canonical order, each scope once; of several states
// of one scope the last counts. The list itself stays as it is.
func inOrder(list []ScopeState) []ScopeState {
	for i := range list {
		if !list[i].follows(list[:i]) {
			return sorted(list)
		}
	}
	return list
}

// follows says whether s comes after all of a list in canonical order.
func (s *ScopeState) follows(list []ScopeState) bool {
	return len(list) == 0 || list[len(list)-1].compare(s.ClusterID, s.InstanceType) < 0
}

func sorted(list []ScopeState) []ScopeState {
	order := make([]*ScopeState, len(list)) // pointers: sorting large structs takes much code
	for i := range list {
		order[i] = &list[i]
	}
	slices.SortStableFunc(order, func(a, b *ScopeState) int { return a.compare(b.ClusterID, b.InstanceType) })
	out := make([]ScopeState, 0, len(order))
	for i, s := range order {
		if i+1 == len(order) || s.compare(order[i+1].ClusterID, order[i+1].InstanceType) != 0 {
			out = append(out, *s)
		}
	}
	return out
}

// Cluster returns the cluster with an id.
func (r *Region) Cluster(id string) (catalog.Cluster, bool) {
	at, ok := slices.BinarySearchFunc(r.Clusters, id, func(c catalog.Cluster, id string) int { return strings.Compare(c.ClusterID, id) })
	if !ok {
		return catalog.Cluster{}, false
	}
	return r.Clusters[at], true
}

// ClustersByID returns a map of the clusters that the caller may change.
func (r *Region) ClustersByID() map[string]catalog.Cluster {
	byID := make(map[string]catalog.Cluster, len(r.Clusters))
	for _, c := range r.Clusters {
		byID[c.ClusterID] = c
	}
	return byID
}

func (r *Region) setClusters(byID map[string]catalog.Cluster) {
	r.Clusters = make([]catalog.Cluster, 0, len(byID))
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		r.Clusters = append(r.Clusters, byID[id])
	}
}

// clone returns a copy whose tables may be changed.
func (r *Region) clone() *Region {
	c := *r
	c.Scopes = slices.Clone(r.Scopes)
	c.Clusters = slices.Clone(r.Clusters)
	c.Files = slices.Clone(r.Files)
	return &c
}

// Add sums two counts.
func (c Counts) Add(o Counts) Counts {
	return Counts{
		Changed: c.Changed + o.Changed, Ended: c.Ended + o.Ended, Failed: c.Failed + o.Failed, Held: c.Held + o.Held,
		Left: c.Left + o.Left, Lost: c.Lost + o.Lost, Planned: c.Planned + o.Planned, Unchanged: c.Unchanged + o.Unchanged,
	}
}
