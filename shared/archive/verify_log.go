package archive

import (
	"bytes"
	"errors"
	"io"
	"reflect"

	"community-images/shared/catalog"
)

// verifyMonth checks one file of the log on top of r. isLast is true for the last
// file.
func (v *verifier) verifyMonth(r *Region, month string, isLast bool) error {
	lines, err := v.openLog(v.ctx, r.RegionID, month)
	if err != nil {
		return err
	}
	// Nothing is known before the oldest kept file.
	if r.Sequence > 0 && r.log.successor != month {
		v.report(lines.key, "the file before it is not sealed, or its seal names %q", r.log.successor)
	}
	// The chain goes on across files: the first line names the last one of the file before.
	r.log = position{month: month, hash: r.log.hash, successor: r.log.successor}
	before := v.audit.Commits
	for n := 1; ; n++ {
		data, err := lines.next()
		if err == io.EOF {
			if v.audit.Commits == before && !isLast {
				v.report(lines.key, "it has no commit, and there is a later month")
			}
			return nil
		}
		var damaged *DamagedError
		if errors.As(err, &damaged) {
			v.report(damaged.Key, "line %d: %s", n, damaged.Reason)
			return nil
		}
		if err != nil {
			return err
		}
		// After a broken line the chain proves nothing about the rest of the file.
		if goOn, err := v.verifyLine(r, lines.key, n, data); err != nil || !goOn {
			return err
		}
	}
}

// verifyLine checks line n of the file key and applies it to r if it is the next
// commit. It returns false if the rest of the file cannot be checked.
func (v *verifier) verifyLine(r *Region, key string, n int, data []byte) (goOn bool, err error) {
	// The position moves over every line, as it does for a run that reads the log.
	line, ended := bytes.CutSuffix(data, []byte{'\n'})
	r.log.length, r.log.torn = r.log.length+int64(len(data)), !ended
	c, intact := parseCommit(line)
	if c == nil {
		if len(line) > 0 {
			v.note(key, "line %d is torn: it is no commit, and counts for nobody", n)
		}
		return true, nil
	}
	hash := hashLine(line)
	isNext, err := checkNext(r, c, intact)
	switch {
	case err != nil:
		v.report(key, "line %d: %v", n, err)
		return false, nil
	case !isNext && v.lines[hash]:
		v.note(key, "line %d is a second copy of commit %d, and counts for nobody", n, c.Sequence)
		return true, nil
	case !isNext:
		v.report(key, "line %d is another commit %d than the one before", n, c.Sequence)
		return true, nil
	}
	v.lines[hash] = true
	return true, v.verifyCommit(r, key, c, hash)
}

// verifyCommit checks the commit after r and applies it. r.log is already behind
// it.
func (v *verifier) verifyCommit(r *Region, key string, c *Commit, hash string) error {
	if err := v.verifyEnded(r, key, c); err != nil {
		return err
	}
	if err := v.verifyChanges(r, key, c); err != nil {
		return err
	}
	if err := v.noteFirstSeen(key, c, r.Sequence); err != nil {
		return err
	}
	// This must happen before c is applied, because c replaces the state by its checkpoint.
	expected := r.stateWithoutCheckpoint(c)
	r.applyCommit(c, hash)
	v.logEnd = r.log
	v.audit.Commits++
	if c.changesContent() {
		v.contentCommits = append(v.contentCommits, c.Sequence)
	}
	if c.Checkpoint == nil {
		return nil
	}
	return v.verifyCheckpoint(r, expected, key, c)
}

// verifyEnded checks the scopes that c ends. r is the state before it.
func (v *verifier) verifyEnded(r *Region, key string, c *Commit) error {
	for _, e := range c.Ended {
		// There was no content, or an earlier program wrote the line.
		if e.Digest == "" {
			continue
		}
		scope := catalog.Scope{RegionID: r.RegionID, ClusterID: e.ClusterID, InstanceType: e.InstanceType}
		was, _ := r.Scope(scope)
		if was.Digest != e.Digest && r.isKnownBefore(c) {
			v.report(key, "commit %d ends %s with %q, which had %q", c.Sequence, scope, e.Digest, was.Digest)
		}
		if _, err := v.verifySnapshot(key, scope, e.Digest); err != nil {
			return err
		}
	}
	return nil
}

