package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"community-images/shared/catalog"
)

// beyond is more bytes than any object has.
const beyond = 1 << 40

// Archive reads the regions below one prefix of a bucket. It is safe for
// concurrent use.
type Archive struct {
	bucket Reader
	keys   Keys
	images catalog.Interner
	piece  int64 // bytes of the log that are read at a time
	line   int   // bytes that a line of the log may have
	strict bool  // a deadline counts the replaying, too
}

// New returns an archive below the keys' prefix.
func New(bucket Reader, keys Keys) *Archive {
	return &Archive{bucket: bucket, keys: keys, piece: pieceSize, line: maxLine}
}

// Now returns the state of a region after its last commit. known is a state
// that an earlier call returned, or nil: with it only what has come since is
// read. The log decides what is current, the head saves reading it and carries
// the times of the checks. ErrNoData means that there is nothing yet.
func (a *Archive) Now(ctx context.Context, region string, known *Region) (*Region, error) {
	r, err := a.current(ctx, region, known)
	if err != nil {
		return nil, err
	}
	if r.Sequence == 0 && r.headTag == "" {
		return nil, fmt.Errorf("region %q: %w", region, ErrNoData)
	}
	return r, nil
}

// current is Now for a region that may have no commit yet.
func (a *Archive) current(ctx context.Context, region string, known *Region) (*Region, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // what base has begun for a head that proves wrong
	r, begun, err := a.base(ctx, region, known)
	if err != nil {
		return nil, err
	}
	return a.grow(ctx, r, nil, begun)
}

// base is the state to start from: the head if it is new, known if the head
// has not changed, or the last month of the log if there is no usable head. Of
// a new head the reading of what the log has beyond it has begun.
func (a *Archive) base(ctx context.Context, region string, known *Region) (_ *Region, begun reading, err error) {
	key, err := a.keys.Head(region)
	if err != nil {
		return nil, nil, err
	}
	tag := ""
	if known != nil {
		tag = known.headTag
	}
	data, current, err := a.bucket.Get(ctx, key, tag)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r, err := a.withoutHead(ctx, region)
		return r, nil, err
	case err != nil:
		return nil, nil, fmt.Errorf("reading head %q: %w", key, err)
	case tag != "" && current == tag && data == nil:
		return known, nil, nil
	}
	r, err := decodeHeadWhile(region, data, func(p headLog) { begun = a.begin(ctx, region, p.Month, p.Position) })
	if err != nil || r.Sequence == 0 { // a slow writer may have put an empty head after a first commit
		rebuilt, err := a.withoutHead(ctx, region)
		if err != nil {
			return nil, nil, err
		}
		if r != nil && rebuilt.Sequence == 0 {
			rebuilt.Discovery, rebuilt.Run, rebuilt.Swept, rebuilt.Upstream = r.Discovery, r.Run, r.Swept, r.Upstream
		}
		r, begun = rebuilt, nil
	}
	r.headTag = current
	return r, begun, nil
}

// withoutHead replays the last file of the log in which a line counts.
func (a *Archive) withoutHead(ctx context.Context, region string) (*Region, error) {
	months, err := a.months(ctx, region)
	if err != nil {
		return nil, err
	}
	r := &Region{RegionID: region}
	for _, month := range slices.Backward(months) {
		r.log = position{month: month}
		t, err := a.file(ctx, region, month)
		if err != nil {
			return nil, err
		}
		if _, err := r.replay(t, nil, nil); err != nil {
			return nil, err
		}
		if r.Sequence > 0 {
			break
		}
	}
	return r, nil
}

// months lists the files of the log, oldest first.
func (a *Archive) months(ctx context.Context, region string) ([]string, error) {
	root, err := a.keys.Region(region)
	if err != nil {
		return nil, err
	}
	keys, err := a.bucket.List(ctx, root+"log/")
	if err != nil {
		return nil, fmt.Errorf("listing %q: %w", root+"log/", err)
	}
	var months []string
	for _, key := range keys {
		if p, err := a.keys.Parse(key); err == nil && p.Kind == LogKind {
			months = append(months, p.Month)
		}
	}
	slices.Sort(months)
	return months, nil
}

// catchUp returns r if the log has not grown, else the state after its end.
// seen, which may be nil, is shown the lines in between until it wants no more.
func (a *Archive) catchUp(ctx context.Context, r *Region, seen func(*Commit) bool) (*Region, error) {
	return a.grow(ctx, r, seen, nil)
}

// reading waits for what is being read.
type reading func() (*text, error)

// begin begins to read the log of a month beyond length; nil if there is none.
func (a *Archive) begin(ctx context.Context, region, month string, length int64) reading {
	key, err := a.keys.Log(region, month)
	if err != nil {
		return nil
	}
	var t *text
	done := make(chan struct{})
	go func() {
		defer close(done)
		t, err = a.tail(ctx, key, length)
	}()
	return func() (*text, error) {
		<-done
		return t, err
	}
}

