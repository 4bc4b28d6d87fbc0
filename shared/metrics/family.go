// Package metrics counts, and writes what was counted as OpenMetrics 1.0 or in
// Prometheus' older text format.
//
// It promises that families are written in the order they are given, each with
// its type, unit and help, its samples sorted; that label values may be any
// text; and that everything may be used concurrently. It uses no library
// for these formats: one takes half a millisecond of every cold start, the other
// makes the program too large.
package metrics

import (
	"math"
	"strings"
	"sync"
)

// The types of families.
const (
	Gauge     = "gauge"     // a value that goes up and down; see Family.Set
	Counter   = "counter"   // a value that only grows; see Family.Count
	Histogram = "histogram" // how values spread over buckets; see Family.Observe
	Info      = "info"      // a text in a label, with the value 1
)

// Family is all metrics of one name.
type Family struct {
	name, kind, unit, help string    // see New
	bounds                 []float64 // of a histogram, ascending; nil otherwise

	mu      sync.Mutex
	metrics map[string]metric // by labels, as they are written
}

// New returns a family without samples. The name is in snake_case, without the
// _total of a counter or the _info of an info. With a unit, the name ends with
// the unit. bounds are the upper bounds of a histogram's buckets, without the
// infinite one.
func New(kind, name, unit, help string, bounds ...float64) *Family {
	return &Family{name: name, kind: kind, unit: unit, help: help, bounds: bounds, metrics: map[string]metric{}}
}

// metric is what a family has for one set of labels.
type metric interface {
	// eachSample calls line for each sample: the suffix of the family's name, the
	// formatted labels, and the value.
	eachSample(labels string, line func(suffix, labels, value string))
}

// metricFor returns the metric with these labels, which are names and values in
// turn. It makes a new one if there is none.
func metricFor[M metric](f *Family, labels []string, make func() M) M {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := formatLabelPairs(labels)
	m, ok := f.metrics[key].(M)
	if !ok {
		m = make()
		f.metrics[key] = m
	}
	return m
}

// Set sets the value of a gauge or an info. labels are names and values in turn.
func (f *Family) Set(value float64, labels ...string) {
	metricFor(f, labels, func() *gaugeValue { return new(gaugeValue) }).bits.Store(math.Float64bits(value))
}

// Count returns a counter, which starts at 0.
func (f *Family) Count(labels ...string) *Count {
	return metricFor(f, labels, func() *Count { return new(Count) })
}

// Observe returns a histogram, which starts without values.
func (f *Family) Observe(labels ...string) *Values {
	return metricFor(f, labels, func() *Values {
		return &Values{bounds: f.bounds, counts: make([]int64, len(f.bounds)+1)}
	})
}

// formatLabelPairs formats labels without the braces.
func formatLabelPairs(labels []string) string {
	var b strings.Builder
	for i := 0; i+1 < len(labels); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(labels[i] + `="` + labelEscaper.Replace(strings.ToValidUTF8(labels[i+1], "�")) + `"`)
	}
	return b.String()
}

// sampleSuffix returns what the samples of a type have after the family's name.
func (f *Family) sampleSuffix() string {
	switch f.kind {
	case Counter:
		return "_total"
	case Info:
		return "_info"
	}
	return ""
}

// labelEscaper escapes label values, and help in OpenMetrics. helpEscaper escapes
// help in the older format, where quotes are not escaped.
var (
	labelEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	helpEscaper  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
)
