package replica

import (
	"slices"
	"testing"

	"community-images/shared/catalog"
)

func TestImagesAreChosenByBaseOsTag(t *testing.T) {
	t.Parallel()
	objects := []string{
		`{"BaseOsTag":{"OsTag":"CentOS_7.6_64"},"ImageId":"m-object"}`,
		`{"BaseOsTag":"CentOS_7.6_64","ImageId":"m-string"}`,
		`{"BaseOsTag":{"OsTag":"CentOS_7.6_640"},"ImageId":"m-longer"}`,
		`{"Description":"on CentOS_7.6_64","ImageId":"m-described","OsTag":{"OsTag":"CentOS_7.6_64"}}`,
		`{"BaseOsTag":{"OsTag":"CentOS\u005f7.6_64"},"ImageId":"m-escaped"}`,
		`{"BaseOsTag":null,"ImageId":"m-null"}`,
	}
	var in catalog.Interner
	for name, parse := range map[string]func(string) *catalog.Image{
		"counted by an Interner": func(s string) *catalog.Image {
			list, err := in.DecodeImages([]byte("[" + s + "]"))
			if err != nil {
				t.Fatal(err)
			}
			return list[0]
		},
		"without a number": func(s string) *catalog.Image {
			im, err := catalog.ParseImage([]byte(s))
			if err != nil {
				t.Fatal(err)
			}
			return im
		},
		"numbered beyond the table": func(s string) *catalog.Image {
			im, err := catalog.ParseImage([]byte(s))
			if err != nil {
				t.Fatal(err)
			}
			im.Number = maxTags
			return im
		},
	} {
		var images []*catalog.Image
		for _, s := range objects {
			images = append(images, parse(s))
		}
		var known tags
		for range 2 { // looked up, and remembered
			for tag, want := range map[string][]int{"CentOS_7.6_64": {0, 1, 4}, "CentOS_7.6_640": {2}, "CentOS_7.6": nil, "": {0, 1, 2, 3, 4, 5}} {
				var raw []string
				for _, i := range want {
					raw = append(raw, images[i].Raw)
				}
				if got := known.pick(images, tag); !slices.Equal(got, raw) {
					t.Errorf("%s: with the tag %q are %q, want %q", name, tag, got, raw)
				}
			}
		}
	}
}
