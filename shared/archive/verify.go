package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"slices"

	"community-images/shared/catalog"
)

// Audit is what Verify found in one region.
type Audit struct {
	RegionID  string
	Commits   int       // lines that count, seals included
	Snapshots int       // referenced and sound
	Orphans   []string  // snapshot objects that nothing refers to: left by runs that died
	Findings  []Finding // what must not be
}

// Finding is one thing that breaks the storage contract.
type Finding struct {
	Key    string // the object
	Reason string
}

func (f Finding) String() string { return f.Key + ": " + f.Reason }

// Verify walks everything stored of a region and proves it: the log keeps the
// law of history over all its files, every snapshot it or the head refers to
// is there and is what its key says, every difference in the log is the
// difference of its snapshots, and the head is the replayed log. Runs may go on
// meanwhile: where that makes parts of the region disagree, what is derived is
// read again. An error means that the bucket could not be read.
func (a *Archive) Verify(ctx context.Context, region string) (*Audit, error) {
	proved := map[string]*catalog.Snapshot{}
	for n := 1; ; n++ {
		v := &verifier{Archive: a, ctx: ctx, audit: &Audit{RegionID: region}, wanted: map[string]bool{}, tolerated: map[string]bool{}, proved: proved, snapshots: map[string]*catalog.Snapshot{}, firstSeen: firstSeen{}}
		r, err := v.everything(region)
		if errors.Is(err, fs.ErrNotExist) && n < audits { // retention has removed a month that was listed
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(v.audit.Findings) == 0 || n == audits {
			return v.audit, nil
		}
		if moved, err := v.moved(r); err != nil || !moved {
			return v.audit, err
		}
	}
}

// audits is how often a region is looked at in which runs go on. From the
// second time on its snapshots have been proved, and it takes less than a run.
const audits = 5

// everything looks at all that is stored of a region, once, and returns its
// state by the log.
func (v *verifier) everything(region string) (*Region, error) {
	root, err := v.keys.Region(region)
	if err != nil {
		return nil, err
	}
	keys, err := v.bucket.List(v.ctx, root)
	if err != nil {
		return nil, fmt.Errorf("listing %q: %w", root, err)
	}
	var logs, stored []string
	for _, key := range keys {
		p, err := v.keys.Parse(key)
		switch {
		case err != nil:
			v.fault(key, "it is no object of the archive")
		case p.Kind == LogKind:
			logs = append(logs, p.Month)
		case p.Kind == SnapshotKind:
			stored = append(stored, key)
		}
	}
	slices.Sort(logs)
	r := &Region{RegionID: region}
	for i, month := range logs {
		if err := v.walk(r, month, i+1 == len(logs)); err != nil {
			return nil, err
		}
	}
	if err := v.head(r); err != nil {
		return nil, err
	}
	if err := v.verifyIndex(r, keys); err != nil {
		return nil, err
	}
	for _, key := range stored {
		if !v.wanted[key] && !v.tolerated[key] {
			v.audit.Orphans = append(v.audit.Orphans, key)
		}
	}
	return r, nil
}

// moved says whether a run has committed, or put the head, since the log and
// the head were read.
func (v *verifier) moved(r *Region) (bool, error) {
	if r.log.month == "" {
		months, err := v.months(v.ctx, r.RegionID)
		return len(months) > 0, err
	}
	now, err := v.catchUp(v.ctx, r, nil)
	var damaged *DamagedError
	if err != nil && !errors.As(err, &damaged) {
		return false, err
	}
	if err == nil && now.Sequence > r.Sequence {
		return true, nil
	}
	key, err := v.keys.Head(r.RegionID)
	if err != nil {
		return false, err
	}
	_, tag, err := v.bucket.Get(v.ctx, key, v.headTag)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("reading head %q: %w", key, err)
	}
	return tag != v.headTag, nil
}

type verifier struct {
	*Archive
	ctx       context.Context
	audit     *Audit
	wanted    map[string]bool              // keys of snapshots that something refers to
	tolerated map[string]bool              // keys of snapshots that may be there or not
	proved    map[string]*catalog.Snapshot // by this audit or the one before it
	headTag   string                       // of the head that was read; empty: there was none
	snapshots map[string]*catalog.Snapshot
	firstSeen firstSeen // by the log
	last      position  // the end of the last line that counts
	content   []int64   // the commits that changed content
	claim     int64     // how far the index goes, by the head; 0: it does not say
}

func (v *verifier) fault(key, format string, args ...any) {
	v.audit.Findings = append(v.audit.Findings, Finding{Key: key, Reason: fmt.Sprintf(format, args...)})
}

// walk reads one file of the log on top of r.
func (v *verifier) walk(r *Region, month string, last bool) error {
	t, err := v.file(v.ctx, r.RegionID, month)
	if err != nil {
		return err
	}
	if r.Sequence > 0 && r.log.sealed != month {
		v.fault(t.key, "the file before it is not sealed, or its seal names %q", r.log.sealed)
	}
	r.log = position{month: month, hash: r.log.hash, sealed: r.log.sealed}
	for n := 1; ; n++ {
		data, err := t.line()
		if err == io.EOF {
			if n == 1 && !last {
				v.fault(t.key, "it has no commit, and there is a later month")
			}
			return nil
		}
		var damaged *DamagedError
		if errors.As(err, &damaged) {
			v.fault(damaged.Key, "line %d: %s", n, damaged.Reason)
			return nil
		}
		if err != nil {
			return err
		}
		text, ended := bytes.CutSuffix(data, []byte{'\n'})
		r.log.length, r.log.torn = r.log.length+int64(len(data)), !ended
		l, sound := parseCommit(text)
		if l == nil {
			if len(text) > 0 {
				v.fault(t.key, "line %d is torn", n)
			}
			continue
		}
		counts, err := follow(r, l, sound)
		switch {
		case err != nil:
			v.fault(t.key, "line %d: %v", n, err)
			return nil
		case !counts:
			v.fault(t.key, "line %d is a second copy", n)
			continue
		}
		if err := v.commit(r, t.key, l, lineHash(text)); err != nil {
			return err
		}
	}
}

