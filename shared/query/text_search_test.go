package query_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive/archivetest"
	"community-images/shared/query"
)

// TestTextSearchAsImagesComeAndGo: q searches the texts of all images that were ever
// loaded. A search finds images that came after the same search failed, and no image that
// is gone. A word cannot begin in one image and end in the next.
func TestTextSearchAsImagesComeAndGo(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	h := w.Handler(func(o *query.Options) { o.HeadTTL = 0 })
	image := func(id, name string) string {
		return fmt.Sprintf(`{"ImageId":"m-%s","ImageName":%q,"ProductCode":"end"}`, id, name)
	}
	for _, step := range []struct {
		images   []string
		searches map[string]string // the ids that match, else what the hint says is not there
	}{
		{[]string{image("1", "start alpha"), image("2", "start beta")}, map[string]string{
			"start": "m-1 m-2", "start+beta": "m-2", "beta+start": "m-2", "alpha+beta": "all words of q=alpha beta.",
			"gamma": `"gamma"`, "start+gamma": `"gamma"`, "delta+gamma": `"delta", "gamma"`, "endstart": `"endstart"`,
		}},
		{[]string{image("1", "start alpha"), image("2", "start beta"), image("3", "gamma"), image("4", "start gam")},
			map[string]string{"gamma": "m-3", "start+gamma": "all words of q=start gamma.", "start+gam": "m-4",
				"delta+gamma": `"delta"`}},
		{[]string{image("1", "start alpha"), image("5", "end delta")}, map[string]string{
			"beta": `"beta"`, "start+beta": `"beta"`, "gamma": `"gamma"`, "delta": "m-5", "alpha": "m-1",
		}},
	} {
		w.CommitRun(archivetest.Hangzhou, archivetest.Content{"ehpc-a/_any": parseImages(t, step.images...)})
		w.Now = w.Now.Add(time.Minute)
		for words, want := range step.searches {
			rec := get(h, "/v1/images?ClusterId=*&format=ids&q="+words)
			ids := strings.Join(strings.Fields(rec.Body.String()), " ")
			hints := strings.Join(hintsOf(t, get(h, "/v1/images?ClusterId=*&q="+words)), " ")
			missing, hasMissing := strings.CutPrefix(hints, "No captured image contains ")
			missing, _, _ = strings.Cut(missing, " in its name")
			if hasMissing {
				ids += missing
			}
			if ids != want {
				t.Errorf("%d images, q=%s: got %s (%s), want %s", len(step.images), words, ids, hints, want)
			}
		}
	}
}
