package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"strings"
	"time"

	"community-images/scripts/command"
)

// options are what a deployment is assumed to be like.
type options struct {
	// prices is a file. Empty: the example.
	prices string
	// fleet is what is captured.
	fleet fleetOptions
	// snapshot says how often it is captured, and how much changes.
	snapshot snapshotOptions
	// query says how much is looked up.
	query queryOptions
	// memory is that of each function in GB.
	memory float64
}

// snapshotOptions describe the runs of the snapshot function.
type snapshotOptions struct {
	every       time.Duration // from one run to the next
	qps         float64       // SNAPSHOT_QPS
	concurrency int           // SNAPSHOT_CONCURRENCY
	latency     time.Duration // of one call of E-HPC
	changes     float64       // share of the scopes that change in a day, 0 to 1
	events      float64       // cluster events a month, for each cluster
	retention   int           // days of history, SNAPSHOT_RETENTION
	// subscriptions is the number of receivers of messages.
	subscriptions int
	cpu           float64 // vCPU
}

// queryOptions describe the lookups.
type queryOptions struct {
	lookups   float64       // a month
	billed    time.Duration // for one lookup
	cold      float64       // share of the lookups that start an instance, 0 to 1
	headTTL   time.Duration // QUERY_HEAD_TTL
	instances float64       // warm ones, on average
	cpu       float64       // vCPU
}

// command returns the command line, which sets o.
func (o *options) command() command.Command {
	return command.Command{Name: "cost", Define: o.define, Check: o.check, Usage: `Usage: go run ./scripts/cost [flags]

Estimates what a deployment costs a month, for fleets of 10, 200 and 2,000
clusters or for the one of -clusters. Calls, requests and bytes are measured;
for other fleets the measured numbers are scaled. The prices are yours to give.

`}
}

// define defines the flags. The defaults are those of template.yaml, and a test
// keeps them equal.
func (o *options) define(flags *flag.FlagSet) {
	s, q := &o.snapshot, &o.query
	flags.StringVar(&o.prices, "prices", "",
		"JSON `file` with prices; default: prices.example.json, whose numbers are made up")
	flags.IntVar(&o.fleet.clusters, "clusters", 0, "number of clusters (default 10, 200 and 2,000)")
	flags.IntVar(&o.fleet.types, "types", measuredTypes, "instance types of each cluster")
	flags.IntVar(&o.fleet.images, "images", measuredImages, "images in each list")
	flags.DurationVar(&s.every, "every", 10*time.Minute, "time between two runs")
	flags.Float64Var(&s.qps, "qps", 10, "SNAPSHOT_QPS")
	flags.IntVar(&s.concurrency, "concurrency", 16, "SNAPSHOT_CONCURRENCY")
	flags.DurationVar(&s.latency, "latency", 200*time.Millisecond, "time E-HPC takes for one call")
	flags.Float64Var(&s.changes, "changes", 0.05, "share of the scopes that change in a day")
	flags.Float64Var(&s.events, "events", 20, "cluster events a month, for each cluster")
	flags.Float64Var(&q.lookups, "lookups", 1e6, "lookups a month")
	flags.DurationVar(&q.billed, "lookup", 10*time.Millisecond, "billed time of one lookup")
	flags.Float64Var(&q.cold, "cold", 0.01, "share of the lookups that start an instance")
	flags.DurationVar(&q.headTTL, "head-ttl", 5*time.Second, "QUERY_HEAD_TTL")
	flags.Float64Var(&q.instances, "instances", 1, "warm instances of the query function, on average")
	flags.IntVar(&s.subscriptions, "subscriptions", 0, "receivers of messages in notify.json")
	flags.IntVar(&s.retention, "retention", 396, "days of history, SNAPSHOT_RETENTION")
	flags.Float64Var(&o.memory, "memory", 0.5, "memory of a function in GB")
	flags.Float64Var(&s.cpu, "cpu", 0.35, "vCPU of the snapshot function")
	flags.Float64Var(&q.cpu, "query-cpu", 0.5, "vCPU of the query function")
}

// Limits of a fleet. They are beyond any real one and keep the numbers exact.
const (
	maxClusters = 1_000_000
	maxTypes    = 1_000
	maxImages   = 100_000
)

// check returns an error for values that no deployment can have. They would
// make the estimate infinite or negative.
func (o *options) check(flags *flag.FlagSet) error {
	s, q := o.snapshot, o.query
	switch names := invalidNumbers(flags); {
	case len(names) > 0:
		return fmt.Errorf("%s must be a number, not below 0", strings.Join(names, ", "))
	case o.fleet.clusters > maxClusters || o.fleet.types > maxTypes || o.fleet.images > maxImages:
		return fmt.Errorf("-clusters, -types and -images must be at most %d, %d and %d",
			maxClusters, maxTypes, maxImages)
	case s.every <= 0 || s.qps <= 0 || s.concurrency < 1 || q.headTTL <= 0:
		return errors.New("-every, -qps, -concurrency and -head-ttl must be above 0")
	case s.changes > 1 || q.cold > 1:
		return errors.New("-changes and -cold are shares between 0 and 1")
	}
	return command.NoArguments(flags)
}

// invalidNumbers returns the names of the flags whose value is negative,
// infinite or not a number.
func invalidNumbers(flags *flag.FlagSet) (names []string) {
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