// commit proves a line that counts and applies it to r, whose place in the log
// is behind it already.
func (v *verifier) commit(r *Region, key string, l *Commit, hash string) error {
	if err := v.line(r, key, l); err != nil {
		return err
	}
	if err := v.noteFirstSeen(key, l, r.Sequence); err != nil {
		return err
	}
	after := r.replayed(l)
	r.apply(l, hash)
	v.last = r.log
	v.audit.Commits++
	if l.changesContent() {
		v.content = append(v.content, l.Sequence)
	}
	if l.Checkpoint == nil {
		return nil
	}
	return v.checkpoint(r, after, key, l)
}

// line proves what a commit says of its scopes. r is the state before it.
func (v *verifier) line(r *Region, key string, l *Commit) error {
	for _, e := range l.Ended {
		if e.Digest == "" {
			continue
		}
		scope := catalog.Scope{RegionID: r.RegionID, ClusterID: e.ClusterID, InstanceType: e.InstanceType}
		was, _ := r.Scope(scope)
		if was.Digest != e.Digest && (r.Sequence > 0 || l.Sequence == 1) {
			v.fault(key, "commit %d ends %s with %q, which had %q", l.Sequence, scope, e.Digest, was.Digest)
		}
		if _, err := v.snapshot(key, scope, e.Digest); err != nil {
			return err
		}
	}
	for _, c := range l.Changes {
		scope := catalog.Scope{RegionID: r.RegionID, ClusterID: c.ClusterID, InstanceType: c.InstanceType}
		was, _ := r.Scope(scope)
		if was.Digest != c.PreviousDigest && (r.Sequence > 0 || l.Sequence == 1) {
			v.fault(key, "commit %d replaces %q of %s, which had %q", l.Sequence, c.PreviousDigest, scope, was.Digest)
		}
		after, err := v.snapshot(key, scope, c.Digest)
		if err != nil {
			return err
		}
		if after != nil && len(after.Images) != c.ImageCount {
			v.fault(key, "commit %d counts %d images of %s, the snapshot has %d", l.Sequence, c.ImageCount, scope, len(after.Images))
		}
		if c.PreviousLost {
			v.tolerate(scope, c.PreviousDigest)
			continue
		}
		var before []*catalog.Image
		if c.PreviousDigest != "" {
			s, err := v.snapshot(key, scope, c.PreviousDigest)
			if err != nil {
				return err
			}
			if s == nil {
				continue
			}
			before = s.Images
		}
		if after != nil && !reflect.DeepEqual(catalog.Compare(before, after.Images), catalog.Diff{Added: c.Added, Changed: c.Changed, Removed: c.Removed}) {
			v.fault(key, "commit %d states another difference of %s than its snapshots have", l.Sequence, scope)
		}
	}
	return nil
}

func (v *verifier) tolerate(scope catalog.Scope, digest string) {
	if key, err := v.keys.Snapshot(scope, digest); err == nil {
		v.tolerated[key] = true
	}
}

// replayed is the state after a line with a checkpoint as its other members
// say; nil if the line has none, or nothing is known before it.
func (r *Region) replayed(l *Commit) *Region {
	if l.Checkpoint == nil || r.Sequence == 0 {
		return nil
	}
	bare, next := *l, r.clone()
	bare.Checkpoint = nil
	next.apply(&bare, "")
	return next
}

// checkpoint proves the table of the first line of a file: it is what the files
// before it come to, if there are any, and the content of every scope is there.
func (v *verifier) checkpoint(r, replayed *Region, key string, l *Commit) error {
	if replayed != nil && !r.same(replayed) {
		v.fault(key, "the checkpoint of commit %d is not the state after it", l.Sequence)
	}
	for _, s := range r.Scopes {
		if s.Digest == "" {
			continue
		}
		if _, err := v.snapshot(key, s.Scope(r.RegionID), s.Digest); err != nil {
			return err
		}
	}
	if n := len(l.Checkpoint.Files); n == 0 || l.Checkpoint.Files[n-1].FirstSequence != l.Sequence {
		v.fault(key, "the checkpoint of commit %d does not name its own file", l.Sequence)
	}
	return nil
}

// snapshot proves one object that from refers to; nil if it is not sound.
func (v *verifier) snapshot(from string, scope catalog.Scope, digest string) (*catalog.Snapshot, error) {
	key, err := v.keys.Snapshot(scope, digest)
	if err != nil {
		v.fault(from, "it refers to an impossible object: %v", err)
		return nil, nil
	}
	if v.wanted[key] {
		return v.snapshots[key], nil
	}
	v.wanted[key] = true
	s, known := v.proved[key]
	if !known {
		s, err = v.Snapshot(v.ctx, scope, digest)
	}
	var damaged *DamagedError
	switch {
	case errors.As(err, &damaged):
		v.fault(damaged.Key, "%s", damaged.Reason)
	case err != nil:
		return nil, err
	default:
		v.audit.Snapshots++
		v.proved[key] = s
	}
	v.snapshots[key] = s
	return s, nil
}
