// Package archivetest builds archives for tests: regions with a history, in a
// bucket in memory, under a clock that the test moves.
//
// A test makes a Fixture, commits one run after another and moves Now between
// them:
//
//	f := archivetest.New(t)
//	f.CommitRun("cn-hangzhou", archivetest.Content{
//		"_any/_any":   archivetest.ParseImages(t, archivetest.CentOS79),
//		"ehpc-a/_any": archivetest.ParseImages(t, archivetest.CentOS79, archivetest.Windows),
//	})
//	f.Now = f.Now.Add(time.Hour)
//
// NewSmallRegion has done that already and is enough for most tests.
package archivetest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/alias"
	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// The regions that most tests write to.
const (
	Hangzhou = "cn-hangzhou"
	Beijing  = "cn-beijing"
)

// Epoch is the time at which every fixture begins.
var Epoch = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// Fixture is an archive in memory with a clock. Its writer is not safe for
// concurrent use; readers of Bucket are.
type Fixture struct {
	// T is the test that fails when a run cannot be committed.
	T testing.TB
	// Memory is the bucket that runs are written to. It records requests.
	Memory *buckettest.Memory
	// Bucket is what readers are given: Memory, unless a test wraps it.
	Bucket archive.Bucket
	// Keys name the objects.
	Keys archive.Keys
	// Now is the clock. Tests move it between runs.
	Now time.Time
	// CommitDelay is the time between the checks of a run and its commit.
	CommitDelay time.Duration

	// BootImages are the images that clusters boot from, by ClusterId. Others boot from
	// one that is named after the cluster, which no list has.
	BootImages map[string]string

	// Aliases are those that runs find in the operator's file, by region. Runs do not know
	// the file if it is nil. AliasProblem says why.
	Aliases      alias.File
	AliasProblem string

	runs int // committed so far; makes run ids
}

// New returns a fixture without any data.
func New(t testing.TB) *Fixture {
	t.Helper()
	keys, err := archive.NewKeys("community-images")
	if err != nil {
		t.Fatal(err)
	}
	memory := buckettest.NewMemory(t)
	return &Fixture{T: t, Memory: memory, Bucket: memory, Keys: keys, Now: Epoch}
}

// CopyWithObjects returns a fixture with the same clock on a bucket of its own,
// which holds objects by their keys, for example a changed copy of
// f.Memory.Objects().
func (f *Fixture) CopyWithObjects(objects map[string][]byte) *Fixture {
	c := *f
	c.Memory = buckettest.NewMemory(f.T)
	c.Memory.Restore(objects)
	c.Bucket = c.Memory
	return &c
}

// Content is what a run finds: the images of each scope, by the scope's path
// such as "ehpc-a/_any". A nil list means that the check failed; an empty list
// means that upstream answered with no images.
type Content map[string][]*catalog.Image

// CommitRun commits a run that found content, and returns the region after it.
// The run lists every cluster that is known or in content; scopes in ended are
// no longer asked for, and their clusters no longer listed.
func (f *Fixture) CommitRun(region string, found Content, ended ...string) *archive.Region {
	f.T.Helper()
	writer, base := f.loadRegion(region)
	return f.commit(writer, base, found, f.listKnownClusters(region, base, found, ended), ended)
}

// CommitRunListing is CommitRun with the clusters that upstream lists, each as
// the JSON object that ListClusters answers with.
func (f *Fixture) CommitRunListing(region string, found Content, clusters ...string) *archive.Region {
	f.T.Helper()
	writer, base := f.loadRegion(region)
	return f.commit(writer, base, found, f.parseListing(region, clusters), nil)
}

func (f *Fixture) loadRegion(region string) (*archive.Writer, *archive.Region) {
	f.T.Helper()
	writer := archive.NewWriter(f.Memory, f.Keys, func() time.Time { return f.Now.Add(f.CommitDelay) })
	base, err := writer.Load(context.Background(), region)
	if err != nil {
		f.T.Fatal(err)
	}
	return writer, base
}

