package capture_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/capture"
)

// TestRegionThatIsNamedTwiceIsCapturedOnce: with two plans for one region,
// one of them would find none of its clusters listed, and end their scopes.
func TestRegionThatIsNamedTwiceIsCapturedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz", "sh")
		b.up.cluster("hz", "hz", "c1")
		b.up.cluster("hz", "hz", "c2")
		b.mustRun(capture.Request{})
		for range 4 {
			time.Sleep(time.Minute)
			b.up.questions()
			r := b.mustRun(capture.Request{Regions: []string{"hz", "sh", "hz"}})
			want(t, "hz", b.state("hz"), "_any/_any ok\nc1/_any ok\nc2/_any ok")
			want(t, "asked", b.up.questions(),
				"clusters hz\nclusters sh\nhz/_any/_any\nhz/c1/_any\nhz/c2/_any\nsh/_any/_any")
			if len(r.Regions) != 2 || r.Counts.Ended != 0 || r.Counts.Lost != 0 {
				t.Errorf("the report has %d regions, its counts are %+v", len(r.Regions), r.Counts)
			}
		}
	})
}

// named is a bench of two regions whose settings name a cluster of each; both
// endpoints list both.
func named(t *testing.T) *bench {
	b := newBench(t, "hz", "sh")
	b.settings.Clusters = []string{"c-hz", "c-sh"}
	for _, endpoint := range []string{"hz", "sh"} {
		b.up.cluster(endpoint, "hz", "c-hz")
		b.up.cluster(endpoint, "sh", "c-sh")
	}
	return b
}

// TestNamedClusterIsAskedInItsOwnRegion: a run of fewer regions than are
// captured knows less about where a cluster is, not more.
func TestNamedClusterIsAskedInItsOwnRegion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ofHangzhou = "clusters hz\nhz/_any/_any\nhz/c-hz/_any"
		for name, prepare := range map[string]func(*bench) (capture.Request, []string){
			"one region is named": func(*bench) (capture.Request, []string) {
				return capture.Request{Regions: []string{"hz"}}, nil
			},
			"one region is named, and its endpoint lists its own clusters": func(b *bench) (capture.Request, []string) {
				b.up.clusters["hz"] = b.up.clusters["hz"][:1]
				return capture.Request{Regions: []string{"hz"}}, nil
			},
			"the state of the other region cannot be read": func(b *bench) (capture.Request, []string) {
				b.hide("/sh/")
				return capture.Request{}, nil
			},
			"a cluster is named that is elsewhere": func(b *bench) (capture.Request, []string) {
				b.settings.Clusters, b.up.clusters["hz"] = nil, b.up.clusters["hz"][:1]
				return capture.Request{Regions: []string{"hz"}, Clusters: []string{"c-hz", "c-sh"}},
					[]string{`cluster "c-sh" is listed in none of the regions that were asked`}
			},
			"a cluster is named that is listed elsewhere": func(b *bench) (capture.Request, []string) {
				b.settings.Clusters = nil
				return capture.Request{Regions: []string{"hz"}, Clusters: []string{"c-hz", "c-sh"}},
					[]string{`cluster "c-sh" is in region "sh", which was not asked`}
			},
		} {
			b := named(t)
			b.mustRun(capture.Request{})
			b.up.questions()
			time.Sleep(time.Minute)
			req, problems := prepare(b)
			r := b.mustRun(req)
			asked := ofHangzhou
			if req.Clusters != nil {
				asked = "clusters hz\nhz/c-hz/_any"
			}
			want(t, name, b.up.questions(), asked)
			want(t, name, b.state("hz"), "_any/_any ok\nc-hz/_any ok")
			want(t, name, strings.Join(r.Regions[0].Problems, "\n"), strings.Join(problems, "\n"))
		}
	})
}

// TestNamedClusterOfARegionThatIsNotCaptured: where one region is captured, a
// cluster that is not listed is asked there all the same, and upstream says
// what is wrong; not so one that is listed in another.
func TestNamedClusterOfARegionThatIsNotCaptured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz")
		b.settings.Clusters = []string{"c-hz", "c-bj", "c-new"}
		b.up.cluster("hz", "hz", "c-hz")
		b.up.cluster("hz", "bj", "c-bj")
		r := b.mustRun(capture.Request{})
		want(t, "asked", b.up.questions(), "clusters hz\nhz/_any/_any\nhz/c-hz/_any\nhz/c-new/_any")
		want(t, "problems", strings.Join(r.Regions[0].Problems, "\n"),
			`cluster "c-bj" is in region "bj", which was not asked`)
	})
}

// hide makes every call fail that concerns keys with such a part.
func (b *bench) hide(part string) {
	b.t.Helper()
	keys, err := archive.NewKeys("p")
	if err != nil {
		b.t.Fatal(err)
	}
	b.writer = archive.NewWriter(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if strings.Contains(op.Key, part) {
			return &buckettest.Fault{Err: buckettest.ErrInjected}
		}
		return nil
	}), keys, time.Now)
}
