package format

import (
	"cmp"
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// State is the outcome of the last check of a scope.
type State string

// The states of a scope.
const (
	// OK means that upstream answered and the content is current.
	StateOK State = "ok"
	// Failed means that upstream gave no usable answer. The last good content stays.
	StateFailed State = "failed"
	// Held means that the answer was suspicious and is not published. The last good
	// content stays.
	StateHeld State = "held"
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
	// CapturedAt is when the current content was first published. It is zero if that never
	// happened.
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

// SortScopes returns list in canonical order with each scope once. Of several
// states of one scope the last one counts. It does not change list.
func SortScopes(list []ScopeState) []ScopeState {
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
