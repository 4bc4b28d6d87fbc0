package ehpctest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/catalog"
)

// TestPastIsCalm: in a tick of the past at most one thing happens in each region, besides
// that new images become available. Over the whole past everything happens.
func TestPastIsCalm(t *testing.T) {
	t.Parallel()
	w := NewSimulationWithPast(20180412)
	seen, before := map[string]int{}, map[string]map[string]string{}
	for ; w.TickCount() < 0; w.Tick() {
		for _, cluster := range []string{"ehpc-hz-FYUr32hD1k", "ehpc-hz-b8LmW0sT5e"} {
			now := map[string]string{}
			for _, im := range images(t, w, Question{RegionID: "cn-hangzhou", ClusterID: cluster}) {
				now[im.ImageID] = im.Raw
			}
			news := 0
			if last := before[cluster]; last != nil {
				for _, kind := range pastKinds(last, now) {
					seen[kind]++
					if news++; kind == "finished" {
						news--
					}
				}
			}
			if news > 1 {
				t.Errorf("tick %d: %d changes of %s", w.TickCount(), news, cluster)
			}
			before[cluster] = now
		}
		call := Call{Action: "ListCommunityImages", Question: Question{ClusterID: "ehpc-hz-QnKzVnX9aT"}}
		if f := w.Fault(call); f != nil {
			seen["outage"]++
		}
		if n := len(w.Clusters("")); n == 7 {
			seen["trial"]++
		} else if n != 6 {
			t.Errorf("tick %d: %d clusters", w.TickCount(), n)
		}
	}
	want := map[string]int{"outage": outageUntil - outageFrom, "trial": trialUntil - trialFrom}
	if diff := cmp.Diff(want, map[string]int{"outage": seen["outage"], "trial": seen["trial"]}); diff != "" {
		t.Error(diff)
	}
	for _, kind := range []string{"added", "removed", "changed", "finished"} {
		if seen[kind] < 5 {
			t.Errorf("seen: %v", seen)
		}
	}
}

// pastKinds names what differs between two lists by id.
func pastKinds(before, now map[string]string) (kinds []string) {
	for id, raw := range now {
		switch old, known := before[id]; {
		case !known:
			kinds = append(kinds, "added")
		case old != raw && parse(old).Text("Status") == "Creating":
			kinds = append(kinds, "finished")
		case old != raw:
			kinds = append(kinds, "changed")
		}
	}
	for id := range before {
		if _, known := now[id]; !known {
			kinds = append(kinds, "removed")
		}
	}
	return kinds
}

// parse returns the image with a JSON text.
func parse(raw string) *catalog.Image {
	list, err := new(catalog.Interner).DecodeImages([]byte("[" + raw + "]"))
	if err != nil {
		panic(err)
	}
	return list[0]
}

// TestBootImageGoesInThePast: at tick 0 one cluster boots from an image that went some days
// ago and was offered before, and one from an image that stays.
func TestBootImageGoesInThePast(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 7, 20180412} {
		w := NewSimulationWithPast(seed)
		isOffered := func(i int) bool { return bootImageIsOffered(t, w, i) }
		if w.AdvanceTo(lossFrom - 1); !isOffered(keepsImage) || !isOffered(losesImage) {
			t.Errorf("seed %d: %t %t at tick %d", seed, isOffered(keepsImage), isOffered(losesImage), w.TickCount())
		}
		if w.AdvanceTo(0); !isOffered(keepsImage) || isOffered(losesImage) {
			t.Errorf("seed %d: %t %t at tick 0", seed, isOffered(keepsImage), isOffered(losesImage))
		}
	}
}
