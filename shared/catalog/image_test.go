package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestImageTakesWhatUpstreamSends(t *testing.T) {
	t.Parallel()
	im, err := ParseImage(
		[]byte(`{"ImageId":"m-1","Size":"40","OsTag":"CentOS_7.2_64","BaseOsTag":null,"Uid":127,"New":{"b":1,"a":2}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Image{
		Raw:     `{"BaseOsTag":null,"ImageId":"m-1","New":{"a":2,"b":1},"OsTag":"CentOS_7.2_64","Size":"40","Uid":127}`,
		ImageID: "m-1",
	}
	if diff := cmp.Diff(want, im); diff != "" {
		t.Error(diff)
	}
	for field, text := range map[string]string{
		"ImageId": "m-1", "Size": "40", "Uid": "127", "OsTag.OsTag": "CentOS_7.2_64", "OsTag.Version": "",
		"BaseOsTag.OsTag": "", "Status": "", "New": `{"a":2,"b":1}`, "New.a": "2",
	} {
		if got := im.Text(field); got != text {
			t.Errorf("%s is %q, want %q", field, got, text)
		}
	}
}

func TestImageNeedsAnID(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{`{}`, `[]`, `null`, `"m-1"`, `{"ImageId":""}`, `{"ImageId":null}`, `{"ImageId":7}`,
		`{"ImageId":"a\nb"}`, `{"ImageId":"a\u0085b"}`,
		"{\"ImageId\":\"a\u009bb\"}", `{"ImageId":"a\u2028b"}`, `{"ImageID":"m-1"}`} {
		if im, err := ParseImage([]byte(bad)); err == nil {
			t.Errorf("ParseImage(%s) = %+v, want an error", bad, im)
		}
	}
}
