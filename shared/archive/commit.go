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
	// Appeared has the scopes that are seen for the first time.
	Appeared []ScopeRef `json:"Appeared,omitempty"`
	// Changes has the scopes with other content.
	Changes []Change `json:"Changes,omitempty"`
	// Checkpoint is the whole state after the commit. Only the first line of a
	// month has one.
	Checkpoint *Checkpoint `json:"Checkpoint,omitempty"`
	// Clusters has the clusters that appeared, changed or ended.
	Clusters []ClusterChange `json:"Clusters,omitempty"`
	// CommittedAt is never before that of the previous commit.
	CommittedAt catalog.Time `json:"CommittedAt"`
	// Digest is the SHA-256 of this line with an empty Digest.
	Digest string `json:"Digest"`
	// Ended has the scopes that are no longer asked.
	Ended []EndedScope `json:"Ended,omitempty"`
	// Format is catalog.Format. A reader refuses any other.
	Format int `json:"Format"`
	// LineHash is the SHA-256 of this line without its line end, which the next
	// commit has as its Previous. It is not stored; reading the log sets it.
	LineHash string `json:"-"`
	// Previous is the SHA-256 of the line before, without its line end; empty in the first
	Previous string `json:"Previous"`
	// RegionID is that of the log, so that a line cannot stand in another region.
	RegionID string `json:"RegionId"`
	// RunID names the run that made the commit, for whoever reads its log lines.
	RunID string `json:"RunId"`
	// Sequence numbers the commits of a region from 1 without gaps.
	Sequence int64 `json:"Sequence"`
	// StartedAt is when the run began, which is before its first question to
	// upstream.
	StartedAt catalog.Time `json:"StartedAt"`
	// States has the scopes whose checks began to have another outcome.
	States []StateChange `json:"States,omitempty"`
	// Successor is the month in which the log goes on. Only a seal has one.
	Successor string `json:"Successor,omitempty"`
	// Trigger is what started the run: timer, event or direct.
	Trigger string `json:"Trigger"`
}

// ScopeRef names a scope within the region.
type ScopeRef struct {
	// ClusterID is empty if the question named no cluster.
	ClusterID string `json:"ClusterId"`
	// InstanceType is empty if the question named no instance type.
	InstanceType string `json:"InstanceType"`
}

// EndedScope is a scope that is no longer asked. It keeps the digest of its last
// content, so that a month says what ended even when the months before it are
// gone.
type EndedScope struct {
	// ClusterID is empty if the question named no cluster.
	ClusterID string `json:"ClusterId"`
	// Digest is that of the last content. It is empty if there was none, or if an
	// earlier program wrote the line.
	Digest string `json:"Digest,omitempty"`
	// InstanceType is empty if the question named no instance type.
	InstanceType string `json:"InstanceType"`
}

// Change is new content of one scope and its difference from the old content.
type Change struct {
	// Added has the ImageIds that came with the new content.
	Added []string `json:"Added,omitempty"`
	// Changed has one entry for each field of an image that changed.
	Changed []catalog.FieldChange `json:"Changed,omitempty"`
	// CheckedAt is when upstream gave the new content.
	CheckedAt catalog.Time `json:"CheckedAt"`
	// ClusterID and InstanceType name the scope, as in ScopeRef.
	ClusterID string `json:"ClusterId"`
	// Digest is that of the new content.
	Digest string `json:"Digest"`
	// ImageCount is the number of images of the new content.
	ImageCount int `json:"ImageCount"`
	// InstanceType is the other part of the scope's name.
	InstanceType string `json:"InstanceType"`
	// Key names the snapshot object of the new content.
	Key string `json:"Key"`
	// PreviousDigest is that of the old content. It is empty if there was none.
	PreviousDigest string `json:"PreviousDigest"`
	// PreviousImageCount is that of the old content.
	PreviousImageCount int `json:"PreviousImageCount"`
	// PreviousLost says that the old content could not be read, so that no
	// difference is known.
	PreviousLost bool `json:"PreviousLost,omitempty"`
	// Removed has the ImageIds that the new content lacks.
	Removed []string `json:"Removed,omitempty"`
	// RequestID is upstream's id of the answer.
	RequestID string `json:"RequestId"`
}

// StateChange says that the checks of a scope began to have another outcome.
type StateChange struct {
	// At is the time of the check.
	At catalog.Time `json:"At"`
	// ClusterID and InstanceType name the scope, as in ScopeRef.
	ClusterID string `json:"ClusterId"`
	// From is empty if the scope was never checked before.
	From State `json:"From"`
	// InstanceType is the other part of the scope's name.
	InstanceType string `json:"InstanceType"`
	// Problem says why the check did not succeed. It is nil if To is OK.
	Problem *Problem `json:"Problem,omitempty"`
	// To is the outcome from At on.
	To State `json:"To"`
}

// ClusterChange is a cluster that appeared (no Before), changed, or ended (no
// After).
type ClusterChange struct {
	// After is the cluster from this commit on. It is nil if the cluster ended.
	After *catalog.Cluster `json:"After,omitempty"`
	// Before is the cluster until then. It is nil if the cluster appeared.
	Before *catalog.Cluster `json:"Before,omitempty"`
	// ClusterID is that of After and Before.
	ClusterID string `json:"ClusterId"`
}

// Checkpoint is the whole state after the commit that carries it, the first of
// its file. So reading a month needs no other month.
type Checkpoint struct {
	// Clusters has the clusters of the region.
	Clusters []catalog.Cluster `json:"Clusters"`
	// Files has this month and the earlier ones.
	Files []File `json:"Files"`
	// Scopes has the scopes of the region without what only the head says.
	Scopes []ScopeState `json:"Scopes"`
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
