package replica_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/catalog"
	"community-images/shared/query"
	"community-images/shared/replica"
)

const hangzhou, shanghai = "cn-hangzhou", "cn-shanghai"

var epoch = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// world is an archive with a clock.
type world struct {
	t      testing.TB
	memory *buckettest.Memory
	keys   archive.Keys
	now    time.Time
	runs   int
}

func newWorld(t testing.TB) *world {
	keys, err := archive.NewKeys("community-images")
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, memory: buckettest.NewMemory(t), keys: keys, now: epoch}
}

// content is what a run finds: images by scope path; nil: the check failed.
type content map[string][]string

// run commits a run that found content and lists the clusters.
func (w *world) run(region string, found content, listed ...string) {
	w.t.Helper()
	ctx, at := context.Background(), catalog.At(w.now)
	writer := archive.NewWriter(w.memory, w.keys, func() time.Time { return w.now })
	base, err := writer.Load(ctx, region)
	if err != nil {
		w.t.Fatal(err)
	}
	w.runs++
	run := archive.Run{RunID: fmt.Sprint("run-", w.runs), Trigger: "timer", StartedAt: at,
		Discovery: &archive.Listing{At: at}}
	var raw []json.RawMessage
	for _, entry := range listed {
		cluster, _, err := catalog.ParseCluster([]byte(entry), region)
		if err != nil {
			w.t.Fatal(err)
		}
		run.Discovery.Clusters = append(run.Discovery.Clusters, cluster)
		raw = append(raw, json.RawMessage(entry))
	}
	run.Discovery.Upstream, _ = json.Marshal(raw)
	for path, objects := range found {
		scope, err := catalog.ParseScopePath(region, path)
		if err != nil {
			w.t.Fatal(err)
		}
		run.Checks = append(run.Checks, w.check(writer, base, scope, objects))
	}
	slices.SortFunc(run.Checks, func(a, b archive.Check) int { return a.Scope.Compare(b.Scope) })
	if _, err := writer.Commit(ctx, base, run); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) check(writer *archive.Writer, base *archive.Region, scope catalog.Scope,
	objects []string) archive.Check {
	c := archive.Check{Scope: scope, At: catalog.At(w.now), State: archive.OK}
	if objects == nil {
		c.State, c.Problem = archive.Failed, &archive.Problem{Class: "temporary", Code: "ServiceUnavailable",
			Message: "no"}
		return c
	}
	var images []*catalog.Image
	for _, object := range objects {
		im, err := catalog.ParseImage([]byte(object))
		if err != nil {
			w.t.Fatal(err)
		}
		images = append(images, im)
	}
	s := catalog.NewSnapshot(scope, c.At, "up", images)
	was, _ := base.Scope(scope)
	if was.Digest == s.Digest {
		return c
	}
	c.Snapshot = s
	if was.Digest != "" {
		before, err := writer.Snapshot(context.Background(), scope, was.Digest)
		if err != nil {
			w.t.Fatal(err)
		}
		c.Before = before
	}
	return c
}

// replica serves the world through the caches of the lookups.
func (w *world) replica(edit ...func(*replica.Options)) *replica.Replica {
	o := replica.Options{
		Source: w.source(w.memory, hangzhou), Regions: []string{hangzhou}, MaxStale: 3 * time.Hour,
		Now:       func() time.Time { return w.now },
		RequestID: func(context.Context) string { return "req-1" },
		Report:    func(_ context.Context, _ string, err error) { w.t.Logf("reported: %v", err) },
	}
	for _, f := range edit {
		f(&o)
	}
	return replica.New(o)
}

// source is the lookups on a bucket.
func (w *world) source(bucket archive.Bucket, regions ...string) func(*access.Grant) replica.Source {
	lookups := query.New(query.Options{
		Archive: archive.New(bucket, w.keys), Regions: regions, Redact: []string{"PostInstallScript"},
		Hooks: query.Hooks{Now: func() time.Time { return w.now }},
	})
	return func(g *access.Grant) replica.Source { return lookups.Restrict(g) }
}

const (
	cent72 = `{"Status":"Available","Size":40,"ImageName":"a <b> & \"c\"","ImageId":"m-cent72","Uid":"127","BaseOsTag":{"Platform":"CentOS","OsTag":"CentOS_7.2_64"},"OsTag":{"OsTag":"CentOS_7.2_64","BaseOsTag":"CentOS_7.2_64"},"New":{"List":[1,2.50,[]],"None":null,"Yes":true}}`
	ubuntu = `{"Status":"Creating","Size":500,"ImageName":"深度学习","ImageId":"m-ubuntu","PostInstallScript":"secret.sh","BaseOsTag":{"OsTag":"Ubuntu_22.04_64"}}`
	ended  = `{"Status":"UnAvailable","ImageId":"m-ended","BaseOsTag":"CentOS_7.2_64"}`

	clusterA = `{"Id":"ehpc-a","Name":"alpha","RegionId":"cn-hangzhou","InstanceType":"ecs.c7.large","OsTag":"CentOS_7.2_64","SchedulerType":"slurm","ComputeSpotPriceLimit":0.0,"Count":3}`
	clusterB = `{"Id":"ehpc-b","Name":"beta","RegionId":"cn-hangzhou","InstanceType":"ecs.g7.large","OsTag":"Ubuntu_22.04_64","SchedulerType":"pbs","Count":9}`
	clusterC = `{"Id":"ehpc-c","Name":"not captured","RegionId":"cn-hangzhou"}`
)

// small is a world of three commits, half an hour after the last.
func small(t testing.TB) *world {
	w := newWorld(t)
	w.run(hangzhou, content{
		"_any/_any": {cent72}, "ehpc-a/_any": {cent72, ended}, "ehpc-a/ecs.c7.large": {ended}, "ehpc-new/_any": nil,
	}, clusterA)
	w.now = w.now.Add(time.Hour)
	w.run(hangzhou, content{
		"_any/_any": {cent72}, "ehpc-a/_any": {ubuntu, cent72}, "ehpc-a/ecs.c7.large": {}, "ehpc-b/_any": {ubuntu},
		"ehpc-new/_any": nil,
	}, clusterA, clusterB, clusterC)
	w.now = w.now.Add(time.Hour)
	w.run(hangzhou, content{
		"_any/_any": {cent72}, "ehpc-a/_any": {ubuntu, cent72}, "ehpc-a/ecs.c7.large": {}, "ehpc-b/_any": nil,
		"ehpc-new/_any": nil,
	}, clusterA, clusterB, clusterC)
	w.now = w.now.Add(30 * time.Minute)
	return w
}

// ask sends a request in either dialect: "GET /?…" with a form after a space
// for POST, and headers in pairs.
func ask(h http.Handler, line string, header ...string) *httptest.ResponseRecorder {
	method, rest, _ := strings.Cut(line, " ")
	target, form, hasForm := strings.Cut(rest, " ")
	r := httptest.NewRequest(method, "http://images.example"+target, strings.NewReader(form))
	if hasForm {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

const (
	list     = "Action=ListCommunityImages&Version=2018-04-12"
	clusters = "Action=ListClusters&Version=2018-04-12"
)
