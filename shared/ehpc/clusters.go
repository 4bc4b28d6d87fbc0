package ehpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"sync/atomic"

	"community-images/shared/catalog"
)

// Listing is what one endpoint says about clusters. It may list clusters of
// every region, whichever endpoint was asked.
type Listing struct {
	RequestID string    // of the last page
	Clusters  []Cluster // in upstream's order, each once
	Problems  []Problem // entries that could not be used, whole or in part
}

// Cluster is one entry of a listing.
type Cluster struct {
	catalog.Cluster
	Raw string // the whole entry as canonical JSON
}

// Problem is an entry, or a part of one, that had to be left out.
type Problem struct {
	ClusterID string // empty if the entry has none that can be used
	Reason    string
}

const (
	opClusters = "ListClusters"
	pageSize   = 50   // the most that upstream gives
	maxPages   = 1000 // 50,000 clusters; no account has as many
	readings   = 4    // of a listing that changes meanwhile
)

// Each makes the call for one page of a listing: it runs ask, once or until
// that succeeds, and returns nil if the last time did. It may block before. So
// a caller lets every page wait its turn, counts it, and repeats it alone.
type Each func(ctx context.Context, ask func(context.Context) error) error

// ListClusters reads every page of the listing, each through each, several at
// a time; nil: once, without a pause. A page that each gives up fails the
// listing with the error that each returned.
//
// A fleet may change between two pages; then the listing is read from the
// start, four times in all. If it never agrees with itself, that is an error
// of class Malformed: a page that repeats or is empty before the end, a
// TotalCount that moves or is not met, a cluster on two pages unless two readings
// in a row have the same ones there.
func (c *Client) ListClusters(ctx context.Context, regionID string, each Each) (Listing, error) {
	if each == nil {
		each = func(ctx context.Context, ask func(context.Context) error) error { return ask(ctx) }
	}
	read := func(ctx context.Context, number int) (p *page, err error) {
		err = each(ctx, func(ctx context.Context) (err error) {
			p, err = c.readPage(ctx, regionID, number)
			return err
		})
		return p, err
	}
	l, twice, err := c.readListing(ctx, regionID, read, nil)
	for n := 1; n < readings && errors.Is(err, errMoved); n++ {
		l, twice, err = c.readListing(ctx, regionID, read, twice)
	}
	return l, err
}

// reader reads one page.
type reader func(ctx context.Context, number int) (*page, error)

// errMoved marks a listing whose pages do not fit together.
var errMoved = errors.New("the pages do not fit together")

// page is one page of the listing.
type page struct {
	*reply
	requestID string
	number    int // as upstream says; 0: it does not
	total     int
	entries   []json.RawMessage
	raw       []byte // of the entries
}

// readListing reads the listing once. What it has on two pages it returns; the
// reading before must have had the same there, else something has moved, and as
// much may be on no page.
func (c *Client) readListing(ctx context.Context, regionID string, read reader, before map[string]bool) (l Listing, twice map[string]bool, err error) {
	twice = map[string]bool{}
	known := map[string]int{} // region and id -> page
	var last *page
	received := 0
	for number := 1; ; number++ {
		p, err := read(ctx, number)
		if err != nil {
			return Listing{}, nil, err
		}
		if why := p.misfit(number, last, received); why != "" {
			return Listing{}, nil, p.malformed(fmt.Errorf("%w: page %d %s", errMoved, number, why))
		}
		l.add(p, regionID, number, known, twice)
		last, received = p, received+len(p.entries)
		if received == p.total && len(twice) > 0 && !maps.Equal(twice, before) {
			return Listing{}, twice, p.malformed(fmt.Errorf("%w: %d clusters are on two pages", errMoved, len(twice)))
		}
		if received == p.total {
			l.RequestID = p.requestID
			return l, nil, nil
		}
		if number == 1 {
			var stop func()
			read, stop = c.readAhead(ctx, regionID, read, min(maxPages, (p.total+pageSize-1)/pageSize))
			defer stop()
		}
	}
}

