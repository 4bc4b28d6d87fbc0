package query_test

import (
	"testing"
)

// TestHistoryGoesOnWithWhatIsKept: an instance that knows the log only up to
// a month that retention has removed since tells what a new instance tells,
// and not a history with a hole in it.
func TestHistoryGoesOnWithWhatIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	found := content{"_any/_any": images(t, sample)}
	w.run(hangzhou, found)
	warm := w.handler()
	get(warm, "/v1/changes")
	for _, next := range []string{cent79, cent10, ubuntu} {
		w.now = w.now.AddDate(0, 1, 0)
		found["_any/_any"] = append(found["_any/_any"], images(t, next)...)
		w.run(hangzhou, found)
	}
	for _, month := range []string{"2026-11", "2026-12"} {
		key, err := w.keys.Log(hangzhou, month)
		if err != nil {
			t.Fatal(err)
		}
		w.memory.Spoil(key, nil)
	}
	got, want := get(warm, "/v1/changes"), get(w.handler(), "/v1/changes")
	if got.Code != 200 || got.Body.String() != want.Body.String() {
		t.Errorf("the warm instance answers %d\n%s\na new one %d\n%s", got.Code, got.Body, want.Code, want.Body)
	}
}
