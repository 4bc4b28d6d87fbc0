package replica_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/catalog"
	"community-images/shared/query"
	"community-images/shared/replica"
)

const hangzhou, shanghai = archivetest.Hangzhou, "cn-shanghai"

// fixture is an archive fixture that makes replicas.
type fixture struct {
	*archivetest.Fixture
	nonces int // made so far, by signer.fresh
}

func newFixture(t testing.TB) *fixture { return &fixture{Fixture: archivetest.New(t)} }

// content is what a run finds: images by scope path; nil: the check failed.
type content map[string][]string

// run commits a run that found content and lists the clusters.
func (w *fixture) run(region string, found content, listed ...string) {
	w.T.Helper()
	images := archivetest.Content{}
	for path, objects := range found {
		images[path] = nil
		if objects != nil {
			images[path] = append([]*catalog.Image{}, archivetest.ParseImages(w.T, objects...)...)
		}
	}
	w.CommitRunListing(region, images, listed...)
}

// replica serves the fixture through the caches of the lookups.
func (w *fixture) replica(edit ...func(*replica.Options)) *replica.Replica {
	o := replica.Options{
		Source: w.source(w.Memory, hangzhou), Regions: []string{hangzhou}, MaxStale: 3 * time.Hour,
		Now:       func() time.Time { return w.Now },
		RequestID: func(context.Context) string { return "req-1" },
		Report:    func(_ context.Context, _ string, err error) { w.T.Logf("reported: %v", err) },
	}
	for _, f := range edit {
		f(&o)
	}
	return replica.New(o)
}

// source is the lookups on a bucket.
func (w *fixture) source(bucket archive.Bucket, regions ...string) func(*access.Grant) replica.Source {
	lookups := query.New(query.Options{
		Archive: archive.New(bucket, w.Keys), Regions: regions, Redact: []string{"PostInstallScript"},
		Hooks: query.Hooks{Now: func() time.Time { return w.Now }},
	})
	return func(g *access.Grant) replica.Source { return lookups.Restrict(g) }
}

const (
	cent72 = `{"Status":"Available","Size":40,"ImageName":"a <b> & \"c\"","ImageId":"m-cent72","Uid":"127",` +
		`"BaseOsTag":{"Platform":"CentOS","OsTag":"CentOS_7.2_64"},` +
		`"OsTag":{"OsTag":"CentOS_7.2_64","BaseOsTag":"CentOS_7.2_64"},` +
		`"New":{"List":[1,2.50,[]],"None":null,"Yes":true}}`
	ubuntu = `{"Status":"Creating","Size":500,"ImageName":"深度学习","ImageId":"m-ubuntu",` +
		`"PostInstallScript":"secret.sh","BaseOsTag":{"OsTag":"Ubuntu_22.04_64"}}`
	ended = `{"Status":"UnAvailable","ImageId":"m-ended","BaseOsTag":"CentOS_7.2_64"}`

	clusterA = `{"Id":"ehpc-a","Name":"alpha","RegionId":"cn-hangzhou","InstanceType":"ecs.c7.large",` +
		`"OsTag":"CentOS_7.2_64","SchedulerType":"slurm","ComputeSpotPriceLimit":0.0,"Count":3}`
	clusterB = `{"Id":"ehpc-b","Name":"beta","RegionId":"cn-hangzhou","InstanceType":"ecs.g7.large",` +
		`"OsTag":"Ubuntu_22.04_64","SchedulerType":"pbs","Count":9}`
	clusterC = `{"Id":"ehpc-c","Name":"not captured","RegionId":"cn-hangzhou"}`
)

// newSmallRegion returns a fixture with three commits, half an hour after the last.
func newSmallRegion(t testing.TB) *fixture {
	w := newFixture(t)
	w.run(hangzhou, content{
		"_any/_any": {cent72}, "ehpc-a/_any": {cent72, ended}, "ehpc-a/ecs.c7.large": {ended}, "ehpc-new/_any": nil,
	}, clusterA)
	w.Now = w.Now.Add(time.Hour)
	w.run(hangzhou, content{
		"_any/_any": {cent72}, "ehpc-a/_any": {ubuntu, cent72}, "ehpc-a/ecs.c7.large": {}, "ehpc-b/_any": {ubuntu},
		"ehpc-new/_any": nil,
	}, clusterA, clusterB, clusterC)
	w.Now = w.Now.Add(time.Hour)
	w.run(hangzhou, content{
		"_any/_any": {cent72}, "ehpc-a/_any": {ubuntu, cent72}, "ehpc-a/ecs.c7.large": {}, "ehpc-b/_any": nil,
		"ehpc-new/_any": nil,
	}, clusterA, clusterB, clusterC)
	w.Now = w.Now.Add(30 * time.Minute)
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
