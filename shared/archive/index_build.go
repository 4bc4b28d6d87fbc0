package archive

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"community-images/shared/catalog"

	"community-images/shared/archive/format"
)

// indexBuilder makes the index of a region from an older index, the commits
// since, and snapshots.
type indexBuilder struct {
	*Writer
	// region is the state that is to be indexed.
	region *Region
	// old is the index to start from. It is empty if there is none. Commits up to
	// its Sequence need not be read.
	old *format.Index
	// dates is what is known so far.
	dates format.DatesByID
	// kept is where the log begins, as far as it was read.
	kept format.KeptSince

	// remembered has the dates of an index that is replaced as a whole. It may know more
	// than the log.
	remembered format.DatesByID
	// rememberedUpTo is the commit up to which that index goes.
	rememberedUpTo int64
	// mu is held while images is read or written.
	mu sync.Mutex
	// images has the lists that are at hand, by digest. mu guards it.
	images map[string][]*catalog.Image
}

// newIndexBuilder returns a builder of the index of r that knows no older index.
func (w *Writer) newIndexBuilder(r *Region) *indexBuilder {
	return &indexBuilder{
		Writer: w, region: r, old: &format.Index{}, dates: format.DatesByID{}, images: map[string][]*catalog.Image{},
	}
}

// loadOld reads the stored index to start from it. An index that is damaged, or
// goes beyond the log, is not used: it is built anew.
func (b *indexBuilder) loadOld(ctx context.Context) error {
	old, err := b.Archive.Index(ctx, b.region.RegionID)
	var damaged *format.DamagedError
	switch {
	case errors.As(err, &damaged):
		return nil
	case err != nil:
		return err
	}
	if old.Sequence > b.region.Sequence { // another run has put it, or commits have been lost
		now, err := b.Refresh(ctx, b.region)
		if err != nil {
			return err
		}
		if old.Sequence > now.Sequence {
			return nil
		}
	}
	b.old, b.dates = old, old.AllDates()
	return nil
}

// build makes the index, puts it and describes its images. res is the result of the run
// that needs it: its commit and its snapshots need not be read again. res may be empty.
func (b *indexBuilder) build(ctx context.Context, res *Result) (images format.IndexImages, err error) {
	// The run has its new contents in memory.
	for _, c := range res.Checks {
		if c.State == format.StateOK && c.Snapshot != nil {
			b.images[c.Snapshot.Digest] = c.Snapshot.Images
		}
	}
	if err := b.addCommits(ctx, res.Commit); err != nil {
		return images, err
	}
	b.kept.MergeAll(b.dates, b.remembered)
	if b.kept.Sequence > max(b.old.Sequence, b.rememberedUpTo)+1 {
		b.kept.ForgetBefore(b.dates)
	}
	if err := b.loadImages(ctx, b.region.Scopes()); err != nil {
		return images, err
	}
	x := format.NewIndex(&b.region.Head, b.images, b.dates)
	data, err := x.Encode()
	if err != nil {
		return images, err
	}
	key, err := b.keys.Index(b.region.RegionID)
	if err != nil {
		return images, err
	}
	return x.Describe(), b.bucket.Put(ctx, key, data)
}

// addCommits learns the dates of images from the commits since the old index. last is
// the commit of the run, nil if it made none.
func (b *indexBuilder) addCommits(ctx context.Context, last *format.Commit) error {
	// The common case needs no read: the index is one commit behind, and the run
	// has made that commit.
	load := func(scopes []format.ScopeState) ([][]string, error) { return b.loadImageIDs(ctx, scopes) }
	previous := b.old.Sequence
	if last != nil && last.Sequence == previous+1 {
		return b.dates.AddCommit(last, previous, load)
	}
	// The index is further behind, or there is none: the log says what it lacks.
	for c, err := range b.Commits(ctx, b.region, previous+1) {
		if err != nil {
			return err
		}
		if b.kept.Sequence == 0 {
			b.kept = format.KeptSince{Sequence: c.Sequence, At: c.CommittedAt}
		}
		if err := b.dates.AddCommit(c, previous, load); err != nil {
			return err
		}
		previous = c.Sequence
	}
	return nil
}

// loadImageIDs is a format.LoadImageIDs.
func (b *indexBuilder) loadImageIDs(ctx context.Context, scopes []format.ScopeState) ([][]string, error) {
	if err := b.loadImages(ctx, scopes); err != nil {
		return nil, err
	}
	ids := make([][]string, len(scopes))
	for i, s := range scopes {
		ids[i] = format.ImageIDs(b.images[s.Digest])
	}
	return ids, nil
}

// loadImages brings the lists of scopes to hand, several at a time.
func (b *indexBuilder) loadImages(ctx context.Context, scopes []format.ScopeState) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	for _, s := range scopes {
		if s.Digest != "" {
			group.Go(func() error { return b.loadList(ctx, s) })
		}
	}
	return group.Wait()
}

// loadList brings the list of a scope to hand: from the old index if that has
// it, else from the snapshot.
func (b *indexBuilder) loadList(ctx context.Context, s format.ScopeState) error {
	b.mu.Lock()
	_, ok := b.images[s.Digest]
	b.mu.Unlock()
	if ok {
		return nil
	}
	// mu is not held while a snapshot is read. Two scopes with one content may both read
	// it, which only costs a request.
	images, ok := b.old.List(s.Digest)
	if !ok {
		snapshot, err := b.Snapshot(ctx, s.Scope(b.region.RegionID), s.Digest)
		if err != nil {
			return err
		}
		images = snapshot.Images
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.images[s.Digest] = images
	return nil
}

// RebuildIndex builds the index of r from the whole log, puts it and describes its images.
// indexErr says why that failed; err says that the bucket could not be read.
func (w *Writer) RebuildIndex(ctx context.Context, r *Region) (images format.IndexImages, indexErr, err error) {
	b := w.newIndexBuilder(r)
	var damaged *format.DamagedError
	switch old, err := w.Index(ctx, r.RegionID); {
	case err == nil && old.Sequence <= r.Sequence:
		b.remembered, b.rememberedUpTo = old.AllDates(), old.Sequence
	case err != nil && !errors.As(err, &damaged):
		return images, nil, err
	}
	images, indexErr = b.build(ctx, &Result{Region: r})
	return images, indexErr, nil
}
