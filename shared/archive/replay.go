package archive

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"community-images/shared/catalog"
)

// follow is the law of the log. sound is whether the line has the digest that it
// states. It says whether a line comes next after the
// region's last: true, or false for a line that counts for nobody (a second
// copy of an append that was sent twice), or why the log is damaged.
func follow(r *Region, l *Line, sound bool) (bool, error) {
	switch {
	case l.Format != catalog.Format:
		return false, fmt.Errorf("commit %d has format %d, this program reads %d", l.Sequence, l.Format, catalog.Format)
	case l.RegionID != r.RegionID:
		return false, fmt.Errorf("commit %d is of region %q", l.Sequence, l.RegionID)
	case r.Sequence == 0 && l.Checkpoint != nil && sound:
		return true, nil // the first line that is read stands on its checkpoint
	case l.Sequence <= r.Sequence:
		return false, nil
	case !sound:
		return false, fmt.Errorf("commit %d is not what was written", l.Sequence)
	case l.Sequence != r.Sequence+1:
		return false, fmt.Errorf("commit %d follows commit %d", l.Sequence, r.Sequence)
	case l.Previous != r.log.hash:
		return false, fmt.Errorf("commit %d does not name the line before it", l.Sequence)
	case l.CommittedAt.Before(r.CommittedAt.Time):
		return false, fmt.Errorf("commit %d is dated before the one it follows", l.Sequence)
	case r.log.sealed != "" && l.Checkpoint == nil:
		return false, fmt.Errorf("commit %d begins a month without a checkpoint", l.Sequence)
	}
	return true, nil
}

// replay applies the lines in data, which stood in the file at r.log, to r
// until stop says so. seen, which may be nil, is shown every line that counts
// after it has been applied.
func (r *Region) replay(key string, data []byte, stop func(*Line) bool, seen func(*Line)) error {
	r.log.length += int64(len(data))
	if r.log.torn { // these bytes go on with a line that never was
		_, rest, ended := bytes.Cut(data, []byte{'\n'})
		if !ended {
			return nil
		}
		data = rest
	}
	r.log.torn = len(data) > 0 && data[len(data)-1] != '\n'
	for len(data) > 0 {
		var text []byte
		text, data, _ = bytes.Cut(data, []byte{'\n'})
		l, sound := parseLine(text)
		if l == nil {
			continue
		}
		counts, err := follow(r, l, sound)
		if err != nil {
			return &DamagedError{Key: key, Reason: err.Error()}
		}
		if !counts {
			continue
		}
		if stop != nil && stop(l) {
			return nil
		}
		r.apply(l, lineHash(text))
		if seen != nil {
			seen(l)
		}
	}
	return nil
}

// apply makes r the state after l.
func (r *Region) apply(l *Line, hash string) {
	r.Sequence, r.CommittedAt = l.Sequence, l.CommittedAt
	r.log.hash, r.log.sealed = hash, l.Successor
	if c := l.Checkpoint; c != nil {
		r.load(slices.Clone(c.Clusters), c.Files, slices.Clone(c.Scopes))
		return
	}
	if len(l.Clusters) > 0 {
		clusters := r.ClustersByID()
		for _, c := range l.Clusters {
			if c.After == nil {
				delete(clusters, c.ClusterID)
			} else {
				clusters[c.ClusterID] = *c.After
			}
		}
		r.setClusters(clusters)
	}
	r.makeRoom(l)
	for _, s := range l.States {
		state := r.at(s.ClusterID, s.InstanceType)
		state.State, state.Since, state.Problem, state.TriedAt, state.Candidate = s.To, s.At, s.Problem, s.At, nil
		if s.To == OK {
			state.CheckedAt = s.At
		}
	}
	for _, c := range l.Changes {
		state := r.at(c.ClusterID, c.InstanceType)
		state.Digest, state.ImageCount, state.Fingerprint = c.Digest, c.ImageCount, ""
		if state.State == "" {
			state.State, state.Since = OK, c.CheckedAt
		}
		state.CapturedAt, state.CheckedAt, state.TriedAt = c.CheckedAt, c.CheckedAt, c.CheckedAt
	}
}

// makeRoom takes out the scopes that l ends and adds those that it is the
// first to speak of, all at once: moving the table for each would take long.
func (r *Region) makeRoom(l *Line) {
	if len(l.Ended) > 0 {
		ended := map[ScopeRef]bool{}
		for _, e := range l.Ended {
			ended[ScopeRef{e.ClusterID, e.InstanceType}] = true
		}
		r.Scopes = slices.DeleteFunc(r.Scopes, func(s ScopeState) bool { return ended[ScopeRef{s.ClusterID, s.InstanceType}] })
	}
	var added []ScopeState
	add := func(cluster, instanceType string) {
		if _, known := r.find(cluster, instanceType); !known {
			added = append(added, ScopeState{ClusterID: cluster, InstanceType: instanceType})
		}
	}
	for _, s := range l.States {
		add(s.ClusterID, s.InstanceType)
	}
	for _, c := range l.Changes {
		add(c.ClusterID, c.InstanceType)
	}
	if len(added) > 0 {
		r.Scopes = inOrder(append(r.Scopes, added...))
	}
}

// at is the state of a scope that is there, to be changed in place.
func (r *Region) at(cluster, instanceType string) *ScopeState {
	at, _ := r.find(cluster, instanceType)
	return &r.Scopes[at]
}

// load replaces the tables of r; those that are given are r's from then on.
func (r *Region) load(clusters []catalog.Cluster, files []File, scopes []ScopeState) {
	r.Clusters, r.Files, r.Scopes = clusters, files, inOrder(scopes)
	for i := 1; i < len(clusters); i++ {
		if clusters[i-1].ClusterID >= clusters[i].ClusterID {
			r.setClusters(r.ClustersByID())
			break
		}
	}
}

func monthOf(t time.Time) string { return t.UTC().Format(monthForm) }
