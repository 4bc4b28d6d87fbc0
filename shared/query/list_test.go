package query

import (
	"slices"
	"testing"
)

// FuzzListsAreWrittenAsTheyAreRead checks that splitList reads what joinList
// writes.
func FuzzListsAreWrittenAsTheyAreRead(f *testing.F) {
	f.Add(`a\`, `b,c`, `\d+\\,`)
	f.Add("", ",", `\\`)
	f.Add(`\\,\`, "\xff\\", `,\,\\\`)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		want := []string{a, b, c}
		if got := splitList(joinList(want)); !slices.Equal(got, want) {
			t.Errorf("%q becomes %q and is read as %q", want, joinList(want), got)
		}
	})
}
