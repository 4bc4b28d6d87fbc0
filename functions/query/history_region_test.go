package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/fcrun/fctest"
)

// historySize is the size of a region with a history.
type historySize struct {
	clusters int
	types    int // instance types of each cluster
	images   int // of each scope
	months   int // of history
	commits  int // a day; each changes one image
	latency  time.Duration
}

// historyRegion is a test region with a history. Each commit changes one image, which
// a tenth of the clusters list.
type historyRegion struct {
	*testRegion
	size     historySize
	sequence int64 // of the last commit
	logBytes int
}

// newHistoryRegion makes a region with its history. The snapshots of the past are
// left out, but for those of the first cluster: they would fill the memory.
func newHistoryRegion(tb testing.TB, s historySize) *historyRegion {
	tb.Helper()
	c := &historyRegion{size: s, testRegion: newEmptyRegion(tb, regionSize{
		name: "history", clusters: s.clusters, perList: s.images, distinct: 10 * s.images,
	})}
	bucket := &scratchBucket{objects: map[string][]byte{}, last: map[string]string{},
		keep: "/clusters/" + c.clusters[0] + "/"}
	w := &historyWriter{region: c, now: time.Now().UTC().AddDate(0, -s.months, 0)}
	w.writer = archive.NewWriter(bucket, c.keys, func() time.Time { return w.now })
	w.commitAll(tb)
	bucket.withoutIndex.Store(true)
	for step := 24 * time.Hour / time.Duration(s.commits); w.now.Add(2 * step).Before(time.Now()); {
		w.now = w.now.Add(step)
		w.commitOneImage(tb)
	}
	bucket.withoutIndex.Store(false)
	w.commitOneImage(tb)
	c.sequence = w.base.Sequence
	for key, data := range bucket.current(w.base, c.keys, tb) {
		if strings.Contains(key, "/log/") {
			c.logBytes += len(data)
			appendLog(tb, c, key, data)
			continue
		}
		if err := c.bucket.Put(tb.Context(), key, data); err != nil {
			tb.Fatal(err)
		}
	}
	c.oss.Requests() // lets go of them
	return c
}

// appendLog stores a log as an appendable object.
func appendLog(tb testing.TB, c *historyRegion, key string, data []byte) {
	tb.Helper()
	for at := 0; at < len(data); {
		n := min(4<<20, len(data)-at)
		if _, err := c.bucket.Append(tb.Context(), key, int64(at), data[at:at+n]); err != nil {
			tb.Fatal(err)
		}
		at += n
	}
}

// describe returns a headline.
func (c *historyRegion) describe() string {
	s := c.size
	return fmt.Sprintf("%d clusters of %d types and %d images, %d months of %d commits a day (%d commits), %s a request; "+
		"the log has %.1f MB, %d bytes a commit", s.clusters, s.types, s.images, s.months, s.commits, c.sequence, s.latency,
		float64(c.logBytes)/1e6, c.logBytes/int(c.sequence))
}

// historyWriter commits the runs of a history.
type historyWriter struct {
	region  *historyRegion
	writer  *archive.Writer
	base    *archive.Region
	now     time.Time
	commits int
	last    map[catalog.Scope]*catalog.Snapshot
}

// scopes returns the scopes of a cluster.
func (w *historyWriter) scopes(cluster int) []catalog.Scope {
	id := w.region.clusters[cluster]
	scopes := []catalog.Scope{{RegionID: region, ClusterID: id}}
	for i := range w.region.size.types {
		instanceType := fmt.Sprintf("ecs.c7.%dxlarge", i)
		scopes = append(scopes, catalog.Scope{RegionID: region, ClusterID: id, InstanceType: instanceType})
	}
	return scopes
}

// commitAll commits the first run, in which every scope is new.
func (w *historyWriter) commitAll(tb testing.TB) {
	tb.Helper()
	w.last = map[catalog.Scope]*catalog.Snapshot{}
	var err error
	if w.base, err = w.writer.Load(tb.Context(), region); err != nil {
		tb.Fatal(err)
	}
	clusters := make([]int, len(w.region.clusters))
	for i := range clusters {
		clusters[i] = i
	}
	w.commit(tb, clusters)
}

