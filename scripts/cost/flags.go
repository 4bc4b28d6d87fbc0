package main

import (
	"errors"
	"flag"
	"math"
	"strings"
	"time"

	"community-images/scripts/command"
)

// options are what a deployment is assumed to be like.
type options struct {
	prices      string        // file; empty: the example
	every       time.Duration // between runs
	qps         float64       // SNAPSHOT_QPS
	concurrency int           // SNAPSHOT_CONCURRENCY
	latency     time.Duration // of one call of E-HPC
	changes     float64       // scopes that change, a day, of all
	events      float64       // cluster events a month and cluster
	lookups     float64       // a month
	lookup      time.Duration // billed for one
	cold        float64       // share of lookups that start an instance
	headTTL     time.Duration // QUERY_HEAD_TTL
	instances   float64       // of the query function, that are warm on average
	retention   int           // days that history is kept
	memory      float64       // of a function, GB
	cpu         float64       // of the snapshot function, vCPU
	queryCPU    float64       // of the query function, vCPU
}

// command returns the command line, which sets o.
func (o *options) command() command.Command {
	return command.Command{Name: "cost", Define: o.define, Check: o.check, Usage: `Usage: go run ./scripts/cost [flags]

Estimates what a deployment costs a month for fleets of 10, 200 and 2,000
clusters. Calls, requests and bytes are measured, prices are yours to give.

`}
}

func (o *options) define(flags *flag.FlagSet) {
	flags.StringVar(&o.prices, "prices", "", "JSON `file` with prices; default: prices.example.json, whose numbers are made up")
	flags.DurationVar(&o.every, "every", 10*time.Minute, "time between two runs")
	flags.Float64Var(&o.qps, "qps", 10, "SNAPSHOT_QPS")
	flags.IntVar(&o.concurrency, "concurrency", 16, "SNAPSHOT_CONCURRENCY")
	flags.DurationVar(&o.latency, "latency", 200*time.Millisecond, "time E-HPC takes for one call")
	flags.Float64Var(&o.changes, "changes", 0.05, "share of the scopes that change in a day")
	flags.Float64Var(&o.events, "events", 20, "cluster events a month, for each cluster")
	flags.Float64Var(&o.lookups, "lookups", 1e6, "lookups a month")
	flags.DurationVar(&o.lookup, "lookup", 10*time.Millisecond, "billed time of one lookup")
	flags.Float64Var(&o.cold, "cold", 0.01, "share of the lookups that start an instance")
	flags.DurationVar(&o.headTTL, "head-ttl", 5*time.Second, "QUERY_HEAD_TTL")
	flags.Float64Var(&o.instances, "instances", 1, "warm instances of the query function, on average")
	flags.IntVar(&o.retention, "retention", 396, "days of history, SNAPSHOT_RETENTION")
	flags.Float64Var(&o.memory, "memory", 0.5, "memory of a function in GB")
	flags.Float64Var(&o.cpu, "cpu", 0.35, "vCPU of the snapshot function")
	flags.Float64Var(&o.queryCPU, "query-cpu", 0.5, "vCPU of the query function")
}

func (o *options) check(flags *flag.FlagSet) error {
	switch negative := negativeFlags(flags); {
	case len(negative) > 0:
		return errors.New(strings.Join(negative, ", ") + " must be a number, not below 0")
	case o.every <= 0 || o.qps <= 0 || o.concurrency < 1 || o.headTTL <= 0:
		return errors.New("-every, -qps, -concurrency and -head-ttl must be above 0")
	case o.changes < 0 || o.changes > 1 || o.cold < 0 || o.cold > 1:
		return errors.New("-changes and -cold are shares between 0 and 1")
	}
	return command.NoArguments(flags)
}

// negativeFlags returns the flags whose value is below 0, infinite or not a number.
func negativeFlags(flags *flag.FlagSet) (names []string) {
	flags.VisitAll(func(f *flag.Flag) {
		var value float64
		switch v := f.Value.(flag.Getter).Get().(type) {
		case float64:
			value = v
		case int:
			value = float64(v)
		case time.Duration:
			value = float64(v)
		}
		if !(value >= 0) || math.IsInf(value, 0) {
			names = append(names, "-"+f.Name)
		}
	})
	return names
}
