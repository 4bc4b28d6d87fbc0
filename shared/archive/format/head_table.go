package format

import (
	"slices"
	"strings"
	"sync"

	"community-images/shared/catalog"
)

// headTables are the large tables of a region whose head has just been read. They
// are kept as text, because most lookups are about one cluster.
type headTables struct {
	clusters *headTable[catalog.Cluster]
	scopes   *headTable[ScopeState]
}

// newHeadTables reads the texts of both tables. ok is false if Head.Encode would have
// written one of them in another way.
func newHeadTables(clusterText, scopeText string) (tables *headTables, ok bool) {
	clusters, ok := newHeadTable(clusterText, len(clusterText)/minClusterSize, (*fixedDecoder).cluster,
		func(c *catalog.Cluster) ScopeRef { return ScopeRef{ClusterID: c.ClusterID} })
	if !ok {
		return nil, false
	}
	// Most clusters have scopes, and some scopes have no cluster.
	scopes, ok := newHeadTable(scopeText, clusters.count+1, (*fixedDecoder).scope,
		func(s *ScopeState) ScopeRef { return ScopeRef{s.ClusterID, s.InstanceType} })
	return &headTables{clusters, scopes}, ok
}

// headTable is a table in the layout that Head.Encode writes. It decodes the rows
// that are asked for, once, and is safe for concurrent use. Decoding cannot fail,
// because newHeadTable has read all of the text.
type headTable[T any] struct {
	// text has the rows in canonical order, with commas between them.
	text string
	// read reads one row into a zero value.
	read func(*fixedDecoder, *T)
	// count is the number of rows.
	count int
	// parts says where the rows of each cluster are. It is sorted by cluster.
	parts []headPart

	mu sync.Mutex // guards the following
	// byCluster has the rows of the clusters that were asked for before all was.
	byCluster map[string][]T
	// all is nil until all rows are asked for.
	all []T
}

// headPart is where the rows of one cluster begin.
type headPart struct {
	cluster string
	// start is the offset in the text, and row the number of the row.
	start, row int
}

// newHeadTable reads text, an array, without keeping the rows. ok is false if the
// text has another layout, or if its rows are not in canonical order, each once.
// clusters is a guess at how many clusters have rows.
func newHeadTable[T any](
	text string, clusters int, read func(*fixedDecoder, *T), key func(*T) ScopeRef,
) (t *headTable[T], ok bool) {
	text, hasStart := strings.CutPrefix(text, "[")
	text, hasEnd := strings.CutSuffix(text, "]")
	t = &headTable[T]{
		text: text, read: read, parts: make([]headPart, 0, clusters), byCluster: map[string][]T{},
	}
	d := newFixedDecoder(text)
	d.dropsLists = true
	var row, zero T
	var last ScopeRef
	for d.beginRow(t.count) {
		start := len(text) - d.Remaining()
		row = zero
		read(d, &row)
		this := key(&row)
		if t.count > 0 && this.Compare(last) <= 0 {
			d.Fail()
		}
		if t.count == 0 || this.ClusterID != last.ClusterID {
			t.parts = append(t.parts, headPart{this.ClusterID, start, t.count})
		}
		t.count++
		last = this
	}
	return t, hasStart && hasEnd && d.AtEnd()
}

// allRows returns all rows.
func (t *headTable[T]) allRows() []T {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all, t.byCluster = t.decode(t.text, t.count), nil
	}
	return t.all
}

// rowsOf returns the rows of a cluster; "" stands for none.
func (t *headTable[T]) rowsOf(cluster string) []T {
	t.mu.Lock()
	defer t.mu.Unlock()
	if rows, ok := t.byCluster[cluster]; ok {
		return rows
	}
	i, ok := slices.BinarySearchFunc(t.parts, cluster, func(p headPart, cluster string) int {
		return strings.Compare(p.cluster, cluster)
	})
	if !ok {
		return nil
	}
	from, to := t.parts[i], headPart{start: len(t.text), row: t.count}
	if i+1 < len(t.parts) {
		to = t.parts[i+1]
	}
	if t.all != nil {
		return t.all[from.row:to.row:to.row]
	}
	rows := t.decode(t.text[from.start:to.start], to.row-from.row)
	t.byCluster[cluster] = rows
	return rows
}

// decode returns the count rows at the beginning of a text.
func (t *headTable[T]) decode(text string, count int) []T {
	rows := make([]T, count)
	d := newFixedDecoder(text)
	for i := range rows {
		d.beginRow(i)
		t.read(d, &rows[i])
	}
	return rows
}
