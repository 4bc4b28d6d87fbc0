package capture_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/capture"
)

// newBootImageFixture has a cluster that boots from the image a, which all three of its
// lists have.
func newBootImageFixture(t *testing.T) *fixture {
	b := newFixture(t, "hz")
	b.up.cluster("hz", "hz", "c1", "ecs.a", "ecs.b")
	b.up.clusters["hz"][0].ImageID = "a"
	for _, instanceType := range []string{"_any", "ecs.a", "ecs.b"} {
		b.up.images["hz/c1/"+instanceType] = []string{"a", "b"}
	}
	b.mustRun(capture.Request{})
	b.mem.Requests()
	return b
}

// readSnapshots returns the types of the cluster whose snapshots were read, in order.
func readSnapshots(b *fixture) string {
	var types []string
	for line := range strings.SplitSeq(b.mem.Requests(), "\n") {
		if key, isGet := strings.CutPrefix(line, "get "); isGet && strings.Contains(key, "/clusters/c1/") {
			types = append(types, strings.Split(key, "/")[5])
		}
	}
	return strings.Join(types, " ")
}

// A run reads the other lists of a cluster only if its commit takes the cluster's boot
// image from one of them, and only until one has it.
func TestBootImageIsLookedForOnlyIfAListLosesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBootImageFixture(t)
		for _, step := range []struct {
			images map[string][]string // of the types whose lists change
			read   string
			gone   string
		}{
			{nil, "", "[]"},
			// The old list of a scope that changes is read in any case.
			{map[string][]string{"_any": {"a"}}, "_any", "[]"},
			{map[string][]string{"_any": {"c"}}, "_any ecs.a", "[]"},
			{map[string][]string{"ecs.a": {"c"}}, "ecs.a _any ecs.b", "[]"},
			{map[string][]string{"ecs.b": {"c"}}, "ecs.b _any ecs.a", "[{c1 a}]"},
			{map[string][]string{"ecs.b": {"d"}}, "ecs.b", "[]"},
		} {
			for instanceType, ids := range step.images {
				b.up.images["hz/c1/"+instanceType] = ids
			}
			report := b.mustRun(capture.Request{}).Regions[0]
			if read, gone := readSnapshots(b), fmt.Sprint(report.GoneBootImages); read != step.read || gone != step.gone {
				t.Errorf("%v: read are %q, gone %s; want %q, %s", step.images, read, gone, step.read, step.gone)
			}
		}
	})
}

// If another list of the cluster cannot be read, the image may still be there.
func TestBootImageOfAClusterWhoseListCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBootImageFixture(t)
		keys, err := archive.NewKeys("p")
		if err != nil {
			t.Fatal(err)
		}
		b.writer = archive.NewWriter(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
			if !op.IsWrite() && strings.Contains(op.Key, "/ecs.b/") {
				return &buckettest.Fault{Err: buckettest.ErrInjected}
			}
			return nil
		}), keys, time.Now)
		b.up.images["hz/c1/_any"], b.up.images["hz/c1/ecs.a"] = []string{"b"}, []string{"b"}
		report := b.mustRun(capture.Request{}).Regions[0]
		const want = `whether cluster "c1" still has its boot image "a": the list of scope "hz/c1/ecs.b" cannot be read`
		if problems := strings.Join(report.Problems, "\n"); !report.Committed || report.GoneBootImages != nil ||
			problems != want {
			t.Errorf("gone are %v, problems\n%s\nwant\n%s", report.GoneBootImages, problems, want)
		}
	})
}
