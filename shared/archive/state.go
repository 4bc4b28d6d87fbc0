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
	// OK means that upstream answered and the content is current.
	OK State = "ok"
	// Failed means that upstream gave no usable answer. The last good content stays.
	Failed State = "failed"
	// Held means that the answer was suspicious and is not published. The last good
	// content stays.
	Held State = "held"
)

// Problem says why a check did not succeed. Its text comes from upstream, or
// says why upstream gave none.
type Problem struct {
	// Class is throttled, not-authorized, not-found, temporary, malformed and so
	// on.
	Class string `json:"Class"`
	// Code is upstream's error code. It is empty if upstream gave none.
	Code string `json:"Code"`
	// Message is for people.
	Message string `json:"Message"`
	// RequestID is upstream's. It is empty if upstream gave none.
	RequestID string `json:"RequestId"`
}

// ScopeState is what is known of one scope.
type ScopeState struct {
	// Candidate is the suspicious answer of a held scope. Only the head has it.
	Candidate *Candidate `json:"Candidate,omitempty"`
	// when the current content was first published; zero: never
	CapturedAt catalog.Time `json:"CapturedAt"`
	// CheckedAt is when upstream last confirmed the content. It is zero if that
	// never happened.
	CheckedAt catalog.Time `json:"CheckedAt"`
	// ClusterID is empty if the question named no cluster.
	ClusterID string `json:"ClusterId"`
	// Digest is that of the current content. It is empty if there is none yet.
	Digest string `json:"Digest"`
	// Fingerprint is a hash of the last answer's bytes. Only the head has it.
	Fingerprint string `json:"Fingerprint,omitempty"`
	// ImageCount is the number of images of the current content.
	ImageCount int `json:"ImageCount"`
	// InstanceType is empty if the question named no instance type.
	InstanceType string `json:"InstanceType"`
	// Problem says why the last check did not succeed. It is nil if it did.
	Problem *Problem `json:"Problem,omitempty"`
	// Since is when State began.
	Since catalog.Time `json:"Since"`
	// State is the outcome of the last check. It is empty if there was none.
	State State `json:"State"`
	// TriedAt is when the scope was last asked, whatever the outcome.
	TriedAt catalog.Time `json:"TriedAt"`
}

// Candidate is a suspicious answer that is published only once it has been seen
// again or confirmed. Its content is stored like any snapshot's.
type Candidate struct {
	// Digest names the snapshot of the answer.
	Digest string `json:"Digest"`
	// ImageCount is the number of images of the answer.
	ImageCount int `json:"ImageCount"`
	// Seen counts the runs in a row that found it, or something close to it.
	Seen int `json:"Seen"`
	// Since is when it was first seen.
	Since catalog.Time `json:"Since"`
}

// Scope returns the scope whose state s is.
func (s ScopeState) Scope(region string) catalog.Scope {
	return catalog.Scope{RegionID: region, ClusterID: s.ClusterID, InstanceType: s.InstanceType}
}

// Discovery is the outcome of the last ListClusters of a region.
type Discovery struct {
	// CheckedAt is when a listing last succeeded. It is zero if none did.
	CheckedAt catalog.Time `json:"CheckedAt"`
	// Held counts the runs in a row whose listing was suspicious.
	Held int `json:"Held,omitempty"`
	// Problem says why the last listing did not succeed. It is nil if it did.
	Problem *Problem `json:"Problem,omitempty"`
	// TriedAt is when clusters were last listed. It is zero if they are not
	// discovered.
	TriedAt catalog.Time `json:"TriedAt"`
}

