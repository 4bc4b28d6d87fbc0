package replica

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/catalog"
)

func TestImagesAreChosenByBaseOsTag(t *testing.T) {
	t.Parallel()
	var images []*catalog.Image
	for _, object := range []string{
		`{"BaseOsTag":{"OsTag":"CentOS_7.6_64"},"ImageId":"m-object"}`,
		`{"BaseOsTag":"CentOS_7.6_64","ImageId":"m-string"}`,
		`{"BaseOsTag":{"OsTag":"CentOS_7.6_640"},"ImageId":"m-longer"}`,
		`{"Description":"on CentOS_7.6_64","ImageId":"m-described","OsTag":{"OsTag":"CentOS_7.6_64"}}`,
		`{"BaseOsTag":{"OsTag":"CentOS\u005f7.6_64"},"ImageId":"m-escaped"}`,
		`{"BaseOsTag":null,"ImageId":"m-null"}`,
		`{"BaseOsTag":"a,b","ImageId":"m-comma"}`,
	} {
		im, err := catalog.ParseImage([]byte(object))
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, im)
	}
	for tag, indexes := range map[string][]int{
		"CentOS_7.6_64": {0, 1, 4}, "CentOS_7.6_640": {2}, "CentOS_7.6": nil, "": {0, 1, 2, 3, 4, 5, 6},
		"a,b": {6}, "a": nil,
	} {
		want := []string{}
		for _, i := range indexes {
			want = append(want, images[i].Raw)
		}
		if diff := cmp.Diff(want, rawByTag(images, tag)); diff != "" {
			t.Errorf("tag %q: %s", tag, diff)
		}
	}
}
