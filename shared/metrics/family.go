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
	Gauge     = "gauge"
	Counter   = "counter"
	Histogram = "histogram"
	Info      = "info"
)

// Family is all the metrics of one name.
type Family struct {
	name, kind, unit, help string
	bounds                 []float64

	mu      sync.Mutex
	metrics map[string]metric // by labels, as they are written
}

// New returns a family without samples. The name is in snake_case, without
// the _total of a counter and the _info of an info; if there is a unit, the
// name ends with it. bounds are the upper ones of a histogram's buckets,
// without the infinite one.
func New(kind, name, unit, help string, bounds ...float64) *Family {
	return &Family{name: name, kind: kind, unit: unit, help: help, bounds: bounds, metrics: map[string]metric{}}
}

// metric is what a family has for one set of labels.
type metric interface {
	// samples calls line for each sample: what follows the family's name, the
	// labels as they are written, the value.
	samples(labels string, line func(suffix, labels, value string))
}

// of returns the metric with labels, which are names and values in turn; a new
// one if there is none.
func of[M metric](f *Family, labels []string, make func() M) M {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := text(labels)
	m, ok := f.metrics[key].(M)
	if !ok {
		m = make()
		f.metrics[key] = m
	}
	return m
}

// Set gives a gauge or an info a value. labels are names and values in turn.
func (f *Family) Set(value float64, labels ...string) {
	of(f, labels, func() *level { return new(level) }).bits.Store(math.Float64bits(value))
}

// Count returns a counter. It begins with 0.
func (f *Family) Count(labels ...string) *Count {
	return of(f, labels, func() *Count { return new(Count) })
}

// Observe returns a histogram. It begins without values.
func (f *Family) Observe(labels ...string) *Values {
	return of(f, labels, func() *Values { return &Values{bounds: f.bounds, counts: make([]int64, len(f.bounds)+1)} })
}

// text is how labels are written, without the braces.
func text(labels []string) string {
	var b strings.Builder
	for i := 0; i+1 < len(labels); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(labels[i] + `="` + escape.Replace(strings.ToValidUTF8(labels[i+1], "�")) + `"`)
	}
	return b.String()
}

// suffix is what the samples of a type have after the family's name.
func (f *Family) suffix() string {
	switch f.kind {
	case Counter:
		return "_total"
	case Info:
		return "_info"
	}
	return ""
}

// escape is for label values, and for help in OpenMetrics; plain is for help
// in the older format, where quotes stand as they are.
var (
	escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	plain  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
)
