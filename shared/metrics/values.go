package metrics

import (
	"math"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
)

// gaugeValue is the value of a gauge or an info: the bits of a float64, so that
// it can be set and read at once without a lock.
type gaugeValue struct{ bits atomic.Uint64 }

// eachSample implements metric.
func (l *gaugeValue) eachSample(labels string, line func(suffix, labels, value string)) {
	line("", labels, formatNumber(math.Float64frombits(l.bits.Load())))
}

// Count is a counter. It counts lookups, of which there are fewer than 2^63.
type Count struct{ n atomic.Int64 }

// Inc adds 1.
func (c *Count) Inc() { c.n.Add(1) }

// eachSample implements metric.
func (c *Count) eachSample(labels string, line func(suffix, labels, value string)) {
	line("", labels, strconv.FormatInt(c.n.Load(), 10))
}

// Values are the observed values of one histogram.
type Values struct {
	bounds []float64 // of the family; shared, must not be changed

	mu     sync.Mutex // for the counts and the sum together: they must agree
	counts []int64    // of values up to each bound and above the one before; the last: of all larger ones
	sum    float64    // of all values
}

// Update adds a value.
func (v *Values) Update(value float64) {
	// A value that equals a bound belongs to its bucket ("le").
	at, _ := slices.BinarySearch(v.bounds, value)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.counts[at]++
	v.sum += value
}

// eachSample implements metric. It writes a line for each bucket, which counts
// everything up to its bound, and then the sum and the count.
func (v *Values) eachSample(labels string, line func(suffix, labels, value string)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	before := labels
	if before != "" {
		before += ","
	}
	total := int64(0)
	for i, n := range v.counts {
		bound := math.Inf(1)
		if i < len(v.bounds) {
			bound = v.bounds[i]
		}
		total += n
		line("_bucket", before+`le="`+formatNumber(bound)+`"`, strconv.FormatInt(total, 10))
	}
	line("_sum", labels, formatNumber(v.sum))
	line("_count", labels, strconv.FormatInt(total, 10))
}

// formatNumber formats integers, for example times, without an exponent.
func formatNumber(value float64) string {
	const exact = 1 << 53
	if -exact < value && value < exact && value == float64(int64(value)) {
		return strconv.FormatInt(int64(value), 10)
	}
	return strconv.FormatFloat(value, 'g', -1, 64)
}
