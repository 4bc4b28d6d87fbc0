package archive

import (
	"time"

	"community-images/shared/catalog"
)

const (
	// Grace is how long an object stays after it was last written, and after the
	// last month of the log that could refer to it was removed. No run and no
	// reader takes longer.
	Grace = 48 * time.Hour

	// sweepInterval is the time between two sweeps of a region.
	sweepInterval = 24 * time.Hour
)

// Swept is what retention has done in a region. The head keeps it, so that a run
// need not find out. If it is lost, retention only waits longer.
type Swept struct {
	// At is the end of the last sweep that finished.
	At catalog.Time `json:"At"`
	// the latest time at which Through can have gone; zero: no month was removed
	RemovedAt catalog.Time `json:"RemovedAt"`
	// Through is the last month of the log that was removed. It is empty if none
	// was.
	Through string `json:"Through"`
}

// IsDue reports whether a region has to be swept again, once a day.
func (s Swept) IsDue(now time.Time) bool {
	age := now.Sub(s.At.Time)
	return age >= sweepInterval || age <= -sweepInterval // a clock may have been wrong
}

// merge returns what two heads say together.
func (s Swept) merge(o Swept) Swept {
	if o.At.After(s.At.Time) {
		s.At = o.At
	}
	if o.Through > s.Through || o.Through == s.Through && o.RemovedAt.After(s.RemovedAt.Time) {
		s.Through, s.RemovedAt = o.Through, o.RemovedAt
	}
	return s
}

// isExpired reports whether retention no longer keeps file i: the file after it
// begins early enough to answer for every time since cutoff. The last file, which
// holds the present state, never expires.
func (r *Region) isExpired(i int, cutoff time.Time) bool {
	return i+1 < len(r.Files) && !r.Files[i+1].FirstCommittedAt.After(cutoff)
}

// visitReferences calls visit for each snapshot that a commit needs: those of the
// contents that it has published, and those of its checkpoint.
func (c *Commit) visitReferences(visit func(ref ScopeRef, digest string)) {
	for _, s := range c.Scopes {
		visit(s.ref(), s.Digest)
	}
	if c.Checkpoint != nil {
		for _, s := range c.Checkpoint.Scopes {
			if s.Digest != "" {
				visit(ScopeRef{s.ClusterID, s.InstanceType}, s.Digest)
			}
		}
	}
}

// visitReferences calls visit for each snapshot that a state needs: the current
// contents and the candidates.
func (r *Region) visitReferences(visit func(ref ScopeRef, digest string)) {
	for _, s := range r.Scopes() {
		ref := ScopeRef{s.ClusterID, s.InstanceType}
		if s.Digest != "" {
			visit(ref, s.Digest)
		}
		if s.Candidate != nil && s.Candidate.Digest != "" {
			visit(ref, s.Candidate.Digest)
		}
	}
}
