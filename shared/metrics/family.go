// Package metrics counts, and writes what was counted as OpenMetrics 1.0 or in
// Prometheus' older text format.
//
// It promises that families are written in the order they are given, each with
// its type, unit and help, its samples sorted; that label values may be any
// text; and that everything may be used concurrently. The instruments and the
// samples are those of github.com/VictoriaMetrics/metrics, which knows no
// units, no help and no OpenMetrics.
package metrics

import (
	"strings"

	vm "github.com/VictoriaMetrics/metrics"
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
	set                    *vm.Set
}

// New returns a family without samples. The name is in snake_case, without
// the _total of a counter and the _info of an info; if there is a unit, the
// name ends with it. bounds are the upper ones of a histogram's buckets,
// without the infinite one.
func New(kind, name, unit, help string, bounds ...float64) *Family {
	return &Family{name: name, kind: kind, unit: unit, help: help, bounds: bounds, set: vm.NewSet()}
}

// Set gives a gauge or an info a value. labels are names and values in turn.
func (f *Family) Set(value float64, labels ...string) {
	f.set.GetOrCreateGauge(f.sample(labels), nil).Set(value)
}

// Count returns a counter. It begins with 0.
func (f *Family) Count(labels ...string) *vm.Counter {
	return f.set.GetOrCreateCounter(f.sample(labels))
}

// Observe returns a histogram.
func (f *Family) Observe(labels ...string) *vm.PrometheusHistogram {
	return f.set.GetOrCreatePrometheusHistogramExt(f.sample(labels), f.bounds)
}

// sample is the name of one metric of the family, as it is written.
func (f *Family) sample(labels []string) string {
	var b strings.Builder
	b.WriteString(f.name + f.suffix())
	for i := 0; i+1 < len(labels); i += 2 {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(labels[i] + `="` + escape.Replace(strings.ToValidUTF8(labels[i+1], "�")) + `"`)
	}
	if len(labels) > 1 {
		b.WriteByte('}')
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
