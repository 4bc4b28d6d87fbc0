package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/archive/gc"
	"community-images/shared/capture"
	"community-images/shared/ehpc/ehpctest"
)

// TestEntryThatCannotBeUsedEndsNothing: E-HPC lists, for some runs, something
// in the place of the third cluster of which no cluster can be made. It may be
// that cluster, so its scope stays; clusters that are listed join.
func TestEntryThatCannotBeUsedEndsNothing(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{`null`, `"c3"`, `[]`, `{"Id":null,"RegionId":"cn-hangzhou"}`,
		`{"RegionId":"cn-hangzhou"}`, `{"Id":"c3","RegionId":"CN hangzhou"}`, `{"Id":"../c3"}`} {
		l := newCaptureFixture(t)
		l.runCapture()
		good := l.data.ClusterLists[region]
		l.data.ClusterLists[region] = []json.RawMessage{good[0], good[1], json.RawMessage(bad),
			json.RawMessage(`{"Id":"c4","RegionId":"cn-hangzhou"}`)}
		for range 4 {
			r := l.runCapture()
			if p := strings.Join(r.Regions[0].Problems, "; "); r.Counts.Ended > 0 || r.Regions[0].Clusters != 4 ||
				!strings.Contains(p, "entry 3 of page 1") ||
				!strings.Contains(p, "1 clusters that it does not list stay") {
				t.Errorf("%s: %d scopes ended, %d clusters, problems %q", bad, r.Counts.Ended, r.Regions[0].Clusters, p)
			}
		}
		kept, err := l.writer.Now(t.Context(), region, nil)
		if err != nil || !strings.Contains(string(kept.Upstream), `"Id":"c3"`) {
			t.Errorf("%s: the last entry of c3 is not among %s, %v", bad, kept.Upstream, err)
		}
		l.data.ClusterLists[region] = good[:2]
		if r := l.runCapture(); r.Counts.Ended != 2 {
			t.Errorf("%s: a listing that can be used ended %d scopes", bad, r.Counts.Ended)
		}
	}
}

// TestTypeThatCannotBeUsedEndsNothing: the same of the instance types of one
// cluster.
func TestTypeThatCannotBeUsedEndsNothing(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{`{}`, `null`, `5`, `"ecs a"`, `["ecs.b",null]`, `"ecs.b,ecs/c"`} {
		l := newCaptureFixture(t)
		list := func(types string) {
			l.data.ClusterLists[region] = []json.RawMessage{
				json.RawMessage(`{"Id":"c1","RegionId":"cn-hangzhou","InstanceType":` + types + `}`)}
		}
		for _, name := range []string{"ecs.a", "ecs.b"} {
			l.data.ImageLists[ehpctest.Question{RegionID: region, ClusterID: "c1",
				InstanceType: name}] = `[{"ImageId":"m-t"}]`
		}
		list(`"ecs.a"`)
		l.runCapture()
		list(bad)
		for range 4 {
			r := l.runCapture()
			if p := strings.Join(r.Regions[0].Problems, "; "); r.Counts.Ended > 0 ||
				!strings.Contains(p, `cluster "c1": instance type`) {
				t.Errorf("%s: %d scopes ended, problems %q", bad, r.Counts.Ended, p)
			}
		}
		kept, err := l.writer.Now(t.Context(), region, nil)
		if err != nil {
			t.Fatal(err)
		}
		types := "ecs.a"
		if strings.Contains(bad, "ecs.b") {
			types = "ecs.a ecs.b"
		}
		if c, _ := kept.Cluster("c1"); strings.Join(c.InstanceTypes, " ") != types {
			t.Errorf("%s: the cluster has the types %q", bad, c.InstanceTypes)
		}
		list(`"ecs.b"`)
		r := l.runCapture()
		if c, _ := r.Regions[0].State.Cluster("c1"); r.Counts.Ended != 1 || len(c.InstanceTypes) != 1 {
			t.Errorf("%s: types that can be used ended %d scopes, %q are left", bad, r.Counts.Ended, c.InstanceTypes)
		}
	}
}

// TestTypeThatCannotBeUsedIsNoChange: a cluster of which no instance type is
// known stays as it is.
func TestTypeThatCannotBeUsedIsNoChange(t *testing.T) {
	t.Parallel()
	l := newCaptureFixture(t)
	l.data.ClusterLists[region] = []json.RawMessage{
		json.RawMessage(`{"Id":"c1","RegionId":"cn-hangzhou","InstanceType":{}}`)}
	for i := range 3 {
		if r := l.runCapture(); r.Regions[0].Committed != (i == 0) {
			t.Errorf("run %d committed: %v", i+1, r.Regions[0].Committed)
		}
	}
}

// TestDataOfAnotherFormat: a run on an archive of format 1 fails, and its report says what
// to do. It asks E-HPC nothing, and neither writes nor sweeps anything.
func TestDataOfAnotherFormat(t *testing.T) {
	t.Parallel()
	l := newCaptureFixture(t)
	keys, err := archive.NewKeys("p")
	if err != nil {
		t.Fatal(err)
	}
	l.mem.Restore(archivetest.Format1(t, keys))
	before := l.mem.Objects()
	h := &handler{
		settings: capture.Settings{Regions: []string{region}}, capturer: l.capturer, now: time.Now, log: zap.NewNop(),
		collector: gc.NewCollector(l.mem, keys, func(now time.Time) time.Time { return now }, time.Now),
	}
	answer, err := h.handle(t.Context(), []byte(`{}`))
	report, ok := answer.(runReport)
	const want = `object "p/v1/cn-hangzhou/head.json" has format 1, and this program reads format 2. ` +
		`Nothing converts it: remove all objects below "p/v1/cn-hangzhou/", or choose another OSS_PREFIX; ` +
		`the next run begins a new history`
	if err == nil || !ok || !strings.Contains(report.Regions[0].Error, want) {
		t.Errorf("the run ends with %v, %+v; want %s", err, answer, want)
	}
	if calls := l.ehpc.DrainCallNames(); len(calls) > 0 {
		t.Errorf("E-HPC is asked %v", calls)
	}
	if !maps.EqualFunc(before, l.mem.Objects(), bytes.Equal) {
		t.Errorf("what is stored has changed: %s", l.mem.Requests())
	}
}
