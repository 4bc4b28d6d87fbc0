package query

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"golang.org/x/sync/singleflight"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// deed is a commit with the clusters that it concerns, "" being none.
type deed struct {
	sequence int64
	at       catalog.Time
	clusters []string
}

func (d *deed) concerns(g access.Grant) bool { return slices.ContainsFunc(d.clusters, g.Cluster) }

// errNoDeed says that no commit that is kept concerns a grant.
var errNoDeed = errors.New("no commit concerns the grant")

// ledger says which commits of a region concern whom. It reads the log month
// by month, from the last one back, and no further than it must.
type ledger struct {
	source Source
	flight singleflight.Group

	mu       sync.Mutex
	names    map[string]string  // each name once in memory
	chapters map[int64]*chapter // by the number of the first commit
	tip      *archive.Region    // after the last commit that has been read; nil: none
}

// chapter is a month of the ledger, up to a commit. It is not changed.
type chapter struct {
	deeds   []deed // empty: retention has removed the month
	stood   deed   // the first commit with what its checkpoint holds
	through int64  // the commit up to which nothing more is to be had
}

// last returns the last commit up to a number that concerns a grant. If what
// is kept of the log begins later than that commit, it is the first one that
// is kept, which says how everything stood.
func (l *ledger) last(ctx context.Context, now *archive.Region, upTo int64, g access.Grant) (deed, error) {
	var earliest *chapter
	for i := len(now.Files) - 1; i >= 0; i-- {
		if now.Files[i].FirstSequence > upTo {
			continue
		}
		c, err := l.chapter(ctx, now, i)
		if err != nil {
			return deed{}, err
		}
		if len(c.deeds) == 0 {
			break
		}
		earliest = c
		for _, d := range slices.Backward(c.deeds) {
			if d.sequence <= upTo && d.concerns(g) {
				return d, nil
			}
		}
	}
	if earliest != nil && earliest.stood.concerns(g) {
		return earliest.stood, nil
	}
	return deed{}, errNoDeed
}

// tooEarly is the error about a time before the first commit that is kept and
// concerns a grant.
func (l *ledger) tooEarly(ctx context.Context, now *archive.Region, g access.Grant) error {
	begun := false
	for i := range now.Files {
		c, err := l.chapter(ctx, now, i)
		if err != nil {
			return err
		}
		deeds := c.deeds
		if !begun && len(deeds) > 0 {
			begun, deeds = true, slices.Concat([]deed{c.stood}, deeds)
		}
		for _, d := range deeds {
			if d.concerns(g) {
				return &archive.TooEarlyError{First: d.at, FirstSequence: d.sequence}
			}
		}
	}
	return fmt.Errorf("region %q: %w", now.RegionID, archive.ErrNoData)
}

// chapter returns the i-th month up to the present.
func (l *ledger) chapter(ctx context.Context, now *archive.Region, i int) (*chapter, error) {
	first, end := now.Files[i].FirstSequence, now.Sequence
	if i+1 < len(now.Files) {
		end = now.Files[i+1].FirstSequence - 1
	}
	known := l.known(first)
	if known != nil && known.through >= end {
		return known, nil
	}
	done := l.flight.DoChan(fmt.Sprint(first, "-", end), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		return l.read(ctx, now, first, end)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case result := <-done:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*chapter), nil
	}
}

func (l *ledger) known(first int64) *chapter {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.chapters[first]
}

// read goes on with the month that begins with the commit first, up to end.
func (l *ledger) read(ctx context.Context, now *archive.Region, first, end int64) (*chapter, error) {
	c := chapter{through: first - 1}
	if known := l.known(first); known != nil {
		c = chapter{slices.Clip(known.deeds), known.stood, known.through}
	}
	for line, err := range l.lines(ctx, now, c.through+1) {
		if err != nil {
			return nil, wrapStore(now.RegionID, err)
		}
		if line.Sequence > end {
			break
		}
		if line.Sequence == first {
			c.stood = l.sum(line, true)
		}
		c.deeds = append(c.deeds, l.sum(line, false))
		if line.Sequence == end {
			break // else the next month is read for nothing
		}
	}
	c.through = end // what is missing before is gone for good
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.chapters[first]; known == nil || known.through < end {
		l.chapters[first] = &c
	}
	if end == now.Sequence && (l.tip == nil || l.tip.Sequence < end) {
		l.tip = now
	}
	return &c, nil
}

// lines are the commits from a number on. Those right behind the tip are read
// without the month that they are in.
func (l *ledger) lines(ctx context.Context, now *archive.Region, from int64) iter.Seq2[*archive.Commit, error] {
	l.mu.Lock()
	tip := l.tip
	l.mu.Unlock()
	if tip == nil || tip.Sequence != from-1 {
		return l.source.Commits(ctx, now, from)
	}
	return func(yield func(*archive.Commit, error) bool) {
		last := from - 1
		for line, err := range l.source.CommitsSince(ctx, tip) {
			if err != nil {
				break
			}
			if last = line.Sequence; !yield(line, nil) {
				return
			}
		}
		if last >= now.Sequence {
			return
		}
		l.mu.Lock() // retention may have removed the month of the tip
		l.tip = nil
		l.mu.Unlock()
		l.source.Commits(ctx, now, last+1)(yield)
	}
}

func newLedger(source Source) *ledger {
	return &ledger{source: source, names: map[string]string{}, chapters: map[int64]*chapter{}}
}

// sum sums up a line of the log; first, with what its checkpoint holds.
func (l *ledger) sum(line *archive.Commit, first bool) deed {
	clusters := concerned(line)
	if first {
		clusters = standing(line)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, name := range clusters {
		if known, ok := l.names[name]; ok {
			clusters[i] = known
		} else {
			l.names[name] = name
		}
	}
	return deed{line.Sequence, line.CommittedAt, clusters}
}

// concerned lists the clusters that a commit is about, each once.
func concerned(line *archive.Commit) []string {
	var names []string
	add := func(name string) {
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	for _, ref := range line.Appeared {
		add(ref.ClusterID)
	}
	for _, c := range line.Changes {
		add(c.ClusterID)
	}
	for _, c := range line.Clusters {
		add(c.ClusterID)
	}
	for _, ref := range line.Ended {
		add(ref.ClusterID)
	}
	for _, s := range line.States {
		add(s.ClusterID)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// standing lists the clusters in the checkpoint of a line that has earlier
// ones before it, and those that it is about.
func standing(line *archive.Commit) []string {
	names := concerned(line)
	if line.Checkpoint == nil || line.Sequence == 1 {
		return names
	}
	for _, sc := range line.Checkpoint.Scopes {
		names = append(names, sc.ClusterID)
	}
	for _, c := range line.Checkpoint.Clusters {
		names = append(names, c.ClusterID)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
