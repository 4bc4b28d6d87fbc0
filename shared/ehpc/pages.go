package ehpc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
)

// page is one page of ListClusters.
type page struct {
	*reply
	number  int               // as E-HPC states it; 0 if it does not
	total   int               // TotalCount: entries of all pages
	hasNext bool              // it has a NextToken; undocumented
	entries []json.RawMessage // not parsed yet
	raw     []byte            // the array of the entries
}

// pageReader reads the page with a number, counted from 1.
type pageReader func(ctx context.Context, number int) (*page, error)

// checkSequence returns what is wrong with a page after the one before it, or "".
// before is nil for the first page. received is the number of entries before the page.
func (p *page) checkSequence(number int, before *page, received int) string {
	switch {
	case p.number != 0 && p.number != number:
		return fmt.Sprintf("says it is page %d", p.number)
	case p.total > maxPages*pageSize || number > maxPages:
		return fmt.Sprintf("belongs to a list of %d clusters, more than are read", p.total)
	case before != nil && p.total != before.total:
		return fmt.Sprintf("has TotalCount %d, the one before %d", p.total, before.total)
	case received+len(p.entries) > p.total:
		return fmt.Sprintf("makes %d clusters of a TotalCount of %d", received+len(p.entries), p.total)
	case p.hasNext && received+len(p.entries) == p.total:
		return fmt.Sprintf("is the last of a TotalCount of %d and has a NextToken", p.total)
	case len(p.entries) == 0 && received < p.total:
		return fmt.Sprintf("is empty after %d of %d clusters", received, p.total)
	case before != nil && bytes.Equal(p.raw, before.raw):
		return "repeats the one before"
	}
	return ""
}

// maxPrefetch is the number of pages that are read at a time. Read one after
// another, the listing of a large fleet takes longer than asking about its clusters.
const maxPrefetch = 16

// prefetchPages starts to read the pages from the second to the last. The returned
// wait returns one of them once it has arrived. stop cancels what is still being read
// and returns when that has ended. No more calls are made at a time than there are
// connections: waiting for a connection would count against a call's time-out.
func (c *Client) prefetchPages(
	ctx context.Context, regionID string, read pageReader, last int,
) (wait pageReader, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	type result struct {
		page *page
		err  error
	}
	// results has a channel for each page, by its number. They have room for one result,
	// so that no worker waits for a reader that gave up.
	results := make([]chan result, last+1)
	for number := 2; number <= last; number++ {
		results[number] = make(chan result, 1)
	}
	// next is the last page that a worker took. Page 1 has been read already: only it
	// says how many there are.
	var next atomic.Int64
	next.Store(1)
	var workers sync.WaitGroup
	for range min(maxPrefetch, last-1, c.options.MaxIdle) {
		workers.Go(func() {
			for number := int(next.Add(1)); number <= last && ctx.Err() == nil; number = int(next.Add(1)) {
				p, err := read(ctx, number)
				results[number] <- result{p, err}
			}
		})
	}
	wait = func(ctx context.Context, number int) (*page, error) {
		if number > last { // the pages have fewer entries than requested
			return read(ctx, number)
		}
		select {
		case r := <-results[number]:
			return r.page, r.err
		case <-ctx.Done(): // no worker may be reading that page any more
			return nil, &Error{Op: listClustersAction, RegionID: regionID, Class: Canceled, Err: ctx.Err()}
		}
	}
	return wait, func() { cancel(); workers.Wait() }
}

// readPage makes the call for one page.
func (c *Client) readPage(ctx context.Context, regionID string, number int) (*page, error) {
	r, err := c.call(ctx, listClustersAction, regionID, map[string]string{
		"PageNumber": strconv.Itoa(number), "PageSize": strconv.Itoa(pageSize),
	})
	if err != nil {
		return nil, err
	}
	p, err := parsePage(r)
	if err != nil {
		return nil, r.newMalformedError(err)
	}
	return p, nil
}

// parsePage reads the body of an answer. It does not parse the entries.
func parsePage(r *reply) (*page, error) {
	doc, err := parseAnswer(r.Body)
	if err != nil {
		return nil, err
	}
	p := &page{reply: r}
	if p.raw, err = findArray(doc, "Clusters", "ClusterInfoSimple"); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(p.raw, &p.entries); err != nil {
		return nil, err
	}
	if p.total, err = parseCount(doc["TotalCount"]); err != nil {
		return nil, fmt.Errorf("TotalCount: %w", err)
	}
	p.hasNext = hasText(doc["NextToken"])
	if number, found := doc["PageNumber"]; found {
		if p.number, err = parseCount(number); err != nil {
			return nil, fmt.Errorf("PageNumber: %w", err)
		}
	}
	return p, nil
}

// parseCount reads a number that is not negative, written as a number or a string.
func parseCount(raw json.RawMessage) (int, error) {
	n, err := strconv.Atoi(string(bytes.Trim(raw, `"`)))
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a count", clipText(string(raw), maxShort))
	}
	return n, nil
}
