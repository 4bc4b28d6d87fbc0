package ehpc_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"community-images/shared/catalog"
	"community-images/shared/ehpc"
	"community-images/shared/ehpc/ehpctest"
)

// cpu is what this process has used so far.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// The CPU figure includes the endpoint, which is in the same process.
func BenchmarkUnchangedCall(b *testing.B) {
	endpoint := ehpctest.New(ehpctest.Options{Data: ehpctest.NewSized("cn-hangzhou", 100, 200, 1000), Keys: keys})
	c := connect(b, endpoint, ehpc.Options{})
	ask := func() string {
		a, err := c.ListCommunityImages(context.Background(), ehpc.ImagesRequest{RegionID: "cn-hangzhou"})
		if err != nil {
			b.Error(err)
			return ""
		}
		return a.Fingerprint
	}
	known := ask()
	before := cpu(b)
	b.ReportAllocs()
	b.ResetTimer()
	var group errgroup.Group
	group.SetLimit(32)
	for range b.N {
		group.Go(func() error {
			if ask() != known {
				b.Error("the answer changed")
			}
			return nil
		})
	}
	_ = group.Wait()
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1e3, "cpu-µs/op")
}

func BenchmarkDecode(b *testing.B) {
	endpoint := ehpctest.New(ehpctest.Options{Data: ehpctest.NewSized("cn-hangzhou", 1, 200, 1000), Keys: keys})
	a, err := connect(b, endpoint, ehpc.Options{}).ListCommunityImages(context.Background(),
		ehpc.ImagesRequest{RegionID: "cn-hangzhou"})
	if err != nil {
		b.Fatal(err)
	}
	decode := func(b *testing.B, in func() *catalog.Interner) {
		b.ReportAllocs()
		for b.Loop() {
			if images, err := a.Decode(in()); err != nil || len(images) != 200 {
				b.Fatal(len(images), err)
			}
		}
	}
	b.Run("new", func(b *testing.B) { decode(b, func() *catalog.Interner { return new(catalog.Interner) }) })
	shared := new(catalog.Interner)
	b.Run("seen", func(b *testing.B) { decode(b, func() *catalog.Interner { return shared }) })
}
