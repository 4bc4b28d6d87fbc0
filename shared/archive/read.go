package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"community-images/shared/catalog"

	"community-images/shared/archive/commitlog"
	"community-images/shared/archive/format"
)

// Archive reads the regions below one prefix of a bucket. It is safe for
// concurrent use.
type Archive struct {
	// bucket is only read. A Writer has it again with the verbs that write.
	bucket Reader
	// keys builds the keys below the archive's prefix.
	keys Keys
	// images shares equal images between snapshots.
	images catalog.Interner
	// log reads the log.
	log *commitlog.Log
}

// New returns the archive below the keys' prefix.
func New(bucket Reader, keys Keys) *Archive {
	return &Archive{bucket: bucket, keys: keys, log: commitlog.New(bucket, keys)}
}

// Bucket returns the bucket that a reads.
func (a *Archive) Bucket() Reader { return a.bucket }

// Keys returns the keys of the objects that a reads.
func (a *Archive) Keys() Keys { return a.keys }

// Now returns the state of a region after its last commit. known is a state
// that an earlier call returned, or nil; with it Now reads only what has come
// since. The log decides what is current. The head saves reading the log and
// carries the times of the checks. ErrNoData means that there is nothing yet.
func (a *Archive) Now(ctx context.Context, region string, known *Region) (*Region, error) {
	r, err := a.loadRegion(ctx, region, known)
	if err != nil {
		return nil, err
	}
	if r.Sequence == 0 && r.headTag == "" {
		return nil, fmt.Errorf("region %q: %w", region, ErrNoData)
	}
	return r, nil
}

// loadRegion is Now for a region that may have no commit yet.
func (a *Archive) loadRegion(ctx context.Context, region string, known *Region) (*Region, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends a prefetch for a head that proves wrong
	r, tail, err := a.loadHead(ctx, region, known)
	if err != nil {
		return nil, err
	}
	return a.applyTail(ctx, r, tail)
}

// loadHead returns the state to start from: known if the head has not changed,
// else the head, or the last month of the log if no head can be used. Of a new
// head it also returns the log beyond it, which is being read; else tail is nil.
func (a *Archive) loadHead(ctx context.Context, region string, known *Region) (_ *Region, tail pendingTail, err error) {
	key, err := a.keys.Head(region)
	if err != nil {
		return nil, nil, err
	}
	// With the tag of the known head the store answers "not modified" in the usual case.
	tag := ""
	if known != nil {
		tag = known.headTag
	}
	data, current, err := a.bucket.Get(ctx, key, tag)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r, err := a.ReplayLastMonth(ctx, region)
		return r, nil, err
	case err != nil:
		return nil, nil, fmt.Errorf("reading head %q: %w", key, err)
	case tag != "" && current == tag && data == nil:
		return known, nil, nil
	}
	h, err := format.DecodeHeadEarly(region, data, func(p format.LogPosition) {
		tail = a.prefetchTail(ctx, region, p.Month, p.Length)
	})
	if err := format.CheckVersion(key, err); err != nil {
		return nil, nil, err
	}
	if err != nil || h.Sequence == 0 { // a slow writer may have put an empty head after a first commit
		rebuilt, err := a.ReplayLastMonth(ctx, region)
		if err != nil {
			return nil, nil, err
		}
		if h != nil && rebuilt.Sequence == 0 {
			rebuilt.HeadInfo = h.HeadInfo
		}
		rebuilt.headTag = current
		return rebuilt, nil, nil
	}
	return &Region{Head: *h, headTag: current}, tail, nil
}

// ReplayLastMonth returns the state at the end of the log without the head. It
// replays the last file that has a commit.
func (a *Archive) ReplayLastMonth(ctx context.Context, region string) (*Region, error) {
	months, err := a.ListMonths(ctx, region)
	if err != nil {
		return nil, err
	}
	r := &Region{Head: format.Head{RegionID: region}}
	// The last file may hold nothing but bytes of a writer that died. Then the one
	// before it ends with a seal and is the current one.
	for _, month := range slices.Backward(months) {
		r.Log = format.LogPosition{Month: month}
		lines, err := a.OpenLog(ctx, region, month)
		if err != nil {
			return nil, err
		}
		if _, err := commitlog.Replay(&r.Head, lines, nil); err != nil {
			return nil, err
		}
		if r.Sequence > 0 {
			break
		}
	}
	return r, nil
}

// ListMonths returns the months of the log, oldest first.
func (a *Archive) ListMonths(ctx context.Context, region string) ([]string, error) {
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
