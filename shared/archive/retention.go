package archive

import (
	"time"

	"community-images/shared/catalog"
)

const (
	// Grace is how long an object stays after it was last written, and after
	// the last month of the log that could refer to it was removed. No run and
	// no reader takes longer.
	Grace = 48 * time.Hour

	sweepEvery = 24 * time.Hour
)

// Swept is what retention has done in a region. It is remembered in the head,
// so that a run need not look; if it is lost, retention only waits longer.
type Swept struct {
	At        catalog.Time `json:"At"`        // of the last sweep that came to its end
	RemovedAt catalog.Time `json:"RemovedAt"` // when the month Through was removed, at the latest; zero: none was
	Through   string       `json:"Through"`   // the last month of the log that was removed
}

// IsDue says whether a region is to be swept again: once a day.
func (s Swept) IsDue(now time.Time) bool {
	age := now.Sub(s.At.Time)
	return age >= sweepEvery || age <= -sweepEvery // or a clock has been wrong
}

// later joins what two heads say.
func (s Swept) later(o Swept) Swept {
	if o.At.After(s.At.Time) {
		s.At = o.At
	}
	if o.Through > s.Through || o.Through == s.Through && o.RemovedAt.After(s.RemovedAt.Time) {
		s.Through, s.RemovedAt = o.Through, o.RemovedAt
	}
	return s
}

// expired says whether retention no longer wants the i-th file: the file after
// it begins early enough to answer for every time since the cutoff. The last
// file, which holds the present state, never expires.
func (r *Region) expired(i int, cutoff time.Time) bool {
	return i+1 < len(r.Files) && !r.Files[i+1].FirstCommittedAt.After(cutoff)
}

// eachReference shows the contents that a line needs: those of its changes
// and those before them, so that its difference can be shown, and those of
// its checkpoint.
func (l *Commit) eachReference(each func(ref ScopeRef, digest string)) {
	show := func(cluster, instanceType, digest string) {
		if digest != "" {
			each(ScopeRef{cluster, instanceType}, digest)
		}
	}
	for _, c := range l.Changes {
		show(c.ClusterID, c.InstanceType, c.Digest)
		show(c.ClusterID, c.InstanceType, c.PreviousDigest)
	}
	for _, e := range l.Ended {
		show(e.ClusterID, e.InstanceType, e.Digest)
	}
	if l.Checkpoint != nil {
		for _, s := range l.Checkpoint.Scopes {
			show(s.ClusterID, s.InstanceType, s.Digest)
		}
	}
}

// eachReference shows the contents that a state needs: the current ones and
// the candidates.
func (r *Region) eachReference(each func(ref ScopeRef, digest string)) {
	for _, s := range r.Scopes {
		ref := ScopeRef{s.ClusterID, s.InstanceType}
		if s.Digest != "" {
			each(ref, s.Digest)
		}
		if s.Candidate != nil && s.Candidate.Digest != "" {
			each(ref, s.Candidate.Digest)
		}
	}
}
