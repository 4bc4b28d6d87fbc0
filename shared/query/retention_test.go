package query_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
)

// TestHistoryAfterRetention: an instance that knows the log only up to a month
// that was removed since answers as a new instance does, without a gap.
func TestHistoryAfterRetention(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	found := content{"_any/_any": parseImages(t, sampleImage)}
	w.CommitRun(hangzhou, found)
	warm := w.Handler()
	get(warm, "/v1/changes")
	for _, next := range []string{centOS79, centOS710, ubuntuCreating} {
		w.Now = w.Now.AddDate(0, 1, 0)
		found["_any/_any"] = append(found["_any/_any"], parseImages(t, next)...)
		w.CommitRun(hangzhou, found)
	}
	w.RemoveMonth(hangzhou, "2026-12")
	got, want := get(warm, "/v1/changes"), get(w.Handler(), "/v1/changes")
	if got.Code != 200 || got.Body.String() != want.Body.String() {
		t.Errorf("the warm instance answers %d\n%s\na new one %d\n%s", got.Code, got.Body, want.Code, want.Body)
	}
}

// TestScopeEndsInFirstKeptCommit: the images of a scope that ends are listed,
// even if the months that captured them are gone.
func TestScopeEndsInFirstKeptCommit(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, sampleImage),
		"ehpc-a/_any": parseImages(t, centOS79, windows), "ehpc-b/_any": parseImages(t, centOS79)})
	w.Now = w.Now.AddDate(0, 1, 0)
	// commit 2 ends the month, this is commit 3
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, centOS79)}, "ehpc-a/_any")
	w.RemoveMonth(hangzhou, "2026-11")
	h := w.Handler()
	for target, want := range map[string]string{
		"/v1/changes?by=scope&": "3 ended  ehpc-a, 3 removed m-bp181x855551ww5yq**** _any, 3 removed m-cent79 ehpc-a, " +
			"3 added m-cent79 _any, 3 removed m-win ehpc-a",
		"/v1/images/m-win/history?": "3 kept m-win ehpc-a, 3 removed m-win ehpc-a",
		"/v1/changes?": "3 ended  ehpc-a, 3 removed m-bp181x855551ww5yq**** _any, 3 added m-cent79 _any, " +
			"3 removed m-win _any",
		"/v1/changes?by=scope&kind=removed&ClusterId=ehpc-a&": "3 removed m-cent79 ehpc-a, 3 removed m-win ehpc-a",
	} {
		var got []string
		for _, e := range append(answerOf[feedAnswer](t, h, 200, target).Events,
			answerOf[feedAnswer](t, h, 200, target).Changes...) {
			got = append(got, fmt.Sprintf("%d %s %s %s", e.Sequence, e.Kind, e.ImageId, cmp.Or(e.ClusterId, "_any")))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s shows %q", target, got)
		}
	}
	checkError(t, get(h, "/v1/images/m-win"), 410, "ImageGone", []string{"2026-12-23T09:00:00.000Z"})
}
