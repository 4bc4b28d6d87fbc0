package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"community-images/shared/catalog"
)

// Commit is one line of the log: what one run changed, or a seal, which ends a
// month. Like every stored type it has a field for each member, in the order of
// their names, so that equal commits have equal bytes.
type Commit struct {
	Appeared    []ScopeRef      `json:"Appeared,omitempty"`   // scopes seen for the first time
	Changes     []Change        `json:"Changes,omitempty"`    // scopes with other content
	Checkpoint  *Checkpoint     `json:"Checkpoint,omitempty"` // only in the first line of a month
	Clusters    []ClusterChange `json:"Clusters,omitempty"`
	CommittedAt catalog.Time    `json:"CommittedAt"`     // never before the previous commit's
	Digest      string          `json:"Digest"`          // SHA-256 of this line with an empty Digest
	Ended       []EndedScope    `json:"Ended,omitempty"` // scopes that are no longer asked
	Format      int             `json:"Format"`
	// Previous is the SHA-256 of the line before, without its line end; empty in the first
	Previous  string        `json:"Previous"`
	RegionID  string        `json:"RegionId"`
	RunID     string        `json:"RunId"`
	Sequence  int64         `json:"Sequence"` // dense, from 1
	StartedAt catalog.Time  `json:"StartedAt"`
	States    []StateChange `json:"States,omitempty"`
	Successor string        `json:"Successor,omitempty"` // of a seal: the month in which the log goes on
	Trigger   string        `json:"Trigger"`             // of the run: timer, event, direct
}

// ScopeRef names a scope within the region.
type ScopeRef struct {
	ClusterID    string `json:"ClusterId"`    // empty: asked without
	InstanceType string `json:"InstanceType"` // empty: asked without
}

// EndedScope is a scope that is no longer asked. It keeps the digest of its last
// content, so that a month says what ended even when the months before it are
// gone.
type EndedScope struct {
	ClusterID string `json:"ClusterId"`
	// Digest is that of the last content. It is empty if there was none, or if an
	// earlier program wrote the line.
	Digest       string `json:"Digest,omitempty"`
	InstanceType string `json:"InstanceType"`
}

// Change is new content of one scope and its difference from the old content.
type Change struct {
	Added              []string              `json:"Added,omitempty"`   // ImageIds
	Changed            []catalog.FieldChange `json:"Changed,omitempty"` // one entry for each field
	CheckedAt          catalog.Time          `json:"CheckedAt"`         // when upstream gave the new content
	ClusterID          string                `json:"ClusterId"`
	Digest             string                `json:"Digest"` // of the new content
	ImageCount         int                   `json:"ImageCount"`
	InstanceType       string                `json:"InstanceType"`
	Key                string                `json:"Key"`            // object of the new content
	PreviousDigest     string                `json:"PreviousDigest"` // empty: there was no old content
	PreviousImageCount int                   `json:"PreviousImageCount"`
	// PreviousLost says that the old content could not be read, so that no
	// difference is known.
	PreviousLost bool     `json:"PreviousLost,omitempty"`
	Removed      []string `json:"Removed,omitempty"` // ImageIds
	RequestID    string   `json:"RequestId"`         // of upstream's answer
}

// StateChange says that the checks of a scope began to have another outcome.
type StateChange struct {
	At           catalog.Time `json:"At"` // time of the check
	ClusterID    string       `json:"ClusterId"`
	From         State        `json:"From"` // empty: never checked before
	InstanceType string       `json:"InstanceType"`
	Problem      *Problem     `json:"Problem,omitempty"` // unless To is OK
	To           State        `json:"To"`
}

// ClusterChange is a cluster that appeared (no Before), changed, or ended (no
// After).
type ClusterChange struct {
	After     *catalog.Cluster `json:"After,omitempty"`
	Before    *catalog.Cluster `json:"Before,omitempty"`
	ClusterID string           `json:"ClusterId"`
}

// Checkpoint is the whole state after the commit that carries it, the first of
// its file. So reading a month needs no other month.
type Checkpoint struct {
	Clusters []catalog.Cluster `json:"Clusters"`
	Files    []File            `json:"Files"` // this month and the earlier ones
	Scopes   []ScopeState      `json:"Scopes"`
}

// IsEmpty reports whether the commit changes nothing.
func (c *Commit) IsEmpty() bool {
	return len(c.Appeared)+len(c.Changes)+len(c.Clusters)+len(c.Ended)+len(c.States) == 0
}

// changesContent reports whether a scope has other content after the commit, or
// ends with it.
func (c *Commit) changesContent() bool { return len(c.Changes)+len(c.Ended) > 0 }

// removesScope reports whether the commit ends a scope or a cluster.
func (c *Commit) removesScope() bool {
	return len(c.Ended) > 0 || slices.ContainsFunc(c.Clusters, func(c ClusterChange) bool { return c.After == nil })
}

// encode sets the commit's digest. It returns the line to append and the hash
// that the next commit must name.
func (c *Commit) encode() (line []byte, hash string, err error) {
	line, err = catalog.MarshalLine(c)
	if err != nil {
		return nil, "", fmt.Errorf("encoding commit %d: %w", c.Sequence, err)
	}
	line, c.Digest = commitDigest.fill(line[:len(line)-1])
	return append(line, '\n'), hashLine(line), nil
}

// hashLine returns the SHA-256 in hex of a line without its line end.
func hashLine(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// parseCommit decodes a line without its line end. It returns nil if the bytes
// are no commit, for example a torn line. intact is false if they are a commit
// that was altered. A line without a digest counts as intact: this program did
// not write it, and the chain of the log has to prove it.
func parseCommit(line []byte) (c *Commit, intact bool) {
	c = new(Commit)
	if json.Unmarshal(line, c) != nil || c.Sequence < 1 {
		return nil, false
	}
	return c, c.Digest == "" || commitDigest.verify(line, c.Digest)
}
