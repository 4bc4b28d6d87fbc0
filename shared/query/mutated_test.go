package query_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/catalog"
	"community-images/shared/query"
	"community-images/shared/query/querytest"
)

// newManyClusters returns a region with three commits and more lists than are
// read one by one.
func newManyClusters(t testing.TB) *fixture {
	w := newFixture(t)
	for run := range 3 {
		found := content{"_any/_any": parseImages(t, sampleImage, centOS79)}
		for i := range 12 {
			list := []*catalog.Image{}
			for j := range 6 {
				if (i+j+run)%4 > 0 {
					list = append(list, parseImages(t, fmt.Sprintf(
						`{"ImageId":"m-%d","ImageName":"of run %d","Status":"Available"}`, j, run/2*j))...)
				}
			}
			found[fmt.Sprintf("ehpc-%02d/_any", i)] = list
		}
		w.CommitRun(hangzhou, found)
		w.Now = w.Now.Add(time.Hour)
	}
	return w
}

// TestLookupsOfMutatedStores damages one random object and asks a new handler.
// It must answer as before, or say that it cannot.
func TestLookupsOfMutatedStores(t *testing.T) {
	t.Parallel()
	w := newManyClusters(t)
	targets := []string{
		"/v1/images?ClusterId=*&format=csv&limit=1000", "/v1/images?ClusterId=ehpc-03&format=csv",
		"/v1/images?ClusterId=*&at=1&format=csv&limit=1000", "/v1/images?ClusterId=*&at=2&format=ids&limit=1000",
		"/v1/changes?format=ndjson&limit=1000", "/v1/matrix?ClusterId=*&format=csv&limit=1000",
	}
	sound := w.Memory.Objects()
	truth := map[string]string{}
	for _, target := range targets {
		rec := get(w.Handler(), target)
		if truth[target] = rec.Body.String(); rec.Code != 200 {
			t.Fatalf("%s is answered %d %s", target, rec.Code, rec.Body)
		}
	}
	stores := 800 / querytest.WorkDivisor
	keys, random, answered, refused := slices.Sorted(maps.Keys(sound)), rand.New(rand.NewPCG(8, 9)), 0, map[string]int{}
	derived := slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		return strings.Contains(key, "/clusters/")
	})
	for range stores {
		objects := maps.Clone(sound)
		key := keys[random.IntN(len(keys))]
		if random.IntN(2) == 0 { // head, log and index are few among many objects
			key = derived[random.IntN(len(derived))]
		}
		data := bytes.Clone(objects[key])
		switch random.IntN(4) {
		case 0:
			data[random.IntN(len(data))] ^= 1 << random.IntN(8)
			objects[key] = data
		case 1:
			objects[key] = data[:len(data)*random.IntN(16)/16]
		case 2:
			delete(objects, key)
		case 3:
			other := keys[random.IntN(len(keys))]
			objects[key], objects[other] = objects[other], objects[key]
		}
		h := w.CopyWithObjects(objects).Handler(func(o *query.Options) { o.Report = nil })
		for _, target := range targets {
			rec := get(h, target)
			if rec.Code == 200 && rec.Body.String() == truth[target] {
				answered++
				continue
			}
			var problem struct{ Code string }
			if err := json.Unmarshal(rec.Body.Bytes(), &problem); err != nil || rec.Code != 503 ||
				rec.Header().Get("Retry-After") == "" {
				t.Errorf("%q spoilt, %s is answered %d %s", key, target, rec.Code, rec.Body)
			}
			refused[problem.Code]++
		}
	}
	if answered == 0 || len(refused) == 0 {
		t.Errorf("%d answered, %v refused", answered, refused)
	}
	t.Logf("%d stores: %d lookups as before, refused %v, 0 wrong", stores, answered, refused)
}
