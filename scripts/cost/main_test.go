package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestPrintsATable(t *testing.T) {
	t.Parallel()
	var out, faults bytes.Buffer
	if code := run(nil, &out, &faults); code != 0 || faults.Len() > 0 {
		t.Fatal(code, faults.String())
	}
	for _, want := range []string{"PRICES ARE MADE UP", "clusters         10        200       2,000", "E-HPC calls",
		"a month, USD"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	width := 0
	for i, line := range strings.Split(strings.TrimRight(out.String(), "\n"), "\n")[3:] {
		if i > 0 && len(line) != width {
			t.Errorf("the table is not aligned at %q", line)
		}
		width = len(line)
	}
}

// TestCostsByHand holds one estimate against numbers that were worked out on
// paper: 1,000 runs of 2 calls at 1 a second, no events, 1,000 lookups.
func TestCostsByHand(t *testing.T) {
	t.Parallel()
	f := fleet{Clusters: 1, Scopes: 2, Steps: steps{
		FirstRun: use{StoredBytes: 5e8}, UnchangedRun: use{Calls: 2, OSSWrites: 1, OSSReads: 4, LogBytes: 750},
		WarmLookup: use{AnswerBytes: 1000, LogBytes: 0}, LaterLookup: use{AnswerBytes: 1000, OSSReads: 2},
		ColdLookup: use{AnswerBytes: 1000, OSSReads: 3},
	}}
	o := options{
		snapshot: snapshotOptions{every: monthTime / 1000, qps: 1, concurrency: 1, latency: 1, cpu: 2},
		query:    queryOptions{lookups: 1000, billed: 1e9, cold: 0.1, headTTL: monthTime / 100, instances: 1, cpu: 3},
		memory:   0.5,
	}
	m := estimate(f, o)
	for name, pair := range map[string][2]float64{
		"calls":       {m.calls, 2000},
		"vCPU":        {m.cpuSeconds, 1000*4*2 + 1000*3}, // 2 s of calls and 2 s besides
		"memory":      {m.gbSeconds, (1000*4 + 1000) * 0.5},
		"writes":      {m.oss.writes, 1000 + 30},
		"reads":       {m.oss.reads, 4000 + 100*3 + 100*2},
		"storage":     {m.oss.storedGB, 0.5},
		"log":         {m.logGB * 1e9, 1000 * 750},
		"answers":     {m.trafficGB * 1e9, 1e6},
		"invocations": {m.runs + m.events + m.lookups, 2000},
	} {
		if diff := pair[0] - pair[1]; diff > 1e-6*pair[1] || -diff > 1e-6*pair[1] {
			t.Errorf("%s: %v, by hand %v", name, pair[0], pair[1])
		}
	}
	_, total := m.computeCost(prices{VCPUSecond: 0.1, GBSecond: 0.01, Invocations: 10, OSSWrites: 100, OSSReads: 10,
		OSSStorage: 2, Logs: 1000, InternetTraffic: 1000})
	if want := 1100 + 25 + 2 + 10.3 + 4.5 + 1 + 0.75 + 1; total < want-1e-6 || total > want+1e-6 {
		t.Errorf("the month costs %v, by hand %v", total, want)
	}
}

// TestMessagesByHand: 1,000 runs, of which 10 commit, with three receivers.
func TestMessagesByHand(t *testing.T) {
	t.Parallel()
	f := fleet{Clusters: 1, Scopes: 2}
	o := options{
		snapshot: snapshotOptions{every: monthTime / 1000, qps: 1, concurrency: 1, latency: 1, changes: 1. / 6},
		query:    queryOptions{headTTL: monthTime / 100},
	}
	without := estimate(f, o)
	o.snapshot.subscriptions = 3
	with := estimate(f, o)
	if reads := with.oss.reads - without.oss.reads; reads < 4049 || reads > 4051 {
		t.Errorf("messages read OSS %v times, by hand 1000*4 + 10*5", reads)
	}
	if writes := with.oss.writes - without.oss.writes; writes < 39.9 || writes > 40.1 {
		t.Errorf("messages write to OSS %v times, by hand 10*4", writes)
	}
}

// TestDefaultsAreThoseOfTheTemplate compares the flags with the parameters of
// template.yaml.
func TestDefaultsAreThoseOfTheTemplate(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Parameters map[string]struct {
			Default any `yaml:"Default"`
		} `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal(data, &template); err != nil {
		t.Fatal(err)
	}
	var o options
	o.define(flag.NewFlagSet("", flag.ContinueOnError))
	for name, value := range map[string]any{
		"Qps": o.snapshot.qps, "Concurrency": o.snapshot.concurrency, "HeadTtl": o.query.headTTL,
		"Schedule":    "@every " + strings.TrimSuffix(o.snapshot.every.String(), "0s"),
		"SnapshotCpu": o.snapshot.cpu, "QueryCpu": o.query.cpu, "SnapshotMemory": o.memory * 1024,
		"QueryMemory": o.memory * 1024,
	} {
		if want := template.Parameters[name].Default; fmt.Sprint(value) != fmt.Sprint(want) {
			t.Errorf("%s is %v in the template, %v here", name, want, value)
		}
	}
}

func TestWrongInput(t *testing.T) {
	t.Parallel()
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, tc := range map[string]struct {
		args []string
		code int
		says string
	}{
		"an unknown flag": {[]string{"-price", "x"}, 2, "flag provided but not defined"},
		"an argument":     {[]string{"x"}, 2, `unexpected argument "x"`},
		"a number below 0": {[]string{"-lookups", "-1", "-cpu", "-0.5"}, 2,
			"-cpu, -lookups must be a number, not below 0"},
		"a time below 0":        {[]string{"-latency", "-1s"}, 2, "-latency must be"},
		"a number that is none": {[]string{"-memory", "NaN"}, 2, "-memory must be"},
		"a number without end":  {[]string{"-lookups", "Inf"}, 2, "-lookups must be"},
		"too large a fleet": {[]string{"-clusters", "1000001"}, 2,
			"-clusters, -types and -images must be at most 1000000, 1000 and 100000"},
		"a fleet below 0":         {[]string{"-clusters", "-1"}, 2, "-clusters must be a number, not below 0"},
		"half a cluster":          {[]string{"-clusters", "1.5"}, 2, `invalid value "1.5" for flag -clusters`},
		"no rate":                 {[]string{"-qps", "0"}, 2, "must be above 0"},
		"more than all":           {[]string{"-cold", "2"}, 2, "shares between 0 and 1"},
		"no such file":            {[]string{"-prices", "/nonexistent"}, 1, "reading prices: open"},
		"prices that are no JSON": {[]string{"-prices", write("a", "x")}, 1, "reading prices"},
		"prices and something after them": {[]string{"-prices", write("d", string(examplePrices)+"x")}, 1,
			"after top-level value"},
		"a price that is misspelt": {[]string{"-prices", write("b", `{"oss":1}`)}, 1, `unknown field "oss"`},
		"a price that has been left out": {[]string{"-prices",
			write("c", strings.Replace(string(examplePrices), `"ossPerGBMonth": 0.02,`, "", 1))}, 1,
			`"ossPerGBMonth" is missing`},
	} {
		var out, faults bytes.Buffer
		if code := run(tc.args, &out, &faults); code != tc.code || strings.Count(faults.String(), tc.says) != 1 ||
			out.Len() > 0 {
			t.Errorf("%s: %d %s%s", name, code, faults.String(), out.String())
		}
		if lines := strings.Count(faults.String(), "\n"); tc.code == 1 && lines != 1 {
			t.Errorf("%s: %d lines for one fault: %s", name, lines, faults.String())
		}
	}
	var faults bytes.Buffer
	if code := run([]string{"-h"}, &bytes.Buffer{}, &faults); code != 0 ||
		!strings.Contains(faults.String(), "-lookups") {
		t.Errorf("-h: %d %s, %v", code, faults.String(), flag.ErrHelp)
	}
}

func TestWarnsIfAFleetIsTooLarge(t *testing.T) {
	t.Parallel()
	var out, faults bytes.Buffer
	run([]string{"-qps", "5", "-prices", "prices.example.json"}, &out, &faults)
	if !strings.Contains(out.String(), "split them into shards") || strings.Contains(out.String(), "MADE UP") {
		t.Error(out.String(), faults.String())
	}
}