// misfit says what is wrong with a page after the one before it.
func (p *page) misfit(number int, before *page, received int) string {
	switch {
	case p.number != 0 && p.number != number:
		return fmt.Sprintf("says it is page %d", p.number)
	case p.total > maxPages*pageSize || number > maxPages:
		return fmt.Sprintf("belongs to a list of %d clusters, more than are read", p.total)
	case before != nil && p.total != before.total:
		return fmt.Sprintf("has TotalCount %d, the one before %d", p.total, before.total)
	case received+len(p.entries) > p.total:
		return fmt.Sprintf("makes %d clusters of a TotalCount of %d", received+len(p.entries), p.total)
	case len(p.entries) == 0 && received < p.total:
		return fmt.Sprintf("is empty after %d of %d clusters", received, p.total)
	case before != nil && bytes.Equal(p.raw, before.raw):
		return "repeats the one before"
	}
	return ""
}

// add takes over the entries of a page. Those that were on an earlier page are
// in twice then: something moved, or upstream really lists them twice.
func (l *Listing) add(p *page, home string, number int, known map[string]int, twice map[string]bool) {
	for i, raw := range p.entries {
		cluster, skipped, err := catalog.ParseCluster(raw, home)
		if err != nil {
			l.Problems = append(l.Problems, Problem{Reason: fmt.Sprintf("entry %d of page %d: %s", i+1, number, clip(err.Error(), maxText))})
			continue
		}
		if at, there := known[cluster.String()]; there {
			if at != number {
				twice[cluster.String()] = true
			}
			continue
		}
		known[cluster.String()] = number
		for _, t := range skipped {
			l.Problems = append(l.Problems, Problem{ClusterID: cluster.ClusterID, Reason: fmt.Sprintf("instance type %q cannot be asked for", clip(t, maxShort))})
		}
		canonical, _ := catalog.Canonical(raw) // ParseCluster has read it
		l.Clusters = append(l.Clusters, Cluster{Cluster: cluster, Raw: canonical})
	}
}

// ahead is how many pages are under way at a time. Read one after another, the
// listing of a large fleet would take longer than asking about its clusters.
const ahead = 16

// readAhead begins to read the pages from the second to the last. The returned
// wait waits for one of them; stop ends what is still under way and returns
// when it has ended. No more calls are under way than there are connections:
// waiting for one would count against a page's time-out.
func (c *Client) readAhead(ctx context.Context, regionID string, read reader, last int) (wait reader, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	type result struct {
		page *page
		err  error
	}
	results := make([]chan result, last+1)
	for number := 2; number <= last; number++ {
		results[number] = make(chan result, 1)
	}
	var next atomic.Int64
	next.Store(1)
	var workers sync.WaitGroup
	for range min(ahead, last-1, c.options.MaxIdle) {
		workers.Go(func() {
			for number := int(next.Add(1)); number <= last && ctx.Err() == nil; number = int(next.Add(1)) {
				p, err := read(ctx, number)
				results[number] <- result{p, err}
			}
		})
	}
	return func(ctx context.Context, number int) (*page, error) {
		if number > last { // the pages are smaller than was asked
			return read(ctx, number)
		}
		select {
		case r := <-results[number]:
			return r.page, r.err
		case <-ctx.Done(): // then nobody may be reading that page
			return nil, &Error{Op: opClusters, RegionID: regionID, Class: Canceled, Err: ctx.Err()}
		}
	}, func() { cancel(); workers.Wait() }
}

func (c *Client) readPage(ctx context.Context, regionID string, number int) (*page, error) {
	n, size := strconv.Itoa(number), strconv.Itoa(pageSize)
	r, err := c.call(ctx, opClusters, regionID, map[string]string{"PageNumber": n, "PageSize": size})
	if err != nil {
		return nil, err
	}
	p, err := parsePage(r)
	if err != nil {
		return nil, r.malformed(err)
	}
	return p, nil
}

func parsePage(r *reply) (*page, error) {
	doc, err := object(r.Body)
	if err != nil {
		return nil, err
	}
	p := &page{reply: r, requestID: requestIDOf(doc)}
	if p.raw, err = list(doc, "Clusters", "ClusterInfoSimple"); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(p.raw, &p.entries); err != nil {
		return nil, err
	}
	if p.total, err = count(doc["TotalCount"]); err != nil {
		return nil, fmt.Errorf("TotalCount: %w", err)
	}
	if number, found := doc["PageNumber"]; found {
		if p.number, err = count(number); err != nil {
			return nil, fmt.Errorf("PageNumber: %w", err)
		}
	}
	return p, nil
}

// count reads a number that may have been written as a string.
func count(raw json.RawMessage) (int, error) {
	n, err := strconv.Atoi(string(bytes.Trim(raw, `"`)))
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a count", clip(string(raw), maxShort))
	}
	return n, nil
}