// isKnownBefore reports whether r says what was there before c: not if c is the
// oldest kept commit and earlier ones have been removed.
func (r *Region) isKnownBefore(c *Commit) bool { return r.Sequence > 0 || c.Sequence == 1 }

// verifyChanges checks the scopes that c changes. r is the state before it.
func (v *verifier) verifyChanges(r *Region, key string, c *Commit) error {
	for _, change := range c.Changes {
		scope := catalog.Scope{RegionID: r.RegionID, ClusterID: change.ClusterID, InstanceType: change.InstanceType}
		was, _ := r.Scope(scope)
		if was.Digest != change.PreviousDigest && r.isKnownBefore(c) {
			v.report(key, "commit %d replaces %q of %s, which had %q", c.Sequence, change.PreviousDigest, scope,
				was.Digest)
		}
		// The new content must be there and must be what the change says of it.
		after, err := v.verifySnapshot(key, scope, change.Digest)
		if err != nil {
			return err
		}
		if after != nil && len(after.Images) != change.ImageCount {
			v.report(key, "commit %d counts %d images of %s, the snapshot has %d",
				c.Sequence, change.ImageCount, scope, len(after.Images))
		}
		// The run could not read the old content. So there is no difference to check, and the
		// object may have been lost or not.
		if change.PreviousLost {
			v.tolerateMissing(scope, change.PreviousDigest)
			continue
		}
		if err := v.verifyDifference(key, c.Sequence, scope, change, after); err != nil {
			return err
		}
	}
	return nil
}

// verifyDifference checks that a change states the difference of its snapshots.
// after is the new content, nil if it is damaged.
func (v *verifier) verifyDifference(
	key string, sequence int64, scope catalog.Scope, change Change, after *catalog.Snapshot,
) error {
	// The first content of a scope differs from an empty list.
	var before []*catalog.Image
	if change.PreviousDigest != "" {
		s, err := v.verifySnapshot(key, scope, change.PreviousDigest)
		if err != nil || s == nil {
			return err
		}
		before = s.Images
	}
	if after == nil {
		return nil
	}
	stated := catalog.Diff{Added: change.Added, Changed: change.Changed, Removed: change.Removed}
	if !reflect.DeepEqual(catalog.Compare(before, after.Images), stated) {
		v.report(key, "commit %d states another difference of %s than its snapshots have", sequence, scope)
	}
	return nil
}

// tolerateMissing notes that a snapshot may be there or not.
func (v *verifier) tolerateMissing(scope catalog.Scope, digest string) {
	if key, err := v.keys.Snapshot(scope, digest); err == nil {
		v.tolerated[key] = true
	}
}

// stateWithoutCheckpoint returns the state after c as its other members make it. It
// returns nil if c has no checkpoint, or if nothing is known before c.
func (r *Region) stateWithoutCheckpoint(c *Commit) *Region {
	if c.Checkpoint == nil || r.Sequence == 0 {
		return nil
	}
	without, next := *c, r.clone()
	without.Checkpoint = nil
	next.applyCommit(&without, "")
	return next
}

// verifyCheckpoint checks the checkpoint of c, from which r is: it is the expected
// state, unless that is nil, and the content of every scope is there.
func (v *verifier) verifyCheckpoint(r, expected *Region, key string, c *Commit) error {
	if expected != nil && !r.hasSameHistory(expected) {
		v.report(key, "the checkpoint of commit %d is not the state after it", c.Sequence)
	}
	for _, s := range r.Scopes() {
		if s.Digest == "" {
			continue
		}
		if _, err := v.verifySnapshot(key, s.Scope(r.RegionID), s.Digest); err != nil {
			return err
		}
	}
	// Readers find the months of the log here, so the list must end with this file.
	files := c.Checkpoint.Files
	if n := len(files); n == 0 || files[n-1].FirstSequence != c.Sequence {
		v.report(key, "the checkpoint of commit %d does not name its own file", c.Sequence)
	}
	return nil
}
