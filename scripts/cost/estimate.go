package main

import (
	"math"
	"time"
)

const (
	// monthTime is the month of every estimate.
	monthTime = 30 * 24 * time.Hour
	// runOverhead is the time of a run besides its calls: reading the state,
	// committing, reporting.
	runOverhead = 2 * time.Second
	// eventOverhead is the same for a run that an event of one cluster starts.
	eventOverhead = time.Second
	// gigabyte is how the vendor counts bytes in bills: decimal.
	gigabyte = 1e9
)

// month is what a fleet uses in 30 days.
type month struct {
	fleet
	// runs are those of the timer. events start runs of their own.
	runs, events, lookups float64
	// runTime is how long one run takes.
	runTime time.Duration
	// calls are the calls to E-HPC, which cost nothing but are limited.
	calls float64
	// cpuSeconds and gbSeconds are those of both functions.
	cpuSeconds, gbSeconds float64
	// oss has the requests to the bucket and its size.
	oss ossUse
	// logGB is what both functions write to the log.
	logGB float64
	// trafficGB is what answers send to the internet.
	trafficGB float64
}

// ossUse is what a month uses of OSS.
type ossUse struct {
	writes, reads float64 // requests
	storedGB      float64 // once the history is as long as the retention
}

// estimate computes a month from the measured steps.
func estimate(f fleet, o options) month {
	m := month{fleet: f, lookups: o.query.lookups}
	m.runs = monthTime.Seconds() / o.snapshot.every.Seconds()
	m.events = o.snapshot.events * float64(f.Clusters)
	m.addRuns(o.snapshot)
	m.addLookups(o.query)

	m.runTime = runOverhead + callTime(f.Steps.UnchangedRun.Calls, o.snapshot)
	eventTime := eventOverhead + callTime(f.Steps.Event.Calls, o.snapshot)
	snapshotSeconds := m.runs*m.runTime.Seconds() + m.events*eventTime.Seconds()
	querySeconds := o.query.lookups * o.query.billed.Seconds()
	m.cpuSeconds = snapshotSeconds*o.snapshot.cpu + querySeconds*o.query.cpu
	m.gbSeconds = (snapshotSeconds + querySeconds) * o.memory
	return m
}

// addRuns adds what the runs of the snapshot function use, and what they store.
func (m *month) addRuns(o snapshotOptions) {
	changedScopes := o.changes * float64(m.Scopes) * monthTime.Hours() / 24
	changingRuns := min(m.runs, changedScopes) // runs that find at least one changed scope
	m.addUse(m.Steps.UnchangedRun, m.runs-changingRuns)
	m.addUse(m.Steps.OneChanged, changingRuns)
	m.addUse(m.Steps.Event, m.events)
	change := useOfOneChange(m.Steps)
	m.oss.writes += float64(change.OSSWrites) * (changedScopes - changingRuns)
	m.oss.reads += float64(change.OSSReads) * (changedScopes - changingRuns)

	m.addMessages(o.subscriptions, changingRuns)

	kept := changedScopes / 30 * float64(o.retention) // snapshots in the history
	m.oss.storedGB = (float64(m.Steps.FirstRun.StoredBytes) + float64(change.StoredBytes)*kept) / gigabyte
	// Once a day a run lists the bucket for the retention, 1,000 objects at a
	// time.
	m.oss.writes += 30 * math.Ceil((float64(m.Scopes)+kept)/1000)
}

// commitReads is what the runs with a commit read of the log and the index, once for all
// subscriptions. TestRequestsOfARun of shared/notify counts it.
const commitReads = 5

// addMessages adds what subscriptions to messages use: every run reads their status and
// cursors, and one with a commit writes them.
func (m *month) addMessages(subscriptions int, changingRuns float64) {
	if subscriptions == 0 {
		return
	}
	n := float64(subscriptions)
	m.oss.reads += (m.runs+m.events)*(n+1) + changingRuns*commitReads
	m.oss.writes += changingRuns * (n + 1)
}

// addLookups adds what the lookups use.
func (m *month) addLookups(o queryOptions) {
	cold := o.lookups * o.cold
	refreshes := min(o.lookups, monthTime.Seconds()/o.headTTL.Seconds()*o.instances)
	later := max(0, min(refreshes, o.lookups-cold))
	m.addUse(m.Steps.ColdLookup, cold)
	m.addUse(m.Steps.LaterLookup, later)
	m.addUse(m.Steps.WarmLookup, max(0, o.lookups-cold-later))
}

// addUse adds what so many invocations of one kind use.
func (m *month) addUse(u use, times float64) {
	m.calls += float64(u.Calls) * times
	m.oss.writes += float64(u.OSSWrites) * times
	m.oss.reads += float64(u.OSSReads) * times
	m.logGB += float64(u.LogBytes) * times / gigabyte
	m.trafficGB += float64(u.AnswerBytes) * times / gigabyte
}

// useOfOneChange is what one more changed scope adds to a run.
func useOfOneChange(s steps) use {
	return use{
		OSSWrites:   (s.TenChanged.OSSWrites - s.OneChanged.OSSWrites) / 9,
		OSSReads:    (s.TenChanged.OSSReads - s.OneChanged.OSSReads) / 9,
		StoredBytes: (s.TenChanged.StoredBytes - s.OneChanged.StoredBytes) / 9,
	}
}

// callTime is how long the calls of a run take. The rate limit or the
// concurrency bounds them.
func callTime(calls int, o snapshotOptions) time.Duration {
	atRate := float64(calls) / o.qps
	atConcurrency := float64(calls) * o.latency.Seconds() / float64(o.concurrency)
	return time.Duration(max(atRate, atConcurrency, o.latency.Seconds()) * float64(time.Second))
}

// costLabels name the items of computeCost, in its order.
var costLabels = []string{"vCPU", "memory", "invocations", "OSS writes", "OSS reads", "OSS storage", "logs", "traffic"}

// computeCost returns what a month costs: each item, and their sum.
func (m month) computeCost(p prices) (items []float64, total float64) {
	items = []float64{
		m.cpuSeconds * p.VCPUSecond, m.gbSeconds * p.GBSecond, (m.runs + m.events + m.lookups) / 1e4 * p.Invocations,
		m.oss.writes / 1e4 * p.OSSWrites, m.oss.reads / 1e4 * p.OSSReads, m.oss.storedGB * p.OSSStorage,
		m.logGB * p.Logs, m.trafficGB * p.InternetTraffic,
	}
	for _, cost := range items {
		total += cost
	}
	return items, total
}
