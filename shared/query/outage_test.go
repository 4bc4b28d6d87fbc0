package query_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive/buckettest"
	"community-images/shared/query"
)

func TestStoreDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSmallRegion(t)
		down := false
		w.Bucket = buckettest.NewFaulty(w.Memory, func(buckettest.Op) *buckettest.Fault {
			if down {
				return &buckettest.Fault{Err: errDown}
			}
			return nil
		})
		var logged []string
		h := w.Handler(func(o *query.Options) { o.Report = collectReports(&logged) })
		down = true
		checkError(t, get(h, "/v1/images"), 503, "StorageUnavailable", nil)
		down = false
		if rec := get(h, "/v1/images"); rec.Code != 200 || rec.Header().Get("Warning") != "" {
			t.Fatalf("a failure is remembered: %d %s", rec.Code, rec.Body)
		}
		down = true
		w.Now = w.Now.Add(time.Minute)
		rec := get(h, "/v1/images")
		if rec.Code != 200 || rec.Header().Get("Warning") == "" ||
			!strings.Contains(rec.Body.String(), "the storage cannot be reached") {
			t.Errorf("with data in hand: %d %s", rec.Code, rec.Body)
		}
		if get(h, "/v1/images"); len(logged) != 2 {
			t.Errorf("the log has %q, want an entry for each of two attempts", logged)
		}
		checkError(t, get(h, "/v1/images?ClusterId=ehpc-a"), 503, "StorageUnavailable", nil)
		down = false
		w.Now = w.Now.Add(time.Minute)
		if rec = get(h, "/v1/images"); rec.Header().Get("Warning") != "" {
			t.Errorf("after the outage: %s", rec.Body)
		}
	})
}

func TestStoreHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSmallRegion(t)
		hangs, calls := true, 0
		w.Bucket = buckettest.NewFaulty(w.Memory, func(buckettest.Op) *buckettest.Fault {
			if hangs {
				calls++
				time.Sleep(time.Minute)
			}
			return nil
		})
		h := w.Handler()
		began := time.Now()
		for range 20 {
			go func() { checkError(t, get(h, "/v1/images"), 503, "StorageUnavailable", nil) }()
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if calls != 1 || time.Since(began) > 3*time.Second {
			t.Errorf("20 callers made %d calls", calls)
		}
		time.Sleep(2 * time.Minute)
		hangs = false
		get(h, "/v1/images")
		hangs = true
		for range 3 {
			w.Now = w.Now.Add(time.Minute)
			began := time.Now()
			if rec := get(h, "/v1/images"); rec.Code != 200 || rec.Header().Get("Warning") == "" ||
				time.Since(began) > time.Second {
				t.Errorf("warm: %d after %s %s", rec.Code, time.Since(began), rec.Body)
			}
		}
		time.Sleep(2 * time.Minute)
	})
}
