package archive

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"time"

	"community-images/shared/catalog"
)

// checkNext decides whether c is the commit after r. It returns true for the next
// commit, false for a line that counts for nobody (a second copy of an append
// that was sent twice), and an error for a corrupt log. intact is false if the
// line does not have the digest that it states.
func checkNext(r *Region, c *Commit, intact bool) (isNext bool, err error) {
	switch {
	case c.Format != Format && intact:
		return false, otherFormat(c.Format)
	case c.Format != Format:
		return false, fmt.Errorf("commit %d was altered: it has format %d, and its digest does not fit", c.Sequence,
			c.Format)
	case c.RegionID != r.RegionID:
		return false, fmt.Errorf("commit %d is of region %q", c.Sequence, c.RegionID)
	case intact && c.Checkpoint != nil && !c.Checkpoint.hasMonths():
		return false, fmt.Errorf("commit %d names a month of the log that is none", c.Sequence)
	case r.Sequence == 0 && c.Checkpoint != nil && intact:
		return true, nil // the first commit that is read stands on its checkpoint
	case c.Sequence <= r.Sequence:
		return false, nil
	case !intact:
		return false, fmt.Errorf("commit %d was altered: its digest does not fit", c.Sequence)
	case c.Sequence != r.Sequence+1:
		return false, fmt.Errorf("commit %d follows commit %d", c.Sequence, r.Sequence)
	case c.Previous != r.log.hash:
		return false, fmt.Errorf("commit %d does not name the line before it", c.Sequence)
	case c.CommittedAt.Before(r.CommittedAt.Time):
		return false, fmt.Errorf("commit %d is dated before the one it follows", c.Sequence)
	case r.log.isSealed() && c.Checkpoint == nil:
		return false, fmt.Errorf("commit %d begins a month without a checkpoint", c.Sequence)
	}
	return true, nil
}

// replay applies the commits of a file to r, which stands where lines begins.
// It ends before the first commit for which stopBefore returns true, or after
// the first one for which visit returns false; then stopped is true. Either may
// be nil. Without visit the commits are read without their Images. On an error r is
// the state before the line that could not be read.
func (r *Region) replay(lines *lineReader, stopBefore, visit func(*Commit) bool) (stopped bool, err error) {
	for {
		before := r.log
		c, at, err := r.readNext(lines, visit != nil)
		switch {
		case err == io.EOF:
			return false, nil
		case err != nil:
			return false, err
		case stopBefore != nil && stopBefore(c):
			before.length, before.torn = at, false
			r.log = before
			return true, nil
		}
		r.applyCommit(c, c.LineHash)
		if visit != nil && !visit(c) {
			return true, nil
		}
	}
}

// readNext returns the commit after r and the offset of its line in the file. r.log moves
// over every line, also over those that count for nobody: the next append goes to the end
// of the file. The caller applies the commit. The error is io.EOF at the end of the file.
func (r *Region) readNext(lines *lineReader, withImages bool) (c *Commit, at int64, err error) {
	for {
		data, err := lines.next()
		if err != nil {
			return nil, 0, err
		}
		at, wasTorn := r.log.length, r.log.torn
		line, ended := bytes.CutSuffix(data, []byte{'\n'})
		r.log.length, r.log.torn = at+int64(len(data)), !ended
		if wasTorn { // data is the rest of a line that was never finished
			continue
		}
		c, err := r.parseNext(lines.key, line, withImages)
		if err != nil {
			return nil, 0, err
		}
		if c != nil {
			c.LineHash = hashLine(line)
			r.log.noteCheckpoint(c, at)
			return c, at, nil
		}
	}
}

// parseNext decodes a line of the file key. It returns nil if the line is not
// the commit after r and counts for nobody.
func (r *Region) parseNext(key string, line []byte, withImages bool) (*Commit, error) {
	c, intact := parseCommit(line, withImages)
	if c == nil {
		return nil, nil
	}
	isNext, err := checkNext(r, c, intact)
	if err != nil {
		return nil, newDamagedError(key, err)
	}
	if !isNext {
		return nil, nil
	}
	return c, nil
}

