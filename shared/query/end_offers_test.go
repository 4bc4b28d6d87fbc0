package query_test

import (
	"strings"
	"testing"
	"time"

	"community-images/shared/catalog"
)

// TestFeedReadsListsForRemovalsAlone: a feed that goes up to the present knows from the log
// that what was added last is still offered. A removal says nothing of other clusters.
func TestFeedReadsListsForRemovalsAlone(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	all := parseImages(t, sampleImage, windows)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": all, "ehpc-b/_any": all})
	for _, step := range []struct {
		images    []*catalog.Image
		readsList bool
	}{{all[:1], true}, {all, false}} {
		w.Now = w.Now.Add(time.Hour)
		w.CommitRun(hangzhou, content{"ehpc-a/_any": step.images})
		w.Memory.Requests()
		rec := get(w.Handler(), "/v1/changes?since=0")
		if rec.Code != 200 || strings.Contains(rec.Body.String(), `"Offered":false`) {
			t.Errorf("with %d images the feed is %s", len(step.images), dump(rec))
		}
		asked := w.Memory.Requests()
		reads := strings.Contains(asked, "/index.ndjson") || strings.Contains(asked, "/clusters/")
		if reads != step.readsList {
			t.Errorf("with %d images it reads lists: %t; it asks\n%s", len(step.images), reads, asked)
		}
	}
}