// commitOneImage changes one image, and commits a run that finds it in every cluster
// that lists it.
func (w *historyWriter) commitOneImage(tb testing.TB) {
	tb.Helper()
	c := w.region
	place := w.commits * 7919 % len(c.images)
	old := c.images[place]
	text := strings.Replace(string(imageJSON(place)), `"Description":"`, fmt.Sprintf(`"Description":"%d `, w.commits), 1)
	changed, err := catalog.ParseImage([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	c.images[place] = changed
	var clusters []int
	for i, list := range c.lists {
		if at := slices.Index(list, old); at >= 0 {
			list[at] = changed
			clusters = append(clusters, i)
		}
	}
	w.commit(tb, clusters)
}

// commit commits a run that asked these clusters.
func (w *historyWriter) commit(tb testing.TB, clusters []int) {
	tb.Helper()
	w.commits++
	now := catalog.At(w.now)
	run := archive.Run{RunID: fmt.Sprint("run-", w.commits), Trigger: "timer", StartedAt: now}
	if w.commits == 1 {
		run.Discovery = &archive.Listing{At: now}
		for _, id := range w.region.clusters {
			run.Discovery.Clusters = append(run.Discovery.Clusters, catalog.Cluster{
				ClusterID: id, InstanceTypes: []string{"ecs.c7.large"}, Name: "bench", OsTag: "CentOS_7.6_64",
				RegionID: region, SchedulerType: "slurm",
				ImageID: "centos_7_6_x64_20G_alibase.vhd", ImageOwnerAlias: "system",
			})
		}
	}
	for _, i := range clusters {
		for _, scope := range w.scopes(i) {
			s := catalog.NewSnapshot(scope, now, "request", w.region.lists[i])
			run.Checks = append(run.Checks, archive.Check{
				Scope: scope, At: now, State: format.StateOK, Fingerprint: s.Digest, Snapshot: s, Before: w.last[scope],
			})
			w.last[scope] = s
		}
	}
	result, err := w.writer.Commit(tb.Context(), w.base, run)
	if err == nil && !errors.Is(result.HeadError, errWithoutIndex) {
		err = result.HeadError
	}
	if err != nil {
		tb.Fatal(err)
	}
	w.base = result.Region
}

// scratchBucket is a bucket in memory that is fast and forgets the snapshots of the
// past, but for those whose keys have keep in them.
type scratchBucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	keep    string
	last    map[string]string // key of the snapshot of each scope, by the key's folder
	// withoutIndex makes the index fail, so that commits do not build it: that would be most
	// of the time.
	withoutIndex atomic.Bool
}

var errWithoutIndex = errors.New("the index is built at the end")

// current returns the objects that the state, the log and the kept cluster need.
func (b *scratchBucket) current(r *archive.Region, keys archive.Keys, tb testing.TB) map[string][]byte {
	needed := map[string]bool{}
	for _, s := range r.Scopes() {
		key, err := keys.Snapshot(s.Scope(r.RegionID), s.Digest)
		if err != nil {
			tb.Fatal(err)
		}
		needed[key] = true
	}
	objects := maps.Clone(b.objects)
	maps.DeleteFunc(objects, func(key string, _ []byte) bool {
		return strings.Contains(key, "/clusters/") && !needed[key] && !strings.Contains(key, b.keep)
	})
	return objects
}

// Get implements archive.Reader.
func (b *scratchBucket) Get(_ context.Context, key, _ string) ([]byte, string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.withoutIndex.Load() && strings.HasSuffix(key, "/index.ndjson") {
		return nil, "", errWithoutIndex
	}
	data, ok := b.objects[key]
	if !ok {
		return nil, "", fs.ErrNotExist
	}
	return bytes.Clone(data), "tag", nil
}

// GetFrom implements archive.Reader.
func (b *scratchBucket) GetFrom(_ context.Context, key string, offset, limit int64) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.objects[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	from := min(offset, int64(len(data)))
	return bytes.Clone(data[from:min(from+limit, int64(len(data)))]), nil
}

// List implements archive.Reader.
func (b *scratchBucket) List(_ context.Context, prefix string) ([]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var keys []string
	for key := range b.objects {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys, nil
}

// IsAppendable implements archive.Reader. Appending to any object succeeds here.
func (b *scratchBucket) IsAppendable(context.Context, string) (bool, error) { return true, nil }

// Put implements archive.Bucket.
func (b *scratchBucket) Put(_ context.Context, key string, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cut := strings.LastIndexByte(key, '/'); strings.Contains(key, "/clusters/") && !strings.Contains(key, b.keep) {
		// One snapshot of each scope is enough.
		delete(b.objects, b.last[key[:cut]])
		b.last[key[:cut]] = key
	}
	b.objects[key] = bytes.Clone(data)
	return nil
}

// Create implements archive.Bucket.
func (b *scratchBucket) Create(ctx context.Context, key string, data []byte) error {
	return b.Put(ctx, key, data)
}

// Append implements archive.Bucket.
func (b *scratchBucket) Append(_ context.Context, key string, position int64, data []byte) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if int64(len(b.objects[key])) != position {
		return 0, fs.ErrExist
	}
	b.objects[key] = append(b.objects[key], data...)
	return int64(len(b.objects[key])), nil
}

// responseStatus returns the status of a function's response.
func responseStatus(tb testing.TB, payload []byte) int {
	tb.Helper()
	out, err := fctest.ParseHTTPResponse(payload)
	if err != nil {
		tb.Fatal(err)
	}
	return out.Status
}
