package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
)

// show writes one table: what is used, and what it costs.
func show(out io.Writer, months []month, p prices, o options) {
	fmt.Fprintf(out, "30 days, a run every %v, %s lookups, %s events for each cluster; every cluster with one instance type.\n", o.every, humanize.Comma(int64(o.lookups)), humanize.Ftoa(o.events))
	if o.prices == "" {
		fmt.Fprintf(out, "PRICES ARE MADE UP: %s\n", p.Note)
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(label string, cell func(month) string) {
		cells := []string{label}
		for _, m := range months {
			cells = append(cells, cell(m))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t")+"\t")
	}
	whole := func(v float64) string { return humanize.Comma(int64(v + 0.5)) }
	row("clusters", func(m month) string { return humanize.Comma(int64(m.Clusters)) })
	row("scopes", func(m month) string { return humanize.Comma(int64(m.Scopes)) })
	row("one run takes", func(m month) string { return m.runTime.Round(1e9).String() })
	row("E-HPC calls", func(m month) string { return whole(m.calls) })
	row("vCPU seconds", func(m month) string { return whole(m.cpuSeconds) })
	row("GB seconds", func(m month) string { return whole(m.gbSeconds) })
	row("invocations", func(m month) string { return whole(m.runs + m.events + m.lookups) })
	row("OSS writes", func(m month) string { return whole(m.writes) })
	row("OSS reads", func(m month) string { return whole(m.reads) })
	row("OSS GB stored", func(m month) string { return fmt.Sprintf("%.3f", m.storedGB) })
	row("log GB", func(m month) string { return fmt.Sprintf("%.3f", m.logGB) })
	row("answers GB", func(m month) string { return fmt.Sprintf("%.3f", m.trafficGB) })
	row("", func(month) string { return "" })
	for i, label := range []string{"vCPU", "memory", "invocations", "OSS writes", "OSS reads", "OSS storage", "logs", "traffic"} {
		row(label+", "+p.Currency, func(m month) string { lines, _ := m.cost(p); return fmt.Sprintf("%.2f", lines[i]) })
	}
	row("a month, "+p.Currency, func(m month) string { _, total := m.cost(p); return fmt.Sprintf("%.2f", total) })
	_ = w.Flush() // to out, whose errors nobody can be told
	for _, m := range months {
		if m.runTime > o.every {
			fmt.Fprintf(out, "\nA run over %s clusters takes %v, longer than the %v between two: split them into shards, or raise -qps if E-HPC allows more.\n",
				humanize.Comma(int64(m.Clusters)), m.runTime.Round(1e9), o.every)
		}
	}
}