// Counts counts the scopes of a run over one region by their outcome.
type Counts struct {
	// Changed counts scopes with new content.
	Changed int `json:"Changed"`
	// Ended counts scopes that are no longer asked.
	Ended int `json:"Ended"`
	// Failed counts scopes to which upstream gave no usable answer.
	Failed int `json:"Failed"`
	// Held counts scopes whose answer was suspicious and is not published.
	Held int `json:"Held"`
	// Left counts scopes that were not asked, or not stored, before the deadline.
	Left int `json:"Left"`
	// Lost counts scopes that another run published first.
	Lost int `json:"Lost"`
	// Planned counts all scopes that the run was to ask.
	Planned int `json:"Planned"`
	// Unchanged counts scopes whose content upstream confirmed.
	Unchanged int `json:"Unchanged"`
}

// RunInfo is the last run that wrote the head.
type RunInfo struct {
	// Counts has the outcomes of its checks.
	Counts Counts `json:"Counts"`
	// FinishedAt is when the run put the head.
	FinishedAt catalog.Time `json:"FinishedAt"`
	// RunID comes from the id of the function's request.
	RunID string `json:"RunId"`
	// StartedAt is when the run began.
	StartedAt catalog.Time `json:"StartedAt"`
	// Trigger is what started the run: timer, event or direct.
	Trigger string `json:"Trigger"`
}

// File is one month of the log.
type File struct {
	// FirstCommittedAt is the time of its first commit.
	FirstCommittedAt catalog.Time `json:"FirstCommittedAt"`
	// FirstSequence is the number of its first commit.
	FirstSequence int64 `json:"FirstSequence"`
	// Month names the file, for example "2006-01".
	Month string `json:"Month"`
	// Previous is that of its first commit: the hash of the last line of the file before.
	Previous string `json:"Previous"`
}

// Region is the state of a region after a commit. It must not be changed once it
// has been handed out, so it may be shared freely.
type Region struct {
	// RegionID names the region.
	RegionID string
	// Sequence is the number of the last commit. It is 0 if there is none yet.
	Sequence int64
	// CommittedAt is the time of the last commit.
	CommittedAt catalog.Time
	// stored has the tables if they are still those of the head. It is nil if scopes
	// and clusters have them.
	stored *headTables
	// scopes is in canonical order, each scope once.
	scopes []ScopeState
	// clusters is sorted by ClusterId, each cluster once.
	clusters []catalog.Cluster
	// Files has the months of the log, oldest first.
	Files []File

	// HeadInfo is not part of the history: states of the past lack it.
	HeadInfo

	// log is where in the log this state stands.
	log position
	// headTag is the entity tag of the head this came from. It is empty if there
	// was no head.
	headTag string
}

// HeadInfo is what only the head says. It is not part of the history.
type HeadInfo struct {
	// Discovery is the outcome of the last listings of clusters.
	Discovery Discovery
	// Run is the last run that put the head.
	Run RunInfo
	// Swept is what retention has done.
	Swept Swept
	// IndexSequence is the commit up to which the index goes. It is 0 if there is
	// no index.
	IndexSequence int64
	// MonthIndex is how far the months are indexed.
	MonthIndex IndexedMonth
	// Upstream is the JSON array of the last ListClusters entries of the
	// region, verbatim. It is empty if none is known.
	Upstream json.RawMessage
}

// position is a position in the log.
type position struct {
	// month names the file. It is empty if the region has no log.
	month string
	// length is how many bytes of the file have been read.
	length int64
	// hash is the SHA-256 in hex of the last commit's line.
	hash string
	// checkpoint is the offset of the last line of the file with a checkpoint.
	checkpoint int64
	// torn is true if the file does not end with a line end.
	torn bool
	// successor is the month in which the log goes on. It is empty unless the last
	// commit is a seal.
	successor string
}

// noteCheckpoint notes the checkpoint of a commit, if it has one, whose line stands at an
// offset.
func (p *position) noteCheckpoint(c *Commit, at int64) {
	if c.Checkpoint != nil {
		p.checkpoint = at
	}
}

// isSealed reports whether the last commit is a seal.
func (p position) isSealed() bool { return p.successor != "" }

