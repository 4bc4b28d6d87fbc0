package format

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"community-images/shared/alias"
	"community-images/shared/catalog"
)

// Version is the version of the log, the head and what else is derived. Objects of
// another version are refused.
const Version = 2

// SimulatedTrigger is the Trigger of commits that tell no real history: a simulated clock
// dated them.
const SimulatedTrigger = "simulated"

// Commit is one line of the log: what one run changed, or a seal, which ends a
// month. Like every stored type it has a field for each member, in the order of
// their names, so that equal commits have equal bytes.
type Commit struct {
	// Aliases has the aliases that appeared, changed or are no longer defined, by name.
	Aliases []alias.Change `json:"Aliases,omitempty"`
	// Checkpoint is the whole state after the commit. The first line of a month has one,
	// and a line now and then.
	Checkpoint *Checkpoint `json:"Checkpoint,omitempty"`
	// Clusters has the clusters that appeared, changed or ended.
	Clusters []ClusterChange `json:"Clusters,omitempty"`
	// CommittedAt is never before that of the previous commit.
	CommittedAt catalog.Time `json:"CommittedAt"`
	// Digest is the SHA-256 of this line with an empty Digest.
	Digest string `json:"Digest"`
	// Ended has the scopes that are no longer asked, in canonical order.
	Ended []EndedScope `json:"Ended,omitempty"`
	// Format is the constant Version. A reader refuses any other.
	Format int `json:"Format"`
	// Images has what changed, once for each image, sorted by ImageID.
	Images []ImageChange `json:"Images,omitempty"`
	// LineHash is the SHA-256 of this line without its line end, which the next
	// commit has as its Previous. It is not stored; reading the log sets it.
	LineHash string `json:"-"`
	// Previous is the SHA-256 of the line before, without its line end; empty in the first
	Previous string `json:"Previous"`
	// RegionID is that of the log, so that a line cannot stand in another region.
	RegionID string `json:"RegionId"`
	// RunID names the run that made the commit, for whoever reads its log lines.
	RunID string `json:"RunId"`
	// Scopes has the scopes with other content, in canonical order.
	Scopes []ScopeChange `json:"Scopes,omitempty"`
	// Sequence numbers the commits of a region from 1 without gaps.
	Sequence int64 `json:"Sequence"`
	// StartedAt is when the run began, which is before its first question to
	// upstream.
	StartedAt catalog.Time `json:"StartedAt"`
	// States has the scopes whose checks began to have another outcome.
	States []StateChange `json:"States,omitempty"`
	// Successor is the month in which the log goes on. Only a seal has one.
	Successor string `json:"Successor,omitempty"`
	// Trigger is what started the run: timer, event, direct, or SimulatedTrigger.
	Trigger string `json:"Trigger"`
}

// ScopeRef names a scope within the region.
type ScopeRef struct {
	// ClusterID is empty if the question named no cluster.
	ClusterID string `json:"ClusterId,omitempty"`
	// InstanceType is empty if the question named no instance type.
	InstanceType string `json:"InstanceType,omitempty"`
}

// Compare compares two scopes in canonical order.
func (r ScopeRef) Compare(o ScopeRef) int {
	return cmp.Or(strings.Compare(r.ClusterID, o.ClusterID), strings.Compare(r.InstanceType, o.InstanceType))
}

// EndedScope is a scope that is no longer asked.
type EndedScope struct {
	// ClusterID and InstanceType name the scope, as in ScopeRef.
	ClusterID string `json:"ClusterId,omitempty"`
	// ClusterName is the cluster's last name; empty if there was none.
	ClusterName string `json:"ClusterName,omitempty"`
	// InstanceType is the other part of the scope's name.
	InstanceType string `json:"InstanceType,omitempty"`
	// PreviousLost says that the last content could not be read. Then no image counts
	// as removed.
	PreviousLost bool `json:"PreviousLost,omitempty"`
}

// ref returns the scope.
func (e EndedScope) ref() ScopeRef { return ScopeRef{e.ClusterID, e.InstanceType} }

// ScopeChange is new content of one scope. What differs from the old content is in
// Commit.Images.
type ScopeChange struct {
	// CheckedAt is when upstream gave the new content.
	CheckedAt catalog.Time `json:"CheckedAt"`
	// ClusterID and InstanceType name the scope, as in ScopeRef.
	ClusterID string `json:"ClusterId,omitempty"`
	// Digest is that of the new content, and names its snapshot.
	Digest string `json:"Digest"`
	// ImageCount is the number of images of the new content.
	ImageCount int `json:"ImageCount"`
	// InstanceType is the other part of the scope's name.
	InstanceType string `json:"InstanceType,omitempty"`
	// PreviousLost says that the old content could not be read. Then all images of
	// the new content count as added.
	PreviousLost bool `json:"PreviousLost,omitempty"`
}

// ref returns the scope.
func (s ScopeChange) ref() ScopeRef { return ScopeRef{s.ClusterID, s.InstanceType} }

