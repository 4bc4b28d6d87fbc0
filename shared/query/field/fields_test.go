package field

import (
	"testing"

	"community-images/shared/catalog"
)

// TestSizesAreNumbers checks that a size is a number however upstream writes it,
// and that equal sizes have one text.
func TestSizesAreNumbers(t *testing.T) {
	t.Parallel()
	size := NewSchema(nil).FieldNamed("Size")
	for value, want := range map[string]string{
		"40": "40", "40.0": "40", "4e1": "40", `"40"`: "40", `"+40"`: "40", "-0": "0", "40.5": "40.5",
		`"40.50"`: "40.5", "1e-3": "0.001", "9007199254740991": "9007199254740991",
		"1e20": "100000000000000000000", "1e21": "1e+21", "1e300": "1e+300", "1e-7": "1e-07", "1e999": "",
		`"large"`: "", `"Inf"`: "", `"nan"`: "", `"0x28"`: "", `"4_0"`: "", `" 40"`: "", `""`: "", "null": "",
		"true": "", "[40]": "", "{}": "",
	} {
		im, err := catalog.ParseImage([]byte(`{"ImageId":"m-1","Size":` + value + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := size.ValueOf(im); got != want {
			t.Errorf("the size %s is %q, want %q", value, got, want)
		}
	}
}
