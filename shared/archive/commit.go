package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"community-images/shared/catalog"
)

// Commit is one line of the commit log: what one run changed, or a seal.
type Commit struct {
	Appeared    []ScopeRef      `json:"Appeared,omitempty"` // scopes seen for the first time
	Changes     []Change        `json:"Changes,omitempty"`  // scopes whose content changed
	Checkpoint  *Checkpoint     `json:"Checkpoint,omitempty"`
	Clusters    []ClusterChange `json:"Clusters,omitempty"`
	CommittedAt catalog.Time    `json:"CommittedAt"`     // never before the previous line's
	Digest      string          `json:"Digest"`          // SHA-256 of this line with an empty Digest
	Ended       []EndedScope    `json:"Ended,omitempty"` // scopes that are asked no more
	Format      int             `json:"Format"`
	Previous    string          `json:"Previous"` // SHA-256 of the previous line without its line end; empty in the first
	RegionID    string          `json:"RegionId"`
	RunID       string          `json:"RunId"`
	Sequence    int64           `json:"Sequence"` // dense, from 1
	StartedAt   catalog.Time    `json:"StartedAt"`
	States      []StateChange   `json:"States,omitempty"`
	Successor   string          `json:"Successor,omitempty"` // of a seal: the month in which the log goes on
	Trigger     string          `json:"Trigger"`
}

// ScopeRef names a scope within the region.
type ScopeRef struct {
	ClusterID    string `json:"ClusterId"`
	InstanceType string `json:"InstanceType"`
}

// EndedScope is a scope that is asked no more. With its last content a month
// tells what went with it even when the months before it are gone.
type EndedScope struct {
	ClusterID    string `json:"ClusterId"`
	Digest       string `json:"Digest,omitempty"` // of the last content; empty: there was none, or the line is of an earlier program
	InstanceType string `json:"InstanceType"`
}

// Change is new content of one scope and its difference from the old.
type Change struct {
	Added              []string              `json:"Added,omitempty"`   // ImageIds
	Changed            []catalog.FieldChange `json:"Changed,omitempty"` // one entry a field
	CheckedAt          catalog.Time          `json:"CheckedAt"`
	ClusterID          string                `json:"ClusterId"`
	Digest             string                `json:"Digest"`
	ImageCount         int                   `json:"ImageCount"`
	InstanceType       string                `json:"InstanceType"`
	Key                string                `json:"Key"`            // object of the new content
	PreviousDigest     string                `json:"PreviousDigest"` // empty: there was none
	PreviousImageCount int                   `json:"PreviousImageCount"`
	PreviousLost       bool                  `json:"PreviousLost,omitempty"` // the old content could not be read: no difference is given
	Removed            []string              `json:"Removed,omitempty"`      // ImageIds
	RequestID          string                `json:"RequestId"`
}

// StateChange is a scope whose checks began to have another outcome.
type StateChange struct {
	At           catalog.Time `json:"At"`
	ClusterID    string       `json:"ClusterId"`
	From         State        `json:"From"` // empty: never checked before
	InstanceType string       `json:"InstanceType"`
	Problem      *Problem     `json:"Problem,omitempty"`
	To           State        `json:"To"`
}

// ClusterChange is a cluster that appeared (no Before), changed its identity
// or ended (no After).
type ClusterChange struct {
	After     *catalog.Cluster `json:"After,omitempty"`
	Before    *catalog.Cluster `json:"Before,omitempty"`
	ClusterID string           `json:"ClusterId"`
}

// Checkpoint is the whole state after the line that carries it, the first of
// its file, so that reading any month needs only that month.
type Checkpoint struct {
	Clusters []catalog.Cluster `json:"Clusters"`
	Files    []File            `json:"Files"` // this month and the earlier ones
	Scopes   []ScopeState      `json:"Scopes"`
}

// IsEmpty reports whether the line says nothing but its own place.
func (l *Commit) IsEmpty() bool {
	return len(l.Appeared)+len(l.Changes)+len(l.Clusters)+len(l.Ended)+len(l.States) == 0
}

// changesContent reports whether a scope has other content after the commit, or
// ends with it.
func (l *Commit) changesContent() bool { return len(l.Changes)+len(l.Ended) > 0 }

// takes says whether the line ends a scope or a cluster.
func (l *Commit) takes() bool {
	return len(l.Ended) > 0 || slices.ContainsFunc(l.Clusters, func(c ClusterChange) bool { return c.After == nil })
}

// encode returns the bytes that are appended and the hash that the next line
// names.
func (l *Commit) encode() (data []byte, hash string, err error) {
	data, err = catalog.MarshalLine(l)
	if err != nil {
		return nil, "", fmt.Errorf("encoding commit %d: %w", l.Sequence, err)
	}
	data, l.Digest = sign(data[:len(data)-1], lineDigest)
	return append(data, '\n'), lineHash(data), nil
}

func lineHash(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// parseCommit returns nil if the bytes are not a line of the log: torn, or
// never one. sound is false if they are one that was altered.
func parseCommit(data []byte) (l *Commit, sound bool) {
	l = new(Commit)
	if json.Unmarshal(data, l) != nil || l.Sequence < 1 {
		return nil, false
	}
	return l, signed(data, lineDigest, l.Digest)
}
