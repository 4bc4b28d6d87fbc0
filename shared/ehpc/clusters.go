package ehpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"community-images/shared/catalog"
)

// Cluster is one entry of a listing.
type Cluster struct {
	catalog.Cluster // empty if no cluster can be made of the entry
	// Raw is the whole entry as canonical JSON. It is nil if Cluster is empty.
	Raw json.RawMessage
	// Problem says what of the entry cannot be used: some instance types of the
	// cluster, or all of it. It is empty if everything can.
	Problem string
}

const (
	listClustersAction = "ListClusters" // the name of the API operation

	pageSize    = 50   // entries of a page; E-HPC returns no more
	maxPages    = 1000 // a listing of more than 50,000 clusters is an error
	maxReadings = 4    // of a listing that changes while it is read
)

// CallRunner makes one API call by running it once or several times, and returns
// nil if the last time succeeded. It may wait before each. With it a caller limits
// the rate of calls, counts them, and retries each alone. It is safe for concurrent
// use.
type CallRunner func(ctx context.Context, call func(context.Context) error) error

// ListClusters reads every page of the listing, several at a time. It returns the
// entries in the order of E-HPC, each cluster once. An endpoint may list clusters of
// every region. run makes the call for each page; nil makes it once. If run returns
// an error, ListClusters returns that error.
//
// The fleet may change between two pages. Then ListClusters reads the listing again
// from the start, up to four times in all. It returns an error of class Malformed if
// the listing never agrees with itself: a page is repeated, or is empty before the
// end, TotalCount changes or is exceeded, or a cluster is on two pages. The last is
// accepted if two readings in a row have the same clusters on two pages.
func (c *Client) ListClusters(ctx context.Context, regionID string, run CallRunner) ([]Cluster, error) {
	if run == nil {
		run = func(ctx context.Context, call func(context.Context) error) error { return call(ctx) }
	}
	read := func(ctx context.Context, number int) (p *page, err error) {
		err = run(ctx, func(ctx context.Context) (err error) {
			p, err = c.readPage(ctx, regionID, number)
			return err
		})
		return p, err
	}
	var duplicates map[string]bool // of the last reading; nil before the first
	for n := 1; ; n++ {
		l := newListing(regionID)
		err := c.readListing(ctx, l, read, duplicates)
		if err == nil {
			return l.clusters, nil
		}
		if n == maxReadings || !errors.Is(err, errInconsistent) {
			return nil, err
		}
		duplicates = l.duplicates
	}
}

// listing collects the entries of the pages of one reading.
type listing struct {
	regionID   string          // whose endpoint is asked; also the region of entries without one
	clusters   []Cluster       // in the order of the pages
	pageOf     map[string]int  // by region and id of a cluster
	duplicates map[string]bool // clusters that are on more than one page
	received   int             // entries so far
}

// newListing returns an empty listing of one region's endpoint.
func newListing(regionID string) *listing {
	return &listing{regionID: regionID, pageOf: map[string]int{}, duplicates: map[string]bool{}}
}

// errInconsistent marks a listing whose pages contradict each other.
var errInconsistent = errors.New("the pages do not fit together")

// readListing reads all pages into an empty listing. expectedDuplicates are the
// clusters that the reading before had on two pages. If this one has others, an
// entry moved between pages meanwhile, and another may be on no page.
func (c *Client) readListing(
	ctx context.Context, l *listing, read pageReader, expectedDuplicates map[string]bool,
) error {
	var last *page
	for number := 1; ; number++ {
		p, err := read(ctx, number)
		if err != nil {
			return err
		}
		if problem := p.checkSequence(number, last, l.received); problem != "" {
			l.duplicates = nil // of a part of the listing: the next reading must not rely on them
			return p.newMalformedError(fmt.Errorf("%w: page %d %s", errInconsistent, number, problem))
		}
		l.addPage(p, number)
		last = p
		if l.received == p.total {
			if len(l.duplicates) > 0 && !maps.Equal(l.duplicates, expectedDuplicates) {
				return p.newMalformedError(fmt.Errorf("%w: %d clusters are on two pages", errInconsistent,
					len(l.duplicates)))
			}
			return nil
		}
		// The first page says how many there are. From here on read returns pages that
		// are already being fetched.
		if number == 1 {
			var stop func()
			read, stop = c.prefetchPages(ctx, l.regionID, read, min(maxPages, (p.total+pageSize-1)/pageSize))
			defer stop()
		}
	}
}

// addPage adds the entries of a page. A cluster that was on an earlier page is added
// to the duplicates: an entry moved meanwhile, or E-HPC really lists it twice.
func (l *listing) addPage(p *page, number int) {
	l.received += len(p.entries)
	for i, raw := range p.entries {
		cluster, unusableTypes, err := catalog.ParseCluster(raw, l.regionID)
		if err != nil {
			problem := fmt.Sprintf("entry %d of page %d: %s", i+1, number, clipText(err.Error(), maxText))
			l.clusters = append(l.clusters, Cluster{Problem: problem})
			continue
		}
		if earlier, known := l.pageOf[cluster.String()]; known {
			if earlier != number {
				l.duplicates[cluster.String()] = true
			}
			continue
		}
		l.pageOf[cluster.String()] = number
		canonical, _ := catalog.Canonical(raw) // no error: ParseCluster has read it
		l.clusters = append(l.clusters, Cluster{
			Cluster: cluster, Raw: json.RawMessage(canonical), Problem: describeTypes(cluster.ClusterID, unusableTypes),
		})
	}
}

// describeTypes returns the Problem of a cluster with unusable instance types. It is
// empty if there are none.
func describeTypes(clusterID string, unusableTypes []string) string {
	problems := make([]string, len(unusableTypes))
	for i, name := range unusableTypes {
		problems[i] = fmt.Sprintf("cluster %q: instance type %q cannot be asked for", clusterID,
			clipText(name, maxShort))
	}
	return strings.Join(problems, "; ")
}