// advance moves r behind c without applying what c changes. hash is that of c's line.
func (r *Region) advance(c *Commit, hash string) {
	r.Sequence, r.CommittedAt = c.Sequence, c.CommittedAt
	r.log.hash, r.log.successor = hash, c.Successor
}

// applyCommit makes r the state after c. hash is that of c's line.
func (r *Region) applyCommit(c *Commit, hash string) {
	r.advance(c, hash)
	if p := c.Checkpoint; p != nil {
		r.setTables(slices.Clone(p.Clusters), p.Files, slices.Clone(p.Scopes))
		return
	}
	r.applyClusters(c.Clusters)
	r.updateScopeTable(c)
	// States come before changes: a change of a scope that failed until now also has
	// a state change to OK.
	for _, s := range c.States {
		state := r.scopeState(s.ClusterID, s.InstanceType)
		state.State, state.Since, state.Problem, state.TriedAt, state.Candidate = s.To, s.At, s.Problem, s.At, nil
		if s.To == OK {
			state.CheckedAt = s.At
		}
	}
	for _, s := range c.Scopes {
		state := r.scopeState(s.ClusterID, s.InstanceType)
		state.Digest, state.ImageCount, state.Fingerprint = s.Digest, s.ImageCount, ""
		if state.State == "" {
			state.State, state.Since = OK, s.CheckedAt
		}
		state.CapturedAt, state.CheckedAt, state.TriedAt = s.CheckedAt, s.CheckedAt, s.CheckedAt
	}
}

// applyClusters applies a commit's cluster changes.
func (r *Region) applyClusters(changes []ClusterChange) {
	if len(changes) == 0 {
		return
	}
	clusters := r.ClustersByID()
	for _, c := range changes {
		if c.After == nil {
			delete(clusters, c.ClusterID)
		} else {
			clusters[c.ClusterID] = *c.After
		}
	}
	r.setClusters(clusters)
}

// updateScopeTable removes the scopes that c ends and adds those that c is the
// first to mention. It does so once for all: moving the table for each would be
// slow.
func (r *Region) updateScopeTable(c *Commit) {
	// What ends goes first, so that the table is not larger than it has to be.
	if len(c.Ended) > 0 {
		ended := map[ScopeRef]bool{}
		for _, e := range c.Ended {
			ended[e.ref()] = true
		}
		r.scopes = slices.DeleteFunc(r.scopes, func(s ScopeState) bool {
			return ended[ScopeRef{s.ClusterID, s.InstanceType}]
		})
	}
	// A scope that only appeared, and whose check is OK, comes with its first change.
	var added []ScopeState
	add := func(cluster, instanceType string) {
		if _, known := r.findScope(cluster, instanceType); !known {
			added = append(added, ScopeState{ClusterID: cluster, InstanceType: instanceType})
		}
	}
	for _, s := range c.States {
		add(s.ClusterID, s.InstanceType)
	}
	for _, s := range c.Scopes {
		add(s.ClusterID, s.InstanceType)
	}
	if len(added) > 0 {
		r.scopes = sortScopes(append(r.scopes, added...))
	}
}

// scopeState returns the state of a scope in the table, to be changed in place.
// The scope must be in the table.
func (r *Region) scopeState(cluster, instanceType string) *ScopeState {
	at, _ := r.findScope(cluster, instanceType)
	return &r.scopes[at]
}

// setTables replaces the tables of r and brings them into canonical order. r
// owns the arguments from then on.
func (r *Region) setTables(clusters []catalog.Cluster, files []File, scopes []ScopeState) {
	r.clusters, r.Files, r.scopes = clusters, files, sortScopes(scopes)
	for i := 1; i < len(clusters); i++ {
		if clusters[i-1].ClusterID >= clusters[i].ClusterID {
			r.setClusters(r.ClustersByID())
			break
		}
	}
}

// monthOf returns the month of the log to which a commit at t belongs.
func monthOf(t time.Time) string { return t.UTC().Format(monthLayout) }
