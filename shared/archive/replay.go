package archive

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"time"

	"community-images/shared/catalog"
)

// follow is the law of the log. sound is whether the line has the digest that it
// states. It says whether a line comes next after the
// region's last: true, or false for a line that counts for nobody (a second
// copy of an append that was sent twice), or why the log is damaged.
func follow(r *Region, l *Commit, sound bool) (bool, error) {
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

// replay applies the lines of a text, which stands in its file at r.log, to r,
// until stop says so, which is asked before a line that counts is applied, or
// seen, which is shown it thereafter, wants no more. Either may be nil. over
// says that one of them ended it. On an error r is the state before the line
// that could not be had.
func (r *Region) replay(t *text, stop, seen func(*Commit) bool) (over bool, err error) {
	for {
		data, err := t.line()
		switch {
		case err == io.EOF:
			return false, nil
		case err != nil:
			return false, err
		}
		line, ended := bytes.CutSuffix(data, []byte{'\n'})
		goesOn := r.log.torn // it goes on with a line that never was
		place := r.log
		r.log.length, r.log.torn = place.length+int64(len(data)), !ended
		if goesOn {
			continue
		}
		l, counts, err := r.reads(t.key, line)
		switch {
		case err != nil:
			return false, err
		case !counts:
			continue
		case stop != nil && stop(l):
			r.log = place
			return true, nil
		}
		r.apply(l, lineHash(line))
		if seen != nil && !seen(l) {
			return true, nil
		}
	}
}

// reads parses a line and says whether it comes next.
func (r *Region) reads(key string, line []byte) (*Commit, bool, error) {
	l, sound := parseCommit(line)
	if l == nil {
		return nil, false, nil
	}
	counts, err := follow(r, l, sound)
	if err != nil {
		return nil, false, &DamagedError{Key: key, Reason: err.Error()}
	}
	return l, counts, nil
}

// apply makes r the state after l.
func (r *Region) apply(l *Commit, hash string) {
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
func (r *Region) makeRoom(l *Commit) {
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
