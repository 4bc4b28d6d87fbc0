// Command cost prints what a deployment costs a month for fleets of 10, 200
// and 2,000 clusters.
//
//	go run ./scripts/cost -prices my-prices.json
//	go run ./scripts/cost -h
//
// Calls, requests and bytes are those that this package's test measures with
// the real functions and pins in counts.json. Prices are yours to give.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main with everything injected. The exit code is 1 for prices that
// cannot be read, 2 for wrong flags.
func run(args []string, out, faults io.Writer) int {
	o, err := parse(args, faults)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2 // parse has said why
	}
	prices, err := readPrices(o.prices)
	if err != nil {
		fmt.Fprintln(faults, "cost:", err)
		return 1
	}
	fleets, err := readCounts()
	if err != nil {
		fmt.Fprintln(faults, "cost:", err)
		return 1
	}
	var months []month
	for _, f := range fleets {
		months = append(months, estimate(f, o))
	}
	show(out, months, prices, o)
	return 0
}