// LineHash returns the SHA-256 of the last commit's line, as Commit.LineHash. It
// is empty if there is no commit. Two states of a region with one hash have one
// history.
func (r *Region) LineHash() string { return r.log.hash }

// Scopes returns all scopes in canonical order, each scope once. The list must
// not be changed.
func (r *Region) Scopes() []ScopeState {
	if r.stored != nil {
		return r.stored.scopes.allRows()
	}
	return r.scopes
}

// ScopeCount returns the number of scopes.
func (r *Region) ScopeCount() int {
	if r.stored != nil {
		return r.stored.scopes.count
	}
	return len(r.scopes)
}

// Clusters returns all clusters, sorted by ClusterId, each cluster once. The list
// must not be changed.
func (r *Region) Clusters() []catalog.Cluster {
	if r.stored != nil {
		return r.stored.clusters.allRows()
	}
	return r.clusters
}

// WithTables returns a copy of r that has other scopes and clusters. Both must be
// in canonical order.
func (r *Region) WithTables(scopes []ScopeState, clusters []catalog.Cluster) *Region {
	c := *r
	c.stored, c.scopes, c.clusters = nil, scopes, clusters
	return &c
}

// Scope returns the state of a scope. ok is false if the region does not have
// the scope.
func (r *Region) Scope(s catalog.Scope) (state ScopeState, ok bool) {
	scopes := r.scopes
	if r.stored != nil {
		scopes = r.stored.scopes.rowsOf(s.ClusterID)
	}
	at, ok := findScope(scopes, s.ClusterID, s.InstanceType)
	if !ok {
		return ScopeState{}, false
	}
	return scopes[at], true
}

// ScopesOf returns the scopes of a cluster. For "" it returns those without a
// cluster.
func (r *Region) ScopesOf(cluster string) []ScopeState {
	if r.stored != nil {
		return r.stored.scopes.rowsOf(cluster)
	}
	from, _ := r.findScope(cluster, "")
	to := from
	for to < len(r.scopes) && r.scopes[to].ClusterID == cluster {
		to++
	}
	return r.scopes[from:to:to]
}

// findScope is the function findScope for r.scopes.
func (r *Region) findScope(cluster, instanceType string) (at int, found bool) {
	return findScope(r.scopes, cluster, instanceType)
}

// findScope returns where a scope is in a list in canonical order, or where it
// belongs if found is false.
func findScope(scopes []ScopeState, cluster, instanceType string) (at int, found bool) {
	low, high := 0, len(scopes)
	for low < high { // not slices.BinarySearchFunc: it copies a large struct at each step
		middle := int(uint(low+high) >> 1)
		switch c := scopes[middle].compareKey(cluster, instanceType); {
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
	clusters := r.clusters
	if r.stored != nil {
		clusters = r.stored.clusters.rowsOf(id)
	}
	at, ok := slices.BinarySearchFunc(clusters, id, func(c catalog.Cluster, id string) int {
		return strings.Compare(c.ClusterID, id)
	})
	if !ok {
		return catalog.Cluster{}, false
	}
	return clusters[at], true
}

// ClustersByID returns a new map of the clusters.
func (r *Region) ClustersByID() map[string]catalog.Cluster {
	clusters := r.Clusters()
	byID := make(map[string]catalog.Cluster, len(clusters))
	for _, c := range clusters {
		byID[c.ClusterID] = c
	}
	return byID
}

// setClusters replaces the clusters of r.
func (r *Region) setClusters(byID map[string]catalog.Cluster) {
	r.clusters = make([]catalog.Cluster, 0, len(byID))
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		r.clusters = append(r.clusters, byID[id])
	}
}

// clone returns a copy with tables of its own.
func (r *Region) clone() *Region {
	c := r.WithTables(slices.Clone(r.Scopes()), slices.Clone(r.Clusters()))
	c.Files = slices.Clone(r.Files)
	return c
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
