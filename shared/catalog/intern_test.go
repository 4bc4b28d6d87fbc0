package catalog

import "testing"

func TestInternerSharesImages(t *testing.T) {
	t.Parallel()
	var in Interner
	a, _ := in.DecodeImages([]byte(`[{"ImageId":"m-1","Size":4}]`))
	b, _ := in.DecodeImages([]byte(`[{"Size":4, "ImageId":"m-1"}]`))
	if a[0] != b[0] {
		t.Error("equal content is held twice")
	}
}
