package imageset

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/filter"
	"community-images/shared/query/request"
)

// TestFold checks that letters that are equal to an expression with (?i) are
// equal to every other condition that ignores case.
func TestFold(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if other := unicode.SimpleFold(r); field.FoldRune(r) != field.FoldRune(other) {
			t.Errorf("%q and %q differ", r, other)
		}
		// A letter becomes one of its own forms, so no two others become equal.
		if utf8.ValidRune(r) && !strings.EqualFold(string(r), field.FoldCase(string(r))) {
			t.Errorf("%q becomes %q", r, field.FoldCase(string(r)))
		}
	}
	for _, row := range []struct {
		op, value, text string
		holds           bool
	}{
		{"ieq", "ΟΔΟΣ", "οδος", true},
		{"ieq", "οδοσ", "ΟΔΟΣ", true},
		{"icontains", "δος", "ΟΔΟΣ 7", true},
		{"iprefix", "οδος", "ΟΔΟΣ 7", true},
		{"isuffix", "ΟΔΟΣ", "7 οδος", true},
		{"iglob", "*δος", "7 ΟΔΟΣ", true},
		{"iregex", ".*δος", "7 ΟΔΟΣ", true},
		{"ine", "οδος", "ΟΔΟΣ", false},
		{"ieq", "ſet \u212a", "SET k", true},
		{"ieq", "ÉCOLE 深度", "école 深度", true},
		{"ieq", "istanbul", "İstanbul", false}, // İ is no i but in Turkish
		{"icontains", "istanbul", "in İSTANBUL", false},
		{"iglob", "istan*", "İstanbul", false},
		{"iregex", "istanbul", "İstanbul", false},
		{"ieq", "İstanbul", "İSTANBUL", true},
		{"iglob", "[α-ω]7", "μ7", true}, // its least form is a sign outside the range
		{"iglob", "[α-ω]7", "Μ7", true},
		{"iregex", "[α-ω]7", "µ7", true},
		{"iglob", "[!k]8", "\u212a8", false},
		{"ieq", "strasse", "straße", false}, // letter by letter
		{"ieq", "SINIF", "sınıf", false},    // ı is no i but in Turkish
		{"eq", "οδος", "ΟΔΟΣ", false},
	} {
		f := field.NewSchema(nil).FieldNamed("ImageName")
		op, folded := filter.FindOperator(f.Kind, row.op)
		p, err := filter.New(f, op, folded, []string{row.value})
		if err != nil {
			t.Fatal(err)
		}
		if p.Test(row.text) != row.holds {
			t.Errorf("%q %s %q: want %t", row.text, row.op, row.value, row.holds)
		}
	}
	im, err := catalog.ParseImage([]byte(`{"ImageId":"m-1","ImageName":"ΟΔΟΣ 7"}`))
	if err != nil {
		t.Fatal(err)
	}
	a, err := request.Parse(&request.Config{Schema: field.NewSchema(nil)}, request.Routes()[0],
		request.Raw{Query: "q=7+οδος+ΟΔΟΣ+7"})
	if err != nil || !field.ContainsWords([]byte(field.SearchText(im)), a.SearchWords) {
		t.Errorf("q does not find %s: %v", im.Raw, err)
	}
	if len(a.SearchWords) != 2 { // each is looked for in every image
		t.Errorf("q has the words %q", a.SearchWords)
	}
}
