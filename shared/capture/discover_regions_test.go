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

// If one region had two plans, one of them would find none of its clusters listed and
// would end their scopes.
func TestRegionThatIsNamedTwiceIsCapturedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz", "sh")
		b.up.cluster("hz", "hz", "c1")
		b.up.cluster("hz", "hz", "c2")
		b.mustRun(capture.Request{})
		for range 4 {
			time.Sleep(time.Minute)
			b.up.questions()
			r := b.mustRun(capture.Request{Regions: []string{"hz", "sh", "hz"}})
			checkText(t, "hz", b.state("hz"), "_any/_any ok\nc1/_any ok\nc2/_any ok")
			checkText(t, "asked", b.up.questions(),
				"clusters hz\nclusters sh\nhz/_any/_any\nhz/c1/_any\nhz/c2/_any\nsh/_any/_any")
			if len(r.Regions) != 2 || r.Counts.Ended != 0 || r.Counts.Lost != 0 {
				t.Errorf("the report has %d regions, its counts are %+v", len(r.Regions), r.Counts)
			}
		}
	})
}

// newTwoRegionFixture has two regions. The settings name one cluster of each, and both
// endpoints list both clusters.
func newTwoRegionFixture(t *testing.T) *fixture {
	b := newFixture(t, "hz", "sh")
	b.settings.Clusters = []string{"c-hz", "c-sh"}
	for _, endpoint := range []string{"hz", "sh"} {
		b.up.cluster(endpoint, "hz", "c-hz")
		b.up.cluster(endpoint, "sh", "c-sh")
	}
	return b
}

// A run that covers only some regions knows less about where a cluster is.
func TestNamedClusterIsAskedInItsOwnRegion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ofHangzhou = "clusters hz\nhz/_any/_any\nhz/c-hz/_any"
		for name, prepare := range map[string]func(*fixture) (capture.Request, []string){
			"one region is named": func(*fixture) (capture.Request, []string) {
				return capture.Request{Regions: []string{"hz"}}, nil
			},
			"one region is named, and its endpoint lists its own clusters": func(b *fixture) (capture.Request, []string) {
				b.up.clusters["hz"] = b.up.clusters["hz"][:1]
				return capture.Request{Regions: []string{"hz"}}, nil
			},
			"the state of the other region cannot be read": func(b *fixture) (capture.Request, []string) {
				b.hide("/sh/")
				return capture.Request{}, nil
			},
			"a cluster is named that is elsewhere": func(b *fixture) (capture.Request, []string) {
				b.settings.Clusters, b.up.clusters["hz"] = nil, b.up.clusters["hz"][:1]
				return capture.Request{Regions: []string{"hz"}, Clusters: []string{"c-hz", "c-sh"}},
					[]string{`cluster "c-sh" is listed in none of the regions that were asked`}
			},
			"a cluster is named that is listed elsewhere": func(b *fixture) (capture.Request, []string) {
				b.settings.Clusters = nil
				return capture.Request{Regions: []string{"hz"}, Clusters: []string{"c-hz", "c-sh"}},
					[]string{`cluster "c-sh" is in region "sh", which was not asked`}
			},
		} {
			b := newTwoRegionFixture(t)
			b.mustRun(capture.Request{})
			b.up.questions()
			time.Sleep(time.Minute)
			req, problems := prepare(b)
			r := b.mustRun(req)
			asked := ofHangzhou
			if req.Clusters != nil {
				asked = "clusters hz\nhz/c-hz/_any"
			}
			checkText(t, name, b.up.questions(), asked)
			checkText(t, name, b.state("hz"), "_any/_any ok\nc-hz/_any ok")
			checkText(t, name, strings.Join(r.Regions[0].Problems, "\n"), strings.Join(problems, "\n"))
		}
	})
}

// Where one region is captured, a named cluster that is not listed is asked there, and
// E-HPC says what is wrong. A cluster that is listed in another region is not asked.
func TestNamedClusterOfARegionThatIsNotCaptured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.settings.Clusters = []string{"c-hz", "c-bj", "c-new"}
		b.up.cluster("hz", "hz", "c-hz")
		b.up.cluster("hz", "bj", "c-bj")
		r := b.mustRun(capture.Request{})
		checkText(t, "asked", b.up.questions(), "clusters hz\nhz/_any/_any\nhz/c-hz/_any\nhz/c-new/_any")
		checkText(t, "problems", strings.Join(r.Regions[0].Problems, "\n"),
			`cluster "c-bj" is in region "bj", which was not asked`)
	})
}

// hide makes every call of the store fail whose key contains a text.
func (b *fixture) hide(part string) {
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
