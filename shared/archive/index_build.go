package archive

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"community-images/shared/catalog"
)

// indexBuilder is an index that is being made from the one before it, the
// lines of the log since, and snapshots.
type indexBuilder struct {
	*Writer
	region *Region
	old    *Index
	firsts map[string]catalog.Time // when each ImageId was first seen
	memory map[string]catalog.Time // the same, of an index that is made anew

	mu    sync.Mutex
	lists map[string][]*catalog.Image // by digest: at hand, not all of them wanted
}

// open reads the index that there is. One that is damaged, or goes beyond
// the log, is made anew.
func (d *indexBuilder) open(ctx context.Context) error {
	c, err := d.Archive.Index(ctx, d.region.RegionID)
	var damaged *DamagedError
	switch {
	case errors.As(err, &damaged):
		return nil
	case err != nil:
		return err
	}
	if c.Sequence > d.region.Sequence { // another run's, or of commits that are lost
		now, err := d.catchUp(ctx, d.region, nil)
		if err != nil {
			return err
		}
		if c.Sequence > now.Sequence {
			return nil
		}
	}
	d.old = c
	return nil
}

// derive makes the index and puts it.
func (d *indexBuilder) derive(ctx context.Context, res *Result) error {
	d.firsts = d.old.firsts()
	for _, c := range res.Checks {
		if c.State == OK && c.Snapshot != nil {
			d.lists[c.Snapshot.Digest] = c.Snapshot.Images
		}
	}
	if err := d.follow(ctx, res.Commit); err != nil {
		return err
	}
	d.remember()
	if err := d.collect(ctx); err != nil {
		return err
	}
	data, err := d.assemble().encode()
	if err != nil {
		return err
	}
	key, err := d.keys.Index(d.region.RegionID)
	if err != nil {
		return err
	}
	return d.bucket.Put(ctx, key, data)
}

// remember takes over what an earlier index knows of times before the log.
func (d *indexBuilder) remember() {
	for id, at := range d.memory {
		if first, known := d.firsts[id]; !known || at.Before(first.Time) {
			d.firsts[id] = at
		}
	}
}

// follow learns from the log which ids have come since the old index.
func (d *indexBuilder) follow(ctx context.Context, last *Commit) error {
	if last != nil && last.Sequence == d.old.Sequence+1 {
		return d.line(ctx, last)
	}
	for l, err := range d.Commits(ctx, d.region, d.old.Sequence+1) {
		if err != nil {
			return err
		}
		if l.Sequence > d.old.Sequence+1 && len(d.firsts) == 0 && l.Checkpoint != nil { // what was there before what is kept
			if err := d.base(ctx, l); err != nil {
				return err
			}
		}
		if err := d.line(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

func (d *indexBuilder) saw(id string, at catalog.Time) {
	if _, known := d.firsts[id]; !known {
		d.firsts[id] = at
	}
}

func (d *indexBuilder) line(ctx context.Context, l *Commit) error {
	for _, c := range l.Changes {
		for _, id := range c.Added {
			d.saw(id, l.CommittedAt)
		}
		if !c.PreviousLost {
			continue
		}
		images, err := d.list(ctx, ScopeState{ClusterID: c.ClusterID, InstanceType: c.InstanceType, Digest: c.Digest})
		if err != nil {
			return err
		}
		for _, im := range images {
			d.saw(im.ImageID, l.CommittedAt)
		}
	}
	return nil
}

// base takes the ids of the scopes of a checkpoint, and of those that ended in
// its commit.
func (d *indexBuilder) base(ctx context.Context, l *Commit) error {
	for _, s := range l.before() {
		if s.Digest == "" {
			continue
		}
		images, err := d.list(ctx, s)
		if err != nil {
			return err
		}
		for _, im := range images {
			d.saw(im.ImageID, l.CommittedAt)
		}
	}
	return nil
}

// list returns the content of a scope, from wherever it is at hand.
func (d *indexBuilder) list(ctx context.Context, s ScopeState) ([]*catalog.Image, error) {
	d.mu.Lock()
	images, ok := d.lists[s.Digest]
	d.mu.Unlock()
	if ok {
		return images, nil
	}
	if images, ok = d.old.List(s.Digest); !ok {
		snapshot, err := d.Snapshot(ctx, s.Scope(d.region.RegionID), s.Digest)
		if err != nil {
			return nil, err
		}
		images = snapshot.Images
	}
	d.mu.Lock()
	d.lists[s.Digest] = images
	d.mu.Unlock()
	return images, nil
}

// collect brings the lists of all scopes to hand.
func (d *indexBuilder) collect(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxPuts)
	for _, s := range d.region.Scopes {
		if s.Digest != "" {
			group.Go(func() error {
				_, err := d.list(ctx, s)
				return err
			})
		}
	}
	return group.Wait()
}

// assemble puts the lists of the region's scopes together.
func (d *indexBuilder) assemble() *Index {
	c := &Index{RegionID: d.region.RegionID, Sequence: d.region.Sequence, CommittedAt: d.region.CommittedAt, Lists: map[string][]int32{}, Gone: d.firsts}
	wanted := map[string][]*catalog.Image{}
	places := map[*catalog.Image]int32{} // in the end; equal images may stand at several addresses
	for _, s := range d.region.Scopes {
		wanted[s.Digest] = d.lists[s.Digest]
		for _, im := range d.lists[s.Digest] {
			places[im] = 0
		}
	}
	delete(wanted, "")
	all := make([]*catalog.Image, 0, len(places))
	for im := range places {
		all = append(all, im)
	}
	slices.SortFunc(all, func(a, b *catalog.Image) int {
		return cmp.Or(strings.Compare(a.ImageID, b.ImageID), strings.Compare(a.Raw, b.Raw))
	})
	for _, im := range all {
		if n := len(c.Images); n == 0 || c.Images[n-1].Raw != im.Raw {
			c.Images = append(c.Images, im)
			c.FirstSeen = append(c.FirstSeen, d.firsts[im.ImageID])
		}
		places[im] = int32(len(c.Images) - 1)
	}
	for _, im := range c.Images {
		delete(c.Gone, im.ImageID)
	}
	for digest, images := range wanted {
		list := make([]int32, len(images))
		for i, im := range images {
			list[i] = places[im]
		}
		c.Lists[digest] = list
	}
	return c
}
