package capture_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"community-images/shared/capture"
)

func TestShardsCoverTheFleetOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		for i := range 20 {
			b.up.cluster("hz", "hz", fmt.Sprint("c", i), "ecs.a")
		}
		b.mustRun(capture.Request{})
		all := b.up.questions()
		var parts []string
		for i := range 3 {
			b.mustRun(capture.Request{Shard: capture.Shard{Index: i + 1, Count: 3}})
			parts = append(parts, strings.Split(b.up.questions(), "\n")[1:]...) // without the listing
		}
		slices.Sort(parts)
		checkText(t, "asked by the shards", "clusters hz\n"+strings.Join(parts, "\n"), all)
		if n := strings.Count(b.state("hz"), " ok"); n != 41 {
			t.Errorf("%d scopes are left, a shard ended another's", n)
		}
	})
}
