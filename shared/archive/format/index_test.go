package format

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"community-images/shared/catalog"
)

// TestIndexInternsImagesOnDemand: a decoded index knows ids and dates without interning an
// image, then the images of one list alone, then all. What it says stays the same.
func TestIndexInternsImagesOnDemand(t *testing.T) {
	t.Parallel()
	var images []*catalog.Image
	dates, at := DatesByID{"gone": {}}, catalog.At(time.Unix(1764000000, 0))
	for i, object := range []string{`{"ImageId":"a"}`, `{"ImageId":"b","Size":1}`, `{"ImageId":"b","Size":2}`,
		`{"ImageId":"c"}`} {
		im, err := catalog.ParseImage([]byte(object))
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, im)
		dates[im.ImageID] = ImageDates{FirstSeen: at, ChangedAt: catalog.At(at.Add(time.Duration(i) * time.Hour))}
	}
	one, two := fmt.Sprintf("%064d", 1), fmt.Sprintf("%064d", 2)
	head := &Head{RegionID: "cn-hangzhou", scopes: []ScopeState{{Digest: one}, {ClusterID: "ehpc-2", Digest: two}}}
	data, err := NewIndex(head, map[string][]*catalog.Image{one: images[1:3], two: images}, dates).Encode()
	if err != nil {
		t.Fatal(err)
	}
	var interner catalog.Interner
	x, err := DecodeIndex("cn-hangzhou", data, &interner)
	if err != nil {
		t.Fatal(err)
	}
	check := func(about string, interned int32) {
		t.Helper()
		// The next image of the interner tells how many there were.
		next, err := interner.DecodeImages(fmt.Appendf(nil, `[{"ImageId":%q}]`, about))
		if err != nil || next[0].Number != interned+1 {
			t.Errorf("%s: the next image is %v (%v), want number %d", about, next, err, interned+1)
		}
		from, to := x.FindImage("b")
		changed, ok := x.DatesOf("b")
		_, hasGone := x.DatesOf("gone")
		if x.Len() != 4 || from != 1 || to != 3 || x.ImageID(1) != "b" || !ok || !hasGone ||
			!changed.ChangedAt.Equal(at.Add(2*time.Hour)) {
			t.Errorf("%s: b is at %d to %d of %d, changed at %v", about, from, to, x.Len(), changed.ChangedAt)
		}
	}
	check("decoded", 0)
	list, _ := x.List(one)
	check("one list", 3)
	all := x.Images()
	check("all images", 6)
	again, _ := x.List(one)
	if !slices.Equal(list, again) || !slices.Equal(list, all[1:3]) || list[0].Raw != images[1].Raw {
		t.Errorf("the list is %v, then %v; the images are %v", list, again, all)
	}
}
