package main

import (
	"math"
	"time"
)

const (
	monthTime = 30 * 24 * time.Hour
	// runOverhead is what a run takes besides its calls: state, commit, report.
	runOverhead = 2 * time.Second
	// eventTime is what a run for an event takes besides its calls.
	eventTime = time.Second
	gigabyte  = 1e9
)

// month is what a fleet uses in 30 days.
type month struct {
	fleet
	runs, events, lookups float64
	runTime               time.Duration
	calls                 float64
	cpuSeconds, gbSeconds float64
	writes, reads         float64
	storedGB              float64 // when retention is full
	logGB                 float64
	trafficGB             float64
}

// estimate puts the measured steps together.
func estimate(f fleet, o options) month {
	m := month{fleet: f, lookups: o.lookups}
	m.runs = monthTime.Seconds() / o.every.Seconds()
	m.events = o.events * float64(f.Clusters)
	changed := o.changes * float64(f.Scopes) * monthTime.Hours() / 24 // scopes
	changing := min(m.runs, changed)                                  // runs that find some
	refreshes := min(o.lookups, monthTime.Seconds()/o.headTTL.Seconds()*o.instances)
	cold := o.lookups * o.cold

	add := func(u use, times float64) {
		m.calls += float64(u.Calls) * times
		m.writes += float64(u.OSSWrites) * times
		m.reads += float64(u.OSSReads) * times
		m.logGB += float64(u.LogBytes) * times / gigabyte
		m.trafficGB += float64(u.AnswerBytes) * times / gigabyte
	}
	add(f.Steps.UnchangedRun, m.runs-changing)
	add(f.Steps.OneChanged, changing)
	each := perChange(f.Steps)
	m.writes += float64(each.OSSWrites) * (changed - changing)
	m.reads += float64(each.OSSReads) * (changed - changing)
	add(f.Steps.Event, m.events)
	add(f.Steps.ColdLookup, cold)
	later := max(0, min(refreshes, o.lookups-cold))
	add(f.Steps.LaterLookup, later)
	add(f.Steps.WarmLookup, max(0, o.lookups-cold-later))
	// Once a day the retention lists the bucket, 1,000 objects at a time.
	objects := float64(f.Scopes) + changed/30*float64(o.retention)
	m.writes += 30 * math.Ceil(objects/1000)
	m.storedGB = (float64(f.Steps.FirstRun.StoredBytes) + float64(each.StoredBytes)*changed/30*float64(o.retention)) / gigabyte

	m.runTime = runOverhead + callTime(f.Steps.UnchangedRun.Calls, o)
	snapshot := m.runs*m.runTime.Seconds() + m.events*(eventTime+callTime(f.Steps.Event.Calls, o)).Seconds()
	query := o.lookups * o.lookup.Seconds()
	m.cpuSeconds, m.gbSeconds = snapshot*o.cpu+query*o.queryCPU, (snapshot+query)*o.memory
	return m
}

// perChange is what one more changed scope adds to a run.
func perChange(s steps) use {
	return use{
		OSSWrites:   (s.TenChanged.OSSWrites - s.OneChanged.OSSWrites) / 9,
		OSSReads:    (s.TenChanged.OSSReads - s.OneChanged.OSSReads) / 9,
		StoredBytes: (s.TenChanged.StoredBytes - s.OneChanged.StoredBytes) / 9,
	}
}

// callTime is how long so many calls take: as the budget of calls a second
// lets them, or as many at a time as may be.
func callTime(calls int, o options) time.Duration {
	paced := float64(calls) / o.qps
	waited := float64(calls) * o.latency.Seconds() / float64(o.concurrency)
	return time.Duration(max(paced, waited, o.latency.Seconds()) * float64(time.Second))
}

// cost is what a month's use costs, by what is paid for.
func (m month) cost(p prices) (lines []float64, total float64) {
	lines = []float64{
		m.cpuSeconds * p.VCPUSecond, m.gbSeconds * p.GBSecond, (m.runs + m.events + m.lookups) / 1e4 * p.Invocations,
		m.writes / 1e4 * p.OSSWrites, m.reads / 1e4 * p.OSSReads, m.storedGB * p.OSSStorage,
		m.logGB * p.Logs, m.trafficGB * p.InternetTraffic,
	}
	for _, v := range lines {
		total += v
	}
	return lines, total
}
