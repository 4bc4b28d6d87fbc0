package fsck

import (
	"fmt"
)

// Audit is what Verify found in one region.
type Audit struct {
	// RegionID names the region.
	RegionID string
	// Commits counts the commits in the log, seals included.
	Commits int
	// Snapshots counts the snapshots that are referenced and intact.
	Snapshots int
	// Orphans has the keys of snapshots to which nothing refers, and of indexes of
	// months that are gone. Runs and sweeps that died left them.
	Orphans []string
	// Findings is what breaks the storage contract.
	Findings []Finding
	// Notes is what the contract allows and what is worth knowing: lines of the log that
	// count for nobody. No repair removes them, because a log only grows.
	Notes []Finding
}

// Finding is one thing that Verify found.
type Finding struct {
	// Key names the object.
	Key string
	// Reason is a sentence about the object.
	Reason string
	// IsBehind is true for a head or an index that is missing, or intact and older than
	// the log or the head. Then nothing is lost: a repair makes it level with the log.
	IsBehind bool
}

// String returns the finding on one line.
func (f Finding) String() string { return f.Key + ": " + f.Reason }

// report adds a finding about the object key.
func (v *verifier) report(key, format string, args ...any) {
	v.audit.Findings = append(v.audit.Findings, Finding{Key: key, Reason: fmt.Sprintf(format, args...)})
}

// markBehind marks the findings about the object key from number from on: the object is
// only behind.
func (v *verifier) markBehind(key string, from int) {
	for i := from; i < len(v.audit.Findings); i++ {
		if f := &v.audit.Findings[i]; f.Key == key {
			f.IsBehind = true
		}
	}
}

// note adds a note about the object key.
func (v *verifier) note(key, format string, args ...any) {
	v.audit.Notes = append(v.audit.Notes, Finding{Key: key, Reason: fmt.Sprintf(format, args...)})
}