func (f *Fixture) commit(
	writer *archive.Writer, base *archive.Region, found Content, listing *archive.Listing, ended []string,
) *archive.Region {
	f.T.Helper()
	f.runs++
	run := archive.Run{
		RunID:     fmt.Sprint("run-", f.runs),
		Trigger:   "timer",
		StartedAt: catalog.At(f.Now),
		Discovery: listing,
	}
	run.AliasProblem = f.AliasProblem
	if f.Aliases != nil {
		run.Aliases = f.Aliases.Of(base.RegionID)
	}
	for _, path := range slices.Sorted(maps.Keys(found)) {
		run.Checks = append(run.Checks, f.checkScope(writer, base, f.ParseScope(base.RegionID, path), found[path]))
	}
	for _, path := range ended {
		run.Ended = append(run.Ended, f.ParseScope(base.RegionID, path))
	}
	result, err := writer.Commit(context.Background(), base, run)
	if err != nil {
		f.T.Fatal(err)
	}
	return result.Region
}

// ParseScope returns the scope with a path such as "ehpc-a/ecs.c7.large".
func (f *Fixture) ParseScope(region, path string) catalog.Scope {
	f.T.Helper()
	scope, err := catalog.ParseScopePath(region, path)
	if err != nil {
		f.T.Fatal(err)
	}
	return scope
}

// checkScope returns the check of a scope that found images; nil: it failed.
func (f *Fixture) checkScope(
	writer *archive.Writer, base *archive.Region, scope catalog.Scope, images []*catalog.Image,
) archive.Check {
	f.T.Helper()
	check := archive.Check{Scope: scope, At: catalog.At(f.Now), State: format.StateOK}
	if images == nil {
		check.State = format.StateFailed
		check.Problem = &format.Problem{
			Class: "temporary", Code: "ServiceUnavailable", Message: "The request has failed.",
		}
		return check
	}
	snapshot := catalog.NewSnapshot(scope, check.At, "up-1", images)
	last, _ := base.Scope(scope)
	if last.Digest == snapshot.Digest {
		return check
	}
	check.Snapshot = snapshot
	if last.Digest != "" {
		before, err := writer.Snapshot(context.Background(), scope, last.Digest)
		if err != nil {
			f.T.Fatal(err)
		}
		check.Before = before
	}
	return check
}

// bootImageOf returns the image that a cluster boots from.
func (f *Fixture) bootImageOf(cluster string) string {
	if image, ok := f.BootImages[cluster]; ok {
		return image
	}
	return "m-of-" + cluster
}

// listKnownClusters lists the clusters that are known or found and not ended.
func (f *Fixture) listKnownClusters(
	region string, base *archive.Region, found Content, ended []string,
) *archive.Listing {
	f.T.Helper()
	ids := map[string]bool{}
	for id := range base.ClustersByID() {
		ids[id] = true
	}
	for path := range found {
		ids[f.ParseScope(region, path).ClusterID] = true
	}
	for _, path := range ended {
		delete(ids, f.ParseScope(region, path).ClusterID)
	}
	delete(ids, "")
	listing := &archive.Listing{At: catalog.At(f.Now)}
	var entries []string
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		listing.Clusters = append(listing.Clusters, catalog.Cluster{
			ClusterID:       id,
			ImageID:         f.bootImageOf(id),
			ImageOwnerAlias: "self",
			InstanceTypes:   []string{"ecs.c7.large"},
			Name:            "name of " + id,
			OsTag:           "CentOS_7.2_64",
			RegionID:        region,
			SchedulerType:   "slurm",
		})
		entries = append(entries, fmt.Sprintf(`{"Name":"name of %s","Id":%q,"Nodes":{"New":1.50}}`, id, id))
	}
	listing.Upstream = json.RawMessage("[" + strings.Join(entries, ",") + "]")
	return listing
}

// parseListing returns the listing of clusters that are given as upstream's
// objects.
func (f *Fixture) parseListing(region string, clusters []string) *archive.Listing {
	f.T.Helper()
	listing := &archive.Listing{At: catalog.At(f.Now)}
	raw := []json.RawMessage{}
	for _, object := range clusters {
		cluster, _, err := catalog.ParseCluster([]byte(object), region)
		if err != nil {
			f.T.Fatal(err)
		}
		listing.Clusters = append(listing.Clusters, cluster)
		raw = append(raw, json.RawMessage(object))
	}
	upstream, err := json.Marshal(raw)
	if err != nil {
		f.T.Fatal(err)
	}
	listing.Upstream = upstream
	return listing
}
