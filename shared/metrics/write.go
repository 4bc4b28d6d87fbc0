package metrics

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
)

// OpenMetrics writes families in the text format of OpenMetrics 1.0
// (prometheus.io/docs/specs/om/open_metrics_spec, "application/openmetrics-text").
func OpenMetrics(families []*Family) []byte {
	var b bytes.Buffer
	for _, f := range families {
		fmt.Fprintf(&b, "# TYPE %s %s\n", f.name, f.kind)
		if f.unit != "" {
			fmt.Fprintf(&b, "# UNIT %s %s\n", f.name, f.unit)
		}
		fmt.Fprintf(&b, "# HELP %s %s\n", f.name, labelEscaper.Replace(f.help))
		f.samples(&b)
	}
	// A reader without this line knows that the answer was cut.
	b.WriteString("# EOF\n")
	return b.Bytes()
}

// Prometheus writes families in Prometheus' text format 0.0.4, which has no
// units and no infos, and counts _total as part of a counter's name.
func Prometheus(families []*Family) []byte {
	var b bytes.Buffer
	for _, f := range families {
		name, kind := f.name+f.sampleSuffix(), f.kind
		// An info is a gauge here whose value is 1.
		if kind == Info {
			kind = Gauge
		}
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, helpEscaper.Replace(f.help), name, kind)
		f.samples(&b)
	}
	return b.Bytes()
}

// samples writes the samples of all metrics, sorted by their labels. Both formats
// write them alike. It locks the family: a lookup may add a label meanwhile.
func (f *Family) samples(b *bytes.Buffer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(f.metrics)) {
		f.metrics[key].eachSample(key, func(suffix, labels, value string) {
			if labels != "" {
				labels = "{" + labels + "}"
			}
			b.WriteString(f.name + f.sampleSuffix() + suffix + labels + " " + value + "\n")
		})
	}
}
