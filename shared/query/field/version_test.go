package field

import (
	"cmp"
	"slices"
	"testing"
)

// TestVersionsCompareAsPeopleCount checks the order that the README documents.
// Each line comes before the next, and the versions of one line are equal.
func TestVersionsCompareAsPeopleCount(t *testing.T) {
	t.Parallel()
	rising := [][]string{
		{"rc1"},
		{"", "-", "..", " "},
		{"Core 1", "core1", "CORE-01"},
		{"v", "V"},
		{"v 7"}, // a word of its own
		{"édition 7", "ÉDITION 7"},
		{"专业版 7"},
		{"7", "v7", "V7", "7.", "(7)", "007"},
		{"7.2-beta"},
		{"7.2", "v7.2", "7-2", "7_02", "7 2", "7.2-"},
		{"7.2-hotfix", "7.2hotfix", "7.2.HotFix"},
		{"7.2.0"},
		{"7.9"},
		{"7.10-alpha", "7.10Alpha"}, {"7.10-beta"}, {"7.10-dev"}, {"7.10-pre"}, {"7.10-preview"}, {"7.10-RC", "7.10rc"},
		{"7.10-rc1", "7.10~rc.1"}, {"7.10-rc2"},
		{"7.10"},
		{"7.10.1"},
		{"8"},
		{"12"},
		{"12 SP1", "12-SP1", "12_sp1", "12sp1", "12.SP.1"}, {"12 sp2"},
		{"12.1"},
		{"2003"},
		{"2019 数据中心版"},
		{"99999999999999999999"}, {"100000000000000000000"},
	}
	for i, line := range rising {
		for _, a := range line {
			for j, other := range rising {
				for _, b := range other {
					if got, want := CompareVersions(a, b), cmp.Compare(i, j); got != want {
						t.Errorf("CompareVersions(%q, %q) = %d, want %d", a, b, got, want)
					}
				}
			}
		}
	}
}

// FuzzVersionsAreAnOrder checks what sorting needs: comparing is antisymmetric
// and transitive.
func FuzzVersionsAreAnOrder(f *testing.F) {
	f.Add("7.10", "7.9", "7.9a")
	f.Add("7.10-rc1", "7.10", "7.10 é")
	f.Add("v0rc", "V00-RC\x00", "0.ſ\xff")              // the least of each class, and bytes that are no letters
	f.Add("1.\u212a", "1.k", "1K.99999999999999999999") // a letter that folds to an ASCII one
	f.Add("vv7", "v", "-v7")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if CompareVersions(a, b) != -CompareVersions(b, a) || CompareVersions(a, a) != 0 {
			t.Fatalf("%q and %q", a, b)
		}
		list := []string{a, b, c}
		slices.SortFunc(list, CompareVersions)
		if CompareVersions(list[0], list[2]) > 0 {
			t.Fatalf("%q", list)
		}
	})
}
