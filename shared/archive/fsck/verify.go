package fsck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"community-images/shared/archive"
	"community-images/shared/catalog"

	"community-images/shared/archive/format"
)

// maxAudits is how often Verify reads a region in which runs go on. From the second
// time on its snapshots have been verified, and it takes less than a run.
const maxAudits = 5

// Verify reads everything that is stored of a region and checks it. The log keeps
// its rules over all files (see format.Head.CheckNext). Each snapshot to which the log or the
// head refers is there and is what its key says. Each difference in the log is that
// of its snapshots. The head is the state at the end of the log. Runs may go on
// meanwhile: where they make parts of the region disagree, Verify reads it again. An
// error means that the bucket could not be read.
func Verify(ctx context.Context, a *archive.Archive, region string) (*Audit, error) {
	proved := map[string]*catalog.Snapshot{}
	for n := 1; ; n++ {
		v := newVerifier(ctx, a, region, proved)
		r, err := v.verifyRegion()
		if errors.Is(err, fs.ErrNotExist) && n < maxAudits { // retention has removed a month that was listed
			continue
		}
		var format *format.VersionError
		if errors.As(err, &format) { // then nothing else can be said
			finding := Finding{Key: format.Key, Reason: "it " + format.Reason()}
			return &Audit{RegionID: region, Findings: []Finding{finding}}, nil
		}
		if err != nil {
			return nil, err
		}
		if len(v.audit.Findings) == 0 || n == maxAudits {
			return v.audit, nil
		}
		if moved, err := v.hasMoved(r); err != nil || !moved {
			return v.audit, err
		}
	}
}

// verifier is one reading of one region.
type verifier struct {
	*archive.Archive
	// bucket is that of the archive.
	bucket archive.Reader
	// keys are those of the archive.
	keys archive.Keys
	// ctx bounds the whole reading.
	ctx context.Context
	// audit is the result so far.
	audit *Audit
	// wanted has the keys of snapshots to which something refers.
	wanted map[string]bool
	// tolerated has the keys of snapshots that may be there or not.
	tolerated map[string]bool
	// proved has the snapshots that this reading or an earlier one has verified,
	// by key.
	proved map[string]*catalog.Snapshot
	// snapshots has the wanted snapshots that were read, by key. A damaged one is
	// nil.
	snapshots map[string]*catalog.Snapshot

	// headTag is the entity tag of the head. It is empty if there was no head.
	headTag string
	// indexClaim is how far the index goes according to the head. It is 0 if the
	// head does not say.
	indexClaim int64
	// indexImages describes the images of the index according to the head. It is zero if
	// the head does not say.
	indexImages format.IndexImages

	// loggedFacts is what the log has said so far.
	loggedFacts
}

// loggedFacts is what a reading of the log has learned beside the state at its end.
type loggedFacts struct {
	// dates are those of each image.
	dates format.DatesByID
	// kept is where the log begins.
	kept format.KeptSince
	// lines has the hashes of the lines of the log that are commits.
	lines map[string]bool
	// logEnd is the position after the last commit.
	logEnd format.LogPosition
	// monthCheck compares the index of the month that is being read.
	monthCheck *monthCheck
	// unindexed has the months whose indexes are missing or end early.
	unindexed []*monthCheck
	// contentCommits has the numbers of the commits that change content.
	contentCommits []int64
}

// newVerifier returns a verifier for one reading. proved is shared between the
// readings of one audit, so that later ones need not read snapshots again.
func newVerifier(
	ctx context.Context, a *archive.Archive, region string, proved map[string]*catalog.Snapshot,
) *verifier {
	return &verifier{
		Archive: a, bucket: a.Bucket(), keys: a.Keys(), ctx: ctx, audit: &Audit{RegionID: region},
		wanted: map[string]bool{}, tolerated: map[string]bool{},
		proved: proved, snapshots: map[string]*catalog.Snapshot{},
		loggedFacts: loggedFacts{dates: format.DatesByID{}, lines: map[string]bool{}},
	}
}