// grow is catchUp; the first reading may have begun.
func (a *Archive) grow(ctx context.Context, r *Region, seen func(*Commit) bool, begun reading) (*Region, error) {
	if r.log.month == "" {
		return r, nil
	}
	grown := r
	for {
		key, err := a.keys.Log(r.RegionID, grown.log.month)
		if err != nil {
			return nil, err
		}
		if begun == nil {
			begun = func() (*text, error) { return a.tail(ctx, key, grown.log.length) }
		}
		t, err := begun()
		if begun = nil; err != nil {
			return nil, err
		}
		if !t.empty() {
			if grown == r {
				grown = r.clone()
			}
			over, err := grown.replay(t, nil, seen)
			if err != nil {
				return nil, gone(key, err)
			}
			if over {
				return grown, nil
			}
		}
		next, over, err := a.successor(ctx, grown, seen)
		if err != nil || next == nil {
			return grown, err
		}
		if grown = next; over {
			return grown, nil
		}
	}
}

// successor moves a sealed state to the beginning of the next file, nil if
// there is no seal or no next file yet. over is whether seen wants no more.
func (a *Archive) successor(ctx context.Context, r *Region, seen func(*Commit) bool) (next *Region, over bool, err error) {
	if r.log.sealed == "" {
		return nil, false, nil
	}
	if _, err := a.keys.Log(r.RegionID, r.log.sealed); err != nil {
		key, _ := a.keys.Log(r.RegionID, r.log.month) // which has been read
		return nil, false, &DamagedError{Key: key, Reason: err.Error()}
	}
	t, err := a.file(ctx, r.RegionID, r.log.sealed)
	if errors.Is(err, fs.ErrNotExist) || err == nil && t.empty() {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	next = r.clone()
	next.log.month, next.log.length, next.log.torn = r.log.sealed, 0, false
	before := next.Sequence
	if over, err = next.replay(t, nil, seen); err != nil {
		return nil, false, err
	}
	if next.Sequence == before { // nothing in it counts: the writer that comes next begins it
		return nil, false, nil
	}
	return next, over, nil
}

// At returns the state of a region as it stood at t: after the last commit
// with CommittedAt <= t. now is the present state. *TooEarlyError means that
// the history that is kept begins later.
func (a *Archive) At(ctx context.Context, now *Region, t time.Time) (*Region, error) {
	if !now.CommittedAt.After(t) {
		return now, nil
	}
	return a.past(ctx, now,
		func(f File) bool { return f.FirstCommittedAt.After(t) },
		func(l *Commit) bool { return l.CommittedAt.After(t) })
}

// AtSequence returns the state of a region after the commit with the number
// n. *FutureError means that there is no such commit yet.
func (a *Archive) AtSequence(ctx context.Context, now *Region, n int64) (*Region, error) {
	switch {
	case n > now.Sequence:
		return nil, &FutureError{Last: now.Sequence}
	case n == now.Sequence:
		return now, nil
	}
	return a.past(ctx, now,
		func(f File) bool { return f.FirstSequence > n },
		func(l *Commit) bool { return l.Sequence > n })
}

// past replays the last file that does not begin too late.
func (a *Archive) past(ctx context.Context, now *Region, lateFile func(File) bool, lateLine func(*Commit) bool) (*Region, error) {
	i := len(now.Files) - 1
	for i >= 0 && lateFile(now.Files[i]) {
		i--
	}
	if i < 0 {
		return nil, a.tooEarly(ctx, now, 0)
	}
	r := &Region{RegionID: now.RegionID}
	r.log.month = now.Files[i].Month
	var reached bool // the line after the one that is asked for
	t, err := a.file(ctx, now.RegionID, r.log.month)
	if err == nil {
		reached, err = r.replay(t, lateLine, nil)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, a.tooEarly(ctx, now, i+1)
	}
	if err != nil {
		return nil, err
	}
	if r.Sequence == 0 {
		return nil, &DamagedError{Key: t.key, Reason: "the month does not begin with its checkpoint"}
	}
	if !reached {
		if err := now.complete(i, r.Sequence, t.key); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// complete says whether the i-th file of the log has been read to its end.
func (r *Region) complete(i int, read int64, key string) error {
	last := r.Sequence
	if i+1 < len(r.Files) {
		last = r.Files[i+1].FirstSequence - 1
	}
	if read < last {
		return &DamagedError{Key: key, Reason: fmt.Sprintf("it ends with commit %d, not %d", read, last)}
	}
	return nil
}

// tooEarly names the first commit of the files from i on that are kept.
func (a *Archive) tooEarly(ctx context.Context, now *Region, i int) error {
	for ; i < len(now.Files); i++ {
		f := now.Files[i]
		key, err := a.keys.Log(now.RegionID, f.Month)
		if err != nil {
			return err
		}
		_, err = a.bucket.GetFrom(ctx, key, beyond, 1) // only whether it is there
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading log %q: %w", key, err)
		}
		return &TooEarlyError{First: f.FirstCommittedAt, FirstSequence: f.FirstSequence}
	}
	return fmt.Errorf("region %q: %w", now.RegionID, ErrNoData)
}

// Regions lists the regions that have an object below the prefix.
func (a *Archive) Regions(ctx context.Context) ([]string, error) {
	keys, err := a.bucket.List(ctx, a.keys.Root())
	if err != nil {
		return nil, fmt.Errorf("listing %q: %w", a.keys.Root(), err)
	}
	var regions []string
	for _, key := range keys {
		region, _, _ := strings.Cut(strings.TrimPrefix(key, a.keys.Root()), "/")
		if catalog.ValidateName("RegionId", region) == nil && !slices.Contains(regions, region) {
			regions = append(regions, region)
		}
	}
	return regions, nil
}
