package fsck

import (
	"bytes"
	"errors"
	"io"
	"reflect"

	"community-images/shared/catalog"

	"community-images/shared/archive/format"
)

// verifyMonth checks one file of the log on top of r. isLast is true for the last
// file.
func (v *verifier) verifyMonth(r *format.Head, month string, isLast bool) error {
	lines, err := v.OpenLog(v.ctx, r.RegionID, month)
	if err != nil {
		return err
	}
	// Nothing is known before the oldest kept file.
	if r.Sequence > 0 && r.Log.Successor != month {
		v.report(lines.Key(), "the file before it is not sealed, or its seal names %q", r.Log.Successor)
	}
	if v.monthCheck, err = v.beginMonthCheck(month); err != nil {
		return err
	}
	// The chain goes on across files: the first line names the last one of the file before.
	r.Log = format.LogPosition{Month: month, Hash: r.Log.Hash, Successor: r.Log.Successor}
	before := v.audit.Commits
	for n := 1; ; n++ {
		data, err := lines.Next()
		if err == io.EOF {
			v.monthCheck.finish(v)
			if v.audit.Commits == before && !isLast {
				v.report(lines.Key(), "it has no commit, and there is a later month")
			}
			return nil
		}
		var damaged *format.DamagedError
		if errors.As(err, &damaged) {
			v.report(damaged.Key, "line %d: %s", n, damaged.Reason)
			return nil
		}
		if err != nil {
			return err
		}
		// After a broken line the chain proves nothing about the rest of the file.
		if goOn, err := v.verifyLine(r, lines.Key(), n, data); err != nil || !goOn {
			return err
		}
	}
}

// verifyLine checks line n of the file key and applies it to r if it is the next
// commit. It returns false if the rest of the file cannot be checked.
func (v *verifier) verifyLine(r *format.Head, key string, n int, data []byte) (goOn bool, err error) {
	// The position moves over every line, as it does for a run that reads the log.
	offset := r.Log.Length
	line, ended := bytes.CutSuffix(data, []byte{'\n'})
	r.Log.Length, r.Log.Torn = r.Log.Length+int64(len(data)), !ended
	c, intact := format.DecodeCommit(line, true)
	if c == nil {
		if len(line) > 0 {
			v.note(key, "line %d is torn: it is no commit, and counts for nobody", n)
		}
		return true, nil
	}
	hash := format.HashLine(line)
	isNext, err := r.CheckNext(c, intact)
	if err := format.CheckVersion(key, err); err != nil {
		return false, err
	}
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
	c.LineHash = hash
	r.Log.NoteCheckpoint(c, offset)
	if err := v.monthCheck.add(v, c, offset, r.Log.Length); err != nil {
		return false, err
	}
	return true, v.verifyCommit(r, key, c)
}

// verifyCommit checks the commit after r and applies it. r.Log is already behind
// it.
func (v *verifier) verifyCommit(r *format.Head, key string, c *format.Commit) error {
	if err := v.verifyChanges(r, key, c); err != nil {
		return err
	}
	if err := v.noteDates(key, c, r.Sequence); err != nil {
		return err
	}
	// This must happen before c is applied, because c replaces the state by its checkpoint.
	expected := stateWithoutCheckpoint(r, c)
	r.Apply(c)
	v.logEnd = r.Log
	v.audit.Commits++
	if c.ChangesContent() {
		v.contentCommits = append(v.contentCommits, c.Sequence)
	}
	if c.Checkpoint == nil {
		return nil
	}
	return v.verifyCheckpoint(r, expected, key, c)
}

// isKnownBefore reports whether r says what was there before c: not if c is the
// oldest kept commit and earlier ones have been removed.
func isKnownBefore(r *format.Head, c *format.Commit) bool { return r.Sequence > 0 || c.Sequence == 1 }