// ImageChange is what a commit does to one image. Scopes are named by ascending
// numbers, which Commit.Scope resolves: first those of Commit.Scopes, from 0, then
// those of Commit.Ended.
type ImageChange struct {
	// Added has the scopes that did not have the image before.
	Added []int `json:"Added,omitempty"`
	// Changed has the scopes in which the image has other fields, by the difference.
	Changed []FieldChanges `json:"Changed,omitempty"`
	// ImageID names the image.
	ImageID string `json:"ImageId"`
	// ImageName is the image's name in the first scope that adds or changes it, or else in
	// the first that removes it: after the commit, or before it where it is removed.
	ImageName string `json:"ImageName"`
	// OtherNames has the scopes in which the image has another name: their lists differ.
	OtherNames []OtherName `json:"OtherNames,omitempty"`
	// Removed has the scopes that no longer have the image.
	Removed []int `json:"Removed,omitempty"`
}

// OtherName is a name that an image has in some scopes.
type OtherName struct {
	// ImageName is the name, as in ImageChange.
	ImageName string `json:"ImageName"`
	// Scopes has the scopes in which the image is called so.
	Scopes []int `json:"Scopes"`
}

// NameIn returns the name of the image in the scope with a number, which must be one of
// those that the change names.
func (im *ImageChange) NameIn(number int) string {
	for _, other := range im.OtherNames {
		if _, found := slices.BinarySearch(other.Scopes, number); found {
			return other.ImageName
		}
	}
	return im.ImageName
}

// FieldChanges is one difference of an image's content.
type FieldChanges struct {
	// Fields has an entry for each field that differs.
	Fields []catalog.FieldChange `json:"Fields"`
	// Scopes has the scopes in which the image changed so.
	Scopes []int `json:"Scopes"`
}

// StateChange says that the checks of a scope began to have another outcome.
type StateChange struct {
	// At is the time of the check.
	At catalog.Time `json:"At"`
	// ClusterID and InstanceType name the scope, as in ScopeRef.
	ClusterID string `json:"ClusterId,omitempty"`
	// InstanceType is the other part of the scope's name.
	InstanceType string `json:"InstanceType,omitempty"`
	// Problem says why the check did not succeed. It is nil if To is OK.
	Problem *Problem `json:"Problem,omitempty"`
	// To is the outcome from At on.
	To State `json:"To"`
}

// ClusterChange is a cluster that appeared, changed, or ended.
type ClusterChange struct {
	// After is the cluster from this commit on. It is nil if the cluster ended.
	After *catalog.Cluster `json:"After,omitempty"`
	// ClusterID is that of the cluster.
	ClusterID string `json:"ClusterId"`
}

// Checkpoint is the whole state after the commit that carries it. So reading a month
// needs no other month, and reading a past state not the whole month.
type Checkpoint struct {
	// Aliases has the aliases of the region, by name.
	Aliases alias.List `json:"Aliases,omitempty"`
	// Clusters has the clusters of the region.
	Clusters []catalog.Cluster `json:"Clusters"`
	// Files has this month and the earlier ones.
	Files []LogFile `json:"Files"`
	// Scopes has the scopes of the region without what only the head says.
	Scopes []ScopeState `json:"Scopes"`
	// SimulatedUntil is Head.SimulatedUntil.
	SimulatedUntil catalog.Time `json:"SimulatedUntil,omitzero"`
}

// hasMonths reports whether all its files have a month. A month becomes part of a key.
func (c *Checkpoint) hasMonths() bool {
	return !slices.ContainsFunc(c.Files, func(f LogFile) bool { return !IsMonth(f.Month) })
}

// IsEmpty reports whether the commit changes nothing.
func (c *Commit) IsEmpty() bool {
	return len(c.Aliases)+len(c.Scopes)+len(c.Clusters)+len(c.Ended)+len(c.States) == 0
}

// Scope returns the scope with a number of an ImageChange.
func (c *Commit) Scope(number int) ScopeRef {
	if number < len(c.Scopes) {
		return c.Scopes[number].ref()
	}
	return c.Ended[number-len(c.Scopes)].ref()
}

// ChangesContent reports whether a scope has other content after the commit, or
// ends with it.
func (c *Commit) ChangesContent() bool { return len(c.Scopes)+len(c.Ended) > 0 }

// RemovesScope reports whether the commit ends a scope or a cluster.
func (c *Commit) RemovesScope() bool {
	return len(c.Ended) > 0 || slices.ContainsFunc(c.Clusters, func(c ClusterChange) bool { return c.After == nil })
}

// Encode sets the commit's digest. It returns the line to append, with its line end, and
// the hash that the next commit must name as its Previous.
func (c *Commit) Encode() (line []byte, hash string, err error) {
	line, err = catalog.MarshalLine(c)
	if err != nil {
		return nil, "", fmt.Errorf("encoding commit %d: %w", c.Sequence, err)
	}
	line, c.Digest = commitDigest.Fill(line[:len(line)-1])
	return append(line, '\n'), HashLine(line), nil
}

// HashLine returns the SHA-256 in hex of a line of the log, which is given without its line
// end.
func HashLine(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// hasValidNumbers reports whether every number of an ImageChange is that of a scope.
func (c *Commit) hasValidNumbers() bool {
	end := len(c.Scopes) + len(c.Ended)
	isValid := func(numbers []int) bool {
		last := -1
		for _, n := range numbers {
			if n <= last || n >= end {
				return false
			}
			last = n
		}
		return true
	}
	for _, im := range c.Images {
		if !isValid(im.Added) || !isValid(im.Removed) {
			return false
		}
		for _, group := range im.Changed {
			if !isValid(group.Scopes) {
				return false
			}
		}
		for _, other := range im.OtherNames {
			if !isValid(other.Scopes) {
				return false
			}
		}
	}
	return true
}
