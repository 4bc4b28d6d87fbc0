package replica_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/replica"
)

// counted is a source that knows how many of the states that it gave are still
// held by anybody.
type counted struct {
	replica.Source
	seen map[weak.Pointer[archive.Region]]bool
	held *atomic.Int64
}

func (c *counted) Region(ctx context.Context, id, at string) (*archive.Region, bool, error) {
	r, confirmed, err := c.Source.Region(ctx, id, at)
	if err == nil && !c.seen[weak.Make(r)] {
		c.seen[weak.Make(r)] = true
		c.held.Add(1)
		runtime.AddCleanup(r, func(held *atomic.Int64) { held.Add(-1) }, c.held)
	}
	return r, confirmed, err
}

// What is kept for ListClusters goes with the head that it is of: a new one
// takes its place, however many callers have asked.
func TestListingsOfOldHeadsAreLetGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	both := []string{hangzhou, shanghai}
	var held atomic.Int64
	sources := map[string]*counted{}
	whole := w.source(w.memory, both...)
	h := w.replica(closed, func(o *replica.Options) {
		o.Regions = both
		o.Source = func(g *access.Grant) replica.Source {
			if sources[g.Key()] == nil {
				sources[g.Key()] = &counted{whole(g), map[weak.Pointer[archive.Region]]bool{}, &held}
			}
			return sources[g.Key()]
		}
	})
	var was string
	for i := range 12 {
		fresh := fmt.Sprintf(`{"Id":"ehpc-a","Name":"run %d"}`, i)
		w.run(hangzhou, content{"_any/_any": {cent72}, "ehpc-a/_any": {cent72}}, fresh, clusterB)
		w.run(shanghai, content{"_any/_any": {cent72}}, clusterC)
		w.now = w.now.Add(time.Minute)
		for _, token := range []string{"token-wide", "token-a"} {
			var told [2]string // the second time from what is kept
			for j := range told {
				r := httptest.NewRequest("GET", "/?"+clusters, nil)
				r.Header.Set("Authorization", "Bearer "+token)
				told[j] = do(h, r).Body.String()
			}
			if told[0] != told[1] || !strings.Contains(told[0], fresh) || strings.Contains(told[0], "ehpc-b") != (token == "token-wide") || told[0] == was {
				t.Fatalf("run %d, %s: %s and then %s", i, token, told[0], told[1])
			}
			was = told[0]
		}
	}
	const most = 6 // of two regions the head for each of two grants, and the one up to which the log has been read
	for range 3000 {
		runtime.GC()
		if held.Load() <= most {
			return
		}
		time.Sleep(10 * time.Millisecond) // the count is brought down beside the collector
	}
	runtime.KeepAlive(h)
	t.Errorf("%d heads are held, want %d", held.Load(), most)
}
