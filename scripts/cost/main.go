// Command cost prints what a deployment costs a month, for fleets of 10, 200 and
// 2,000 clusters or for a fleet of one's own.
//
//	go run ./scripts/cost -prices my-prices.json
//	go run ./scripts/cost -clusters 60 -types 3 -images 250 -every 30m
//	go run ./scripts/cost -h
//
// Calls, requests and bytes are those that this package's test measures with
// the real functions and pins in counts.json. Prices are yours to give.
package main

import (
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run runs the command.
func run(args []string, out, stderr io.Writer) int {
	var o options
	return o.command().Run(args, stderr, func() error { return printCosts(out, o) })
}

// printCosts estimates what each fleet costs and prints a table.
func printCosts(out io.Writer, o options) error {
	prices, err := readPrices(o.prices)
	if err != nil {
		return err
	}
	measured, err := readCounts()
	if err != nil {
		return err
	}
	var months []month
	for _, f := range scaleFleets(measured, o.fleet) {
		months = append(months, estimate(f, o))
	}
	printTable(out, months, prices, o)
	return nil
}
