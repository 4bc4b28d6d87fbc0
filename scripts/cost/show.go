package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
)

// printTable prints one table: what is used, and what it costs. Each fleet has
// a column.
func printTable(out io.Writer, months []month, p prices, o options) {
	fmt.Fprintf(out, "30 days, a run every %v, %s lookups, %s events for each cluster; "+
		"every cluster with %s, %s images in a list.\n",
		o.snapshot.every, humanize.Comma(int64(o.query.lookups)), humanize.Ftoa(o.snapshot.events),
		english.Plural(o.fleet.types, "instance type", ""), humanize.Comma(int64(o.fleet.images)))
	if o.prices == "" {
		fmt.Fprintf(out, "PRICES ARE MADE UP: %s\n", p.Note)
	}
	// The first rows say what is used, the rest what it costs.
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	printRow := func(label string, cell func(month) string) {
		cells := []string{label}
		for _, m := range months {
			cells = append(cells, cell(m))
		}
		fmt.Fprintln(table, strings.Join(cells, "\t")+"\t")
	}
	for _, row := range useRows {
		printRow(row.label, row.cell)
	}
	printRow("", func(month) string { return "" })
	for i, label := range costLabels {
		printRow(label+", "+p.Currency, func(m month) string {
			items, _ := m.computeCost(p)
			return fmt.Sprintf("%.2f", items[i])
		})
	}
	printRow("a month, "+p.Currency, func(m month) string {
		_, total := m.computeCost(p)
		return fmt.Sprintf("%.2f", total)
	})
	_ = table.Flush() // there is no other place to report an error of standard output
	printTooLarge(out, months, o)
}

// printTooLarge warns of fleets whose runs take longer than the time between two.
func printTooLarge(out io.Writer, months []month, o options) {
	// A fleet that is too large for the interval makes the estimate wrong: FC would
	// drop or queue runs.
	for _, m := range months {
		if m.runTime > o.snapshot.every {
			fmt.Fprintf(out, "\nA run over %s clusters takes %v, longer than the %v between two: "+
				"split them into shards, or raise -qps if E-HPC allows more.\n",
				humanize.Comma(int64(m.Clusters)), m.runTime.Round(1e9), o.snapshot.every)
		}
	}
}

// useRows are the rows of the table above the costs.
var useRows = []struct {
	label string
	cell  func(month) string
}{
	{"clusters", func(m month) string { return humanize.Comma(int64(m.Clusters)) }},
	{"scopes", func(m month) string { return humanize.Comma(int64(m.Scopes)) }},
	{"one run takes", func(m month) string { return m.runTime.Round(1e9).String() }},
	{"E-HPC calls", func(m month) string { return formatRounded(m.calls) }},
	{"vCPU seconds", func(m month) string { return formatRounded(m.cpuSeconds) }},
	{"GB seconds", func(m month) string { return formatRounded(m.gbSeconds) }},
	{"invocations", func(m month) string { return formatRounded(m.runs + m.events + m.lookups) }},
	{"OSS writes", func(m month) string { return formatRounded(m.oss.writes) }},
	{"OSS reads", func(m month) string { return formatRounded(m.oss.reads) }},
	{"OSS GB stored", func(m month) string { return fmt.Sprintf("%.3f", m.oss.storedGB) }},
	{"log GB", func(m month) string { return fmt.Sprintf("%.3f", m.logGB) }},
	{"answers GB", func(m month) string { return fmt.Sprintf("%.3f", m.trafficGB) }},
}

// formatRounded formats a positive number as an integer with commas.
func formatRounded(v float64) string { return humanize.Comma(int64(v + 0.5)) }
