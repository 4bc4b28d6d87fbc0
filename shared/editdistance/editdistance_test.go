package editdistance

import "testing"

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"status", "status", 0},
		{"status", "statu", 1},   // a letter too few
		{"status", "sstatus", 1}, // too many
		{"status", "stotus", 1},  // another
		{"status", "sttaus", 1},  // two swapped
		{"stauts", "status", 1}, {"ab", "ba", 1}, {"kitten", "sitting", 3},
	} {
		if got := Distance(row.a, row.b); got != row.want {
			t.Errorf("%q is %d from %q, want %d", row.a, got, row.b, row.want)
		}
		if got := Distance(row.b, row.a); got != row.want {
			t.Errorf("%q is %d from %q, want %d", row.b, got, row.a, row.want)
		}
	}
}
