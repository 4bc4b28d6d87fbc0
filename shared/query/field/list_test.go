package field

import (
	"slices"
	"testing"
)

// FuzzListsAreWrittenAsTheyAreRead checks that SplitList reads what JoinList
// writes.
func FuzzListsAreWrittenAsTheyAreRead(f *testing.F) {
	f.Add(`a\`, `b,c`, `\d+\\,`)
	f.Add("", ",", `\\`)
	f.Add(`\\,\`, "\xff\\", `,\,\\\`)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		want := []string{a, b, c}
		if got := SplitList(JoinList(want)); !slices.Equal(got, want) {
			t.Errorf("%q becomes %q and is read as %q", want, JoinList(want), got)
		}
	})
}
