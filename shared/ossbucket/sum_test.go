package ossbucket

import (
	"hash/crc64"
	"math/rand/v2"
	"testing"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// TestSumOfParts: however an object comes, its sum is that of the whole.
func TestSumOfParts(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, length := range []int{0, 1, apart - 1, apart, apart + 1, 3*apart + 7} {
		data := make([]byte, length)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		want := crc64.Checksum(data, crcTable)
		for _, most := range []int{length + 1, 1 + length/2, 70_001, 4_099} { // of one read
			s := newSummer(int64(length))
			for rest := data; len(rest) > 0; {
				n := min(len(rest), 1+random.IntN(most))
				_, _ = s.Write(rest[:n])
				rest = rest[n:]
			}
			if got := s.end(); got != want {
				t.Errorf("%d bytes in reads of up to %d: the sum is %d, want %d", length, most, got, want)
			}
		}
	}
}

// TestSumBeforeOthers: parts are put together as the SDK does it.
func TestSumBeforeOthers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for after := int64(1); after < 1<<40; after = 3*after + random.Int64N(5) {
		a, b := random.Uint64(), random.Uint64()
		if got, want := before(a, after)^b, oss.CRC64Combine(a, b, uint64(after)); got != want {
			t.Errorf("%d bytes after %x: %x, the SDK says %x", after, a, got, want)
		}
	}
}
