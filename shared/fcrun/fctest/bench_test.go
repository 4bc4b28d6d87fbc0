package fctest_test

import (
	"os"
	"testing"

	"community-images/shared/fcrun/fctest"
)

// BenchmarkInvocation compares the least function there is with one behind
// fcrun.HTTP, over the runtime protocol, one in flight. Besides the time of an
// invocation it gives the CPU time of the function's process.
func BenchmarkInvocation(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	for _, row := range []struct{ name, binary string }{
		{"hello", fctest.Binary(b, "community-images/shared/fcrun/fctest/testdata/hello")},
		{"fcrun.HTTP", self},
	} {
		b.Run(row.name, func(b *testing.B) {
			f, err := fctest.Start(b.Context(), row.binary, fctest.Options{Env: []string{"KIND=http"}})
			if err != nil {
				b.Fatal(err)
			}
			event := fctest.Get("/v1/images?ClusterId=ehpc-hz-FYUr32abcd&OsTag.Platform=CentOS&Status=Available&limit=1")
			for b.Loop() {
				if r, err := f.Invoke(b.Context(), event); err != nil || r.Error != nil {
					b.Fatal(err, r.Error)
				}
			}
			f.Stop()
			_, state := f.Process()
			b.ReportMetric(float64((state.UserTime()+state.SystemTime()).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// BenchmarkColdStart is from exec to the first answer.
func BenchmarkColdStart(b *testing.B) {
	hello := fctest.Binary(b, "community-images/shared/fcrun/fctest/testdata/hello")
	for b.Loop() {
		f, err := fctest.Start(b.Context(), hello, fctest.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.Invoke(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
		f.Stop()
	}
}
