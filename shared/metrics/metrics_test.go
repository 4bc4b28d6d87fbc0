package metrics_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"community-images/shared/metrics"
)

// sample has every type, and text that needs quoting.
func sample() []*metrics.Family {
	age := metrics.New(metrics.Gauge, "ci_age_seconds", "seconds", `How old "it" is.`+"\nIn C:\\seconds.")
	age.Set(1.5, "region", "cn-hangzhou", "note", "a \"b\" \\ c\nd, e=\"f\"}")
	age.Set(1763884800, "region", "\xff")
	calls := metrics.New(metrics.Counter, "ci_calls", "", "Calls.")
	calls.Count("route", "/v1/images", "class", "2xx").Inc()
	calls.Count("route", "/", "class", "2xx")
	took := metrics.New(metrics.Histogram, "ci_took_seconds", "seconds", "Durations.", 0.005, 0.25)
	took.Observe("route", "/").Update(0.1)
	took.Observe("route", "/").Update(7)
	build := metrics.New(metrics.Info, "ci_build", "", "Version.")
	build.Set(1, "version", "v1")
	return []*metrics.Family{age, calls, took, build, metrics.New(metrics.Gauge, "ci_none", "", "Without samples.")}
}

const openMetrics = `# TYPE ci_age_seconds gauge
# UNIT ci_age_seconds seconds
# HELP ci_age_seconds How old \"it\" is.\nIn C:\\seconds.
ci_age_seconds{region="cn-hangzhou",note="a \"b\" \\ c\nd, e=\"f\"}"} 1.5
ci_age_seconds{region="�"} 1763884800
# TYPE ci_calls counter
# HELP ci_calls Calls.
ci_calls_total{route="/",class="2xx"} 0
ci_calls_total{route="/v1/images",class="2xx"} 1
# TYPE ci_took_seconds histogram
# UNIT ci_took_seconds seconds
# HELP ci_took_seconds Durations.
ci_took_seconds_bucket{route="/",le="0.005"} 0
ci_took_seconds_bucket{route="/",le="0.25"} 1
ci_took_seconds_bucket{route="/",le="+Inf"} 2
ci_took_seconds_sum{route="/"} 7.1
ci_took_seconds_count{route="/"} 2
# TYPE ci_build info
# HELP ci_build Version.
ci_build_info{version="v1"} 1
# TYPE ci_none gauge
# HELP ci_none Without samples.
# EOF
`

func TestOpenMetrics(t *testing.T) {
	t.Parallel()
	got := metrics.OpenMetrics(sample())
	if diff := cmp.Diff(openMetrics, string(got)); diff != "" {
		t.Error(diff)
	}
	p, err := textparse.New(got, "application/openmetrics-text; version=1.0.0; charset=utf-8", false,
		labels.NewSymbolTable())
	if err != nil {
		t.Fatal(err)
	}
	samples := 0
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("Prometheus cannot read it: %v", err)
		}
		if entry != textparse.EntrySeries {
			continue
		}
		samples++
		var l labels.Labels
		p.Metric(&l)
		if note := l.Get("note"); note != "" && note != "a \"b\" \\ c\nd, e=\"f\"}" {
			t.Errorf("a label comes back as %q", note)
		}
	}
	if samples != 10 {
		t.Errorf("Prometheus reads %d samples", samples)
	}
}

func TestPrometheus(t *testing.T) {
	t.Parallel()
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(bytes.NewReader(metrics.Prometheus(sample())))
	if err != nil {
		t.Fatal(err)
	}
	if got := families["ci_calls_total"].GetMetric()[1].GetCounter().GetValue(); got != 1 {
		t.Errorf("the counter is %v", got)
	}
	if h := families["ci_took_seconds"].GetMetric()[0].GetHistogram(); h.GetSampleCount() != 2 ||
		len(h.GetBucket()) != 3 || h.GetSampleSum() != 7.1 {
		t.Errorf("the histogram is %v", h)
	}
	if help := families["ci_age_seconds"].GetHelp(); !strings.Contains(help, "\n") || !strings.Contains(help, `"it"`) {
		t.Errorf("the help is %q", help)
	}
	if got := families["ci_build_info"].GetMetric()[0].GetGauge().GetValue(); got != 1 {
		t.Errorf("the info is %v", got)
	}
}

// TestConcurrentUse counts and writes at once, for the race detector too.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	f := metrics.New(metrics.Counter, "c", "", "C.")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				f.Count("a", "b").Inc()
				metrics.OpenMetrics([]*metrics.Family{f})
			}
		})
	}
	group.Wait()
	if got := string(metrics.OpenMetrics([]*metrics.Family{f})); !strings.Contains(got, `c_total{a="b"} 800`) {
		t.Error(got)
	}
}
