package query_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/query"
)

// hintWithoutNumber is the hint of a caller who must not or cannot know the number.
const hintWithoutNumber = "Only images that every cluster supports. ClusterId=* searches all captured images."

// TestHintCountsWhatClusterStarLists: whatever runs find, the hint names the TotalCount of
// ClusterId=*, and the ETag changes with it.
func TestHintCountsWhatClusterStarLists(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	h := w.Handler(func(o *query.Options) { o.HeadTTL = 0 })
	tags := map[string]string{} // texts by ETag
	for _, step := range []struct {
		about string
		found content
		ended string
		want  int
	}{
		{"one more in a cluster", content{"_any/_any": parseImages(t, centOS79),
			"ehpc-a/_any": parseImages(t, centOS79, ubuntuAvailable)}, "", 2},
		{"nothing new", content{"_any/_any": parseImages(t, centOS79)}, "", 2},
		{"one id with two contents", content{"ehpc-b/_any": parseImages(t, centOS79, ubuntuCreating)}, "", 3},
		{"an image goes", content{"ehpc-b/_any": parseImages(t, centOS79)}, "", 2},
		{"a cluster ends", content{"_any/_any": parseImages(t, centOS79)}, "ehpc-a/_any", 1},
		{"an image in every cluster", content{"_any/_any": parseImages(t, centOS79, centOS710)}, "", 2},
	} {
		if step.ended == "" {
			w.CommitRun(hangzhou, step.found)
		} else {
			w.CommitRun(hangzhou, step.found, step.ended)
		}
		w.Now = w.Now.Add(time.Minute)
		var all struct{ TotalCount int }
		err := json.Unmarshal(get(h, "/v1/images?ClusterId=*").Body.Bytes(), &all)
		if err != nil || all.TotalCount != step.want {
			t.Fatalf("%s: ClusterId=* lists %d images (%v), want %d", step.about, all.TotalCount, err, step.want)
		}
		rec := get(h, "/v1/images?OsTag.Version=7.9") // a condition does not change the numbers
		supported := 1
		if step.about == "an image in every cluster" {
			supported = 2
		}
		want := fmt.Sprintf("Every cluster supports %d of %d captured images; ClusterId=* searches all.",
			supported, step.want)
		if got := hintsOf(t, rec); len(got) != 1 || got[0] != want {
			t.Errorf("%s: hints %q, want %q", step.about, got, want)
		}
		tag := rec.Header().Get("ETag")
		if text, known := tags[tag]; known && text != want {
			t.Errorf("%s: ETag %s stands for %q too", step.about, tag, text)
		}
		tags[tag] = want
	}
}

// TestHintCountIsInTheETag: a 304 confirms the number and needs no image. If-Match is about
// the images alone.
func TestHintCountIsInTheETag(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler(func(o *query.Options) { o.HeadTTL = 0 })
	tag := get(h, "/v1/images").Header().Get("ETag")
	w.Memory.Requests()
	rec := get(w.Handler(), "/v1/images", "If-None-Match", tag)
	read := w.Memory.Requests()
	if rec.Code != 304 || strings.Contains(read, "index") || strings.Contains(read, "clusters/") {
		t.Errorf("If-None-Match answers %d after reading\n%s", rec.Code, read)
	}
	w.CommitRun(hangzhou, content{"ehpc-b/_any": parseImages(t, sampleImage)})
	w.Now = w.Now.Add(time.Minute)
	if rec := get(h, "/v1/images", "If-None-Match", tag); rec.Code != 200 {
		t.Errorf("with another number, If-None-Match answers %d, want 200", rec.Code)
	}
	for _, tag := range []string{tag, get(h, "/v1/images").Header().Get("ETag")} {
		if rec := get(h, "/v1/images", "If-Match", tag); rec.Code != 200 {
			t.Errorf("If-Match: %s answers %d, want 200", tag, rec.Code)
		}
	}
}

// TestHintWithoutNumber: there is none where it would tell too much, or would be wrong.
func TestHintWithoutNumber(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	redacts := w.Handler(func(o *query.Options) { o.Redact = []string{"Size"} })
	limited := w.Handler(allow(access.Grant{Name: "b", Clusters: []string{"ehpc-b", "_any"}}))
	for about, got := range map[string][]string{
		"redacted fields":  hintsOf(t, get(redacts, "/v1/images")),
		"a limited caller": hintsOf(t, get(limited, "/v1/images", "Authorization", bearer("b"))),
		"a past state":     hintsOf(t, get(w.Handler(), "/v1/images?at=1")),
	} {
		if len(got) != 1 || got[0] != hintWithoutNumber {
			t.Errorf("%s: hints %q, want %q", about, got, hintWithoutNumber)
		}
	}
}
