package query_test

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

const hangzhou, beijing = "cn-hangzhou", "cn-beijing"

// world is an archive with a clock, and what writes to it.
type world struct {
	t      testing.TB
	memory *buckettest.Memory
	bucket archive.Bucket // memory, or a wrapper of it
	keys   archive.Keys
	now    time.Time
	took   time.Duration // from the checks of a run to its commit
	runs   int
}

var epoch = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func newWorld(t testing.TB) *world {
	keys, err := archive.NewKeys("community-images")
	if err != nil {
		t.Fatal(err)
	}
	m := buckettest.NewMemory(t)
	return &world{t: t, memory: m, bucket: m, keys: keys, now: epoch}
}

// handler is a query handler on the world, with settings changed by edit.
func (w *world) handler(edit ...func(*query.Options)) http.Handler {
	o := query.Options{
		Archive: archive.New(w.bucket, w.keys), Regions: []string{hangzhou}, MaxStale: 3 * time.Hour, HeadTTL: 5 * time.Second, Version: "v1.2.3",
		Now:       func() time.Time { return w.now },
		RequestID: func(context.Context) string { return "req-1" },
		Report:    func(_ context.Context, _ string, err error) { w.t.Logf("reported: %v", err) },
	}
	for _, f := range edit {
		f(&o)
	}
	return query.New(o)
}

// replicated is a handler with the replica in front of it, as the function has it.
func (w *world) replicated(edit ...func(*query.Options)) http.Handler {
	var options query.Options
	lookups := w.handler(append(slices.Clone(edit), func(o *query.Options) { options = *o })...).(*query.Service)
	copies := replica.New(replica.Options{
		Source: func(g *access.Grant) replica.Source { return lookups.For(g) }, Regions: options.Regions, MaxStale: options.MaxStale, Tokens: options.Tokens,
		Now: options.Now, RequestID: options.RequestID, Report: options.Report,
	})
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if copies.Wants(r) {
			copies.ServeHTTP(out, r)
		} else {
			lookups.ServeHTTP(out, r)
		}
	})
}

// images parses objects, one a string.
func images(t testing.TB, objects ...string) []*catalog.Image {
	t.Helper()
	list := []*catalog.Image{}
	for _, o := range objects {
		im, err := catalog.ParseImage([]byte(o))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, im)
	}
	return list
}

// content is what a run finds: images by scope path; nil: the check failed.
type content map[string][]*catalog.Image

// run commits a run that found content; scopes in ended are asked no more.
func (w *world) run(region string, found content, ended ...string) *archive.Region {
	w.t.Helper()
	writer := archive.NewWriter(w.memory, w.keys, func() time.Time { return w.now.Add(w.took) })
	base, err := writer.Load(context.Background(), region)
	if err != nil {
		w.t.Fatal(err)
	}
	w.runs++
	at := catalog.At(w.now)
	run := archive.Run{RunID: fmt.Sprint("run-", w.runs), Trigger: "timer", StartedAt: at, Discovery: w.listing(region, base, found, ended)}
	for _, path := range sortedKeys(found) {
		run.Checks = append(run.Checks, w.check(writer, base, w.scope(region, path), found[path]))
	}
	for _, path := range ended {
		run.Ended = append(run.Ended, w.scope(region, path))
	}
	res, err := writer.Commit(context.Background(), base, run)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.Region
}

func sortedKeys(found content) []string {
	var keys []string
	for path := range found {
		keys = append(keys, path)
	}
	slices.Sort(keys)
	return keys
}

