package access_test

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkFind finds the first, the last and no token among a hundred: one
// SHA-256 and a scan for each.
func BenchmarkFind(b *testing.B) {
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("%02d", i))
	}
	list, now := tokens(names...), time.Unix(0, 0)
	for _, name := range []string{"00", "99", "xx"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				list.Find("token-"+name, now)
			}
		})
	}
}