// verifyChanges checks the scopes that c changes or ends, and what it says of their
// images. r is the state before it.
func (v *verifier) verifyChanges(r *format.Head, key string, c *format.Commit) error {
	changes := format.NewImageChanges()
	isComplete := isKnownBefore(r, c) // whether the difference can be checked
	for number := range len(c.Scopes) + len(c.Ended) {
		ref := c.Scope(number)
		scope := catalog.Scope{RegionID: r.RegionID, ClusterID: ref.ClusterID, InstanceType: ref.InstanceType}
		was, known := r.Scope(scope)
		isLost := false
		var after []*catalog.Image
		if number < len(c.Scopes) {
			s := c.Scopes[number]
			isLost = s.PreviousLost
			snapshot, err := v.verifyContent(key, c.Sequence, scope, s)
			if err != nil {
				return err
			}
			isComplete = isComplete && snapshot != nil
			if snapshot != nil {
				after = snapshot.Images
			}
		} else {
			isLost = c.Ended[number-len(c.Scopes)].PreviousLost
			if !known && isKnownBefore(r, c) {
				v.report(key, "commit %d ends %s, which was not there", c.Sequence, scope)
			}
		}
		before, ok, err := v.verifyPrevious(r, key, c, was, isLost)
		if err != nil {
			return err
		}
		isComplete = isComplete && ok
		changes.Add(number, before, after)
	}
	if isComplete && !reflect.DeepEqual(changes.List(), c.Images) {
		v.report(key, "commit %d states another difference than its snapshots have", c.Sequence)
	}
	return nil
}

// verifyContent checks the new content of a scope. It returns nil if the content is
// damaged.
func (v *verifier) verifyContent(
	key string, sequence int64, scope catalog.Scope, s format.ScopeChange,
) (*catalog.Snapshot, error) {
	snapshot, err := v.verifySnapshot(key, scope, s.Digest)
	if snapshot != nil && len(snapshot.Images) != s.ImageCount {
		v.report(key, "commit %d counts %d images of %s, the snapshot has %d",
			sequence, s.ImageCount, scope, len(snapshot.Images))
	}
	return snapshot, err
}

// verifyPrevious returns the images that a scope had before c. ok is false if they are
// not known. Lost content counts as empty.
func (v *verifier) verifyPrevious(
	r *format.Head, key string, c *format.Commit, was format.ScopeState, isLost bool,
) (images []*catalog.Image, ok bool, err error) {
	switch scope := was.Scope(r.RegionID); {
	case !isKnownBefore(r, c):
		return nil, false, nil
	case isLost:
		v.tolerateMissing(scope, was.Digest)
		return nil, true, nil
	case was.Digest == "":
		return nil, true, nil
	default:
		s, err := v.verifySnapshot(key, scope, was.Digest)
		if err != nil || s == nil {
			return nil, false, err
		}
		return s.Images, true, nil
	}
}

// tolerateMissing notes that a snapshot may be there or not.
func (v *verifier) tolerateMissing(scope catalog.Scope, digest string) {
	if key, err := v.keys.Snapshot(scope, digest); err == nil {
		v.tolerated[key] = true
	}
}

// stateWithoutCheckpoint returns the state after c as its other members make it. It
// returns nil if c has no checkpoint, or if nothing is known before c.
func stateWithoutCheckpoint(r *format.Head, c *format.Commit) *format.Head {
	if c.Checkpoint == nil || r.Sequence == 0 {
		return nil
	}
	without, next := *c, r.Clone()
	without.Checkpoint = nil
	next.Apply(&without)
	return next
}

// verifyCheckpoint checks the checkpoint of c, from which r is: it is the expected
// state, unless that is nil, and the content of every scope is there.
func (v *verifier) verifyCheckpoint(r, expected *format.Head, key string, c *format.Commit) error {
	if expected != nil && !hasSameHistory(r, expected) {
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
	if n := len(files); n == 0 || files[n-1].Month != r.Log.Month || files[n-1].FirstSequence > c.Sequence {
		v.report(key, "the checkpoint of commit %d does not name its own file", c.Sequence)
	}
	return nil
}