func (w *world) scope(region, path string) catalog.Scope {
	s, err := catalog.ParseScopePath(region, path)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) check(writer *archive.Writer, base *archive.Region, scope catalog.Scope, found []*catalog.Image) archive.Check {
	c := archive.Check{Scope: scope, At: catalog.At(w.now), State: archive.OK}
	if found == nil {
		c.State, c.Problem = archive.Failed, &archive.Problem{Class: "temporary", Code: "ServiceUnavailable", Message: "The request has failed."}
		return c
	}
	s := catalog.NewSnapshot(scope, c.At, "up-1", found)
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

// listing lists the clusters that are known or found and not ended.
func (w *world) listing(region string, base *archive.Region, found content, ended []string) *archive.Listing {
	ids := map[string]bool{}
	for id := range base.ClustersByID() {
		ids[id] = true
	}
	for path := range found {
		ids[w.scope(region, path).ClusterID] = true
	}
	for _, path := range ended {
		delete(ids, w.scope(region, path).ClusterID)
	}
	delete(ids, "")
	l := &archive.Listing{At: catalog.At(w.now)}
	var entries []string
	for _, id := range slices.Sorted(func(yield func(string) bool) {
		for id := range ids {
			if !yield(id) {
				return
			}
		}
	}) {
		l.Clusters = append(l.Clusters, catalog.Cluster{ClusterID: id, InstanceTypes: []string{"ecs.c7.large"}, Name: "name of " + id, OsTag: "CentOS_7.2_64", RegionID: region, SchedulerType: "slurm"})
		entries = append(entries, fmt.Sprintf(`{"Name":"name of %s","Id":%q,"Nodes":{"New":1.50}}`, id, id))
	}
	l.Upstream = json.RawMessage("[" + strings.Join(entries, ",") + "]")
	return l
}

// get asks the handler.
func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.URL.RawPath, r.URL.RawQuery, _ = strings.Cut(target, "?")
	u, err := r.URL.Parse(target)
	if err == nil {
		r.URL = u
	} else {
		r.URL.Path = r.URL.RawPath
	}
	r.Host = "images.example"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

const (
	sample = `{"Status":"Available","PostInstallScript":"example.sh","Description":"ExampleDescription","Size":40,"ImageOwnerAlias":"self","ImageName":"linux_CentOS7.2_OceanBase_OBD_1ECS-3OB_3.0","SkuCode":"ECS","PricingCycle":"Month","ImageId":"m-bp181x855551ww5yq****","ProductCode":"cmjj028279","Uid":"127****","BaseOsTag":{"Platform":"CentOS","OsTag":"CentOS_7.2_64","Version":"7.2","Architecture":"x86_64"},"OsTag":{"Platform":"CentOS","OsTag":"CentOS_7.2_64","Version":"7.2","Architecture":"x86_64","BaseOsTag":"CentOS_7.2_64"}}`
	cent79 = `{"ImageId":"m-cent79","ImageName":"hpc-centos-7.9","Status":"Available","Size":40,"Uid":"1","OsTag":{"Platform":"CentOS","OsTag":"CentOS_7.9_64","Version":"7.9","Architecture":"x86_64"}}`
	cent10 = `{"ImageId":"m-cent710","ImageName":"hpc-centos-7.10","Status":"Available","Size":100,"Uid":"1","OsTag":{"Platform":"CentOS","OsTag":"CentOS_7.10_64","Version":"7.10","Architecture":"x86_64"},"NewField":{"a":[1,2.50]}}`
	ubuntu = `{"ImageId":"m-ubuntu","ImageName":"深度学习 ubuntu","Description":"=HYPERLINK(\"http://x\")","Status":"Creating","Size":500,"ProductCode":"cmjj1","OsTag":{"Platform":"Ubuntu","OsTag":"Ubuntu_22.04_64","Version":"22.04","Architecture":"x86_64"}}`
	ubuntB = `{"ImageId":"m-ubuntu","ImageName":"深度学习 ubuntu","Description":"=HYPERLINK(\"http://x\")","Status":"Available","Size":500,"ProductCode":"cmjj1","OsTag":{"Platform":"Ubuntu","OsTag":"Ubuntu_22.04_64","Version":"22.04","Architecture":"x86_64"}}`
	window = `{"ImageId":"m-win","ImageName":"win, server","Status":"UnAvailable","OsTag":{"Platform":"Windows Server 2003","OsTag":"Win2003_64","Version":"2003","Architecture":"i386"}}`
)

// small is a world of three commits in one region, half an hour after the last.
func small(t testing.TB) *world {
	w := newWorld(t)
	w.run(hangzhou, content{
		"_any/_any":           images(t, sample, cent79),
		"ehpc-a/_any":         images(t, sample, cent79, ubuntu, window),
		"ehpc-a/ecs.c7.large": images(t, sample, ubuntu),
		"ehpc-b/_any":         images(t, sample, cent79),
		"ehpc-new/_any":       nil,
	})
	w.now = w.now.Add(time.Hour)
	w.run(hangzhou, content{
		"_any/_any":           images(t, sample, cent79),
		"ehpc-a/_any":         images(t, sample, cent79, cent10, ubuntu),
		"ehpc-a/ecs.c7.large": images(t, sample, cent10, ubuntu),
		"ehpc-b/_any":         images(t, sample, ubuntB),
		"ehpc-new/_any":       nil,
	})
	w.now = w.now.Add(time.Hour)
	w.run(hangzhou, content{
		"_any/_any":           images(t, sample, cent79),
		"ehpc-a/_any":         images(t, sample, cent79, cent10, ubuntu),
		"ehpc-a/ecs.c7.large": images(t, sample, cent10, ubuntu),
		"ehpc-b/_any":         nil,
		"ehpc-new/_any":       nil,
	})
	w.now = w.now.Add(30 * time.Minute)
	return w
}
