package ossbucket

import (
	"hash/crc64"
	"runtime"
	"sync"
)

var crcTable = crc64.MakeTable(crc64.ECMA)

// summer works out the CRC-64 of an object while it comes. The CPUs share a
// large one, each taking a part of it once that is there: the sum takes longer
// than the copying, and a reader waits for both. The smaller the parts, the less
// is left to do when the last has come. What is written must stay as it is until
// the end.
type summer struct {
	length int64    // of the object
	size   int64    // of a part but the last; 0: there is one
	came   int64    // how much of the object
	part   [][]byte // of which this has come
	sum    uint64   // of an object that is one part

	group sync.WaitGroup
	mu    sync.Mutex
	parts uint64 // sums of the parts, each moved to its place
}

// apart is from how many bytes on it is worth while to share the work, in parts
// of partSize.
const apart, partSize = 512 << 10, 128 << 10

func newSummer(length int64) *summer {
	s := &summer{length: length}
	if length >= apart && runtime.GOMAXPROCS(0) > 1 {
		s.size = partSize
	}
	return s
}

// Write implements io.Writer.
func (s *summer) Write(data []byte) (int, error) {
	if s.size == 0 {
		s.sum = crc64.Update(s.sum, crcTable, data)
		return len(data), nil
	}
	for rest := data; len(rest) > 0; {
		n := min(s.size-s.came%s.size, int64(len(rest)))
		s.part = append(s.part, rest[:n])
		rest = rest[n:]
		if s.came += n; s.came%s.size == 0 || s.came == s.length {
			s.share()
		}
	}
	return len(data), nil
}

// share lets another CPU sum the part that has come.
func (s *summer) share() {
	part, after := s.part, s.length-s.came
	s.part = nil
	s.group.Go(func() {
		sum := uint64(0)
		for _, data := range part {
			sum = crc64.Update(sum, crcTable, data)
		}
		sum = before(sum, after)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.parts ^= sum
	})
}

// end is the sum of an object that has come whole.
func (s *summer) end() uint64 {
	s.group.Wait()
	return s.sum ^ s.parts
}

// before is what a part with the given sum adds to the sum of an object in
// which so many bytes come after it: sum times x^8 to that power, modulo the
// polynomial of the CRC. The SDK's CRC64Combine takes longer for this than the
// sum of the part does.
func before(sum uint64, after int64) uint64 {
	power := uint64(1) << (63 - 8) // x^8: the highest bit is x^0
	for ; after > 0; after >>= 1 {
		if after&1 != 0 {
			sum = product(sum, power)
		}
		power = product(power, power)
	}
	return sum
}

// product multiplies two polynomials modulo that of the CRC.
func product(a, b uint64) (p uint64) {
	for ; a != 0; a <<= 1 {
		p ^= b & -(a >> 63)
		b = b>>1 ^ crc64.ECMA&-(b&1)
	}
	return p
}