// verifyRegion checks everything and returns the state at the end of the log.
func (v *verifier) verifyRegion() (*format.Head, error) {
	root, err := v.keys.Region(v.audit.RegionID)
	if err != nil {
		return nil, err
	}
	keys, err := v.bucket.List(v.ctx, root)
	if err != nil {
		return nil, fmt.Errorf("listing %q: %w", root, err)
	}
	// The log comes first: it says what the head, the index and the snapshots must be.
	months, snapshots := v.sortKeys(keys)
	r := &format.Head{RegionID: v.audit.RegionID}
	for i, month := range months {
		if err := v.verifyMonth(r, month, i+1 == len(months)); err != nil {
			return nil, err
		}
	}
	if len(months) > 0 {
		if err := v.verifyType(months[len(months)-1]); err != nil {
			return nil, err
		}
	}
	if err := v.verifyHead(r); err != nil {
		return nil, err
	}
	if err := v.verifyIndex(r, keys); err != nil {
		return nil, err
	}
	// By now everything that refers to a snapshot has been read.
	for _, key := range snapshots {
		if !v.wanted[key] && !v.tolerated[key] {
			v.audit.Orphans = append(v.audit.Orphans, key)
		}
	}
	return r, nil
}

// sortKeys returns the months of the log, oldest first, and the keys of snapshots.
// It reports keys that are not the archive's.
func (v *verifier) sortKeys(keys []string) (months, snapshots []string) {
	var indexed []string // months that have an index
	for _, key := range keys {
		p, err := v.keys.Parse(key)
		switch {
		case err != nil:
			v.report(key, "it is not an object of the archive")
		case p.Kind == archive.LogKind:
			months = append(months, p.Month)
		case p.Kind == archive.LogCopyKind:
			v.report(key, "a repair of the log has not finished: -repair goes on with it")
		case p.Kind == archive.SnapshotKind:
			snapshots = append(snapshots, key)
		case p.Kind == archive.MonthIndexKind:
			indexed = append(indexed, p.Month)
		}
	}
	slices.Sort(months)
	v.reportIndexesWithoutLog(months, indexed)
	return months, snapshots
}

// verifyType checks that runs can append to the last file of the log. The files before
// it may be of any type, because nothing is appended to them.
func (v *verifier) verifyType(month string) error {
	key, err := v.keys.Log(v.audit.RegionID, month)
	if err != nil {
		return err
	}
	appendable, err := v.bucket.IsAppendable(v.ctx, key)
	if err == nil && !appendable {
		v.report(key, "it is not an appendable object, so no run can commit: stop all runs, then -repair rewrites it")
	}
	return err
}

// hasMoved reports whether a run has committed, or put the head, since log and head
// were read.
func (v *verifier) hasMoved(r *format.Head) (bool, error) {
	// Without a log there is nothing to refresh: a first commit shows as a new file.
	if r.Log.Month == "" {
		months, err := v.ListMonths(v.ctx, r.RegionID)
		return len(months) > 0, err
	}
	now, err := v.Refresh(v.ctx, &archive.Region{Head: *r})
	var damaged *format.DamagedError
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

// verifySnapshot verifies one snapshot to which the object from refers. It returns
// nil if the snapshot is missing or damaged.
func (v *verifier) verifySnapshot(from string, scope catalog.Scope, digest string) (*catalog.Snapshot, error) {
	key, err := v.keys.Snapshot(scope, digest)
	if err != nil {
		v.report(from, "it refers to an impossible object: %v", err)
		return nil, nil
	}
	if v.wanted[key] {
		return v.snapshots[key], nil
	}
	// Many commits refer to one snapshot. It is read once, and reported once.
	v.wanted[key] = true
	s, known := v.proved[key]
	if !known {
		s, err = v.Snapshot(v.ctx, scope, digest)
	}
	var damaged *format.DamagedError
	switch {
	case errors.As(err, &damaged):
		v.report(damaged.Key, "%s", damaged.Reason)
	case err != nil:
		return nil, err
	default:
		v.audit.Snapshots++
		v.proved[key] = s
	}
	v.snapshots[key] = s
	return s, nil
}
