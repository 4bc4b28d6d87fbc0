package query_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive/buckettest"
	"community-images/shared/query"
)

// TestLookupWhileFrozenAttemptEnds: an instance was frozen during an attempt to
// read the head. The first lookup after the thaw comes while that attempt is
// ending. It asks the store again, which has recovered.
func TestLookupWhileFrozenAttemptEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSmallRegion(t)
		freezes := false
		w.Bucket = buckettest.NewFaulty(w.Memory, func(buckettest.Op) *buckettest.Fault {
			if !freezes {
				return nil
			}
			time.Sleep(4 * time.Second) // longer than any attempt takes
			return &buckettest.Fault{Err: errDown}
		})
		thawed := make(chan string, 1)
		var ask func()
		h := w.Handler(func(o *query.Options) {
			o.Report = func(context.Context, string, error) { // the attempt is over, but others still join it
				freezes = false
				go ask()
				synctest.Wait()
			}
		})
		ask = func() { thawed <- get(h, "/v1/images").Header().Get("Warning") }
		get(h, "/v1/images")
		w.Now = w.Now.Add(time.Minute)
		freezes = true
		if rec := get(h, "/v1/images"); rec.Header().Get("Warning") == "" {
			t.Errorf("while the store hangs: %s", rec.Body)
		}
		if warning := <-thawed; warning != "" {
			t.Errorf("after the thaw: %s", warning)
		}
	})
}
