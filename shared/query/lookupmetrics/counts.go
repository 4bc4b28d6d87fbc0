// Package lookupmetrics counts the lookups of this instance and how long they took, for
// /metrics. FC starts and stops instances as it likes, and a scrape reaches one of them.
// The values are of one process, and lost with it.
//
// It promises that each route shows 0 before its first lookup, because rates need that zero.
package lookupmetrics

import (
	"strconv"
	"time"

	"community-images/shared/metrics"
)

// instanceHelp ends the help of what one instance counts.
const instanceHelp = " Of the instance that answers, since it started."

// Counts are the metrics of one instance. It is safe for concurrent use.
type Counts struct {
	version   string                   // of the program
	startedAt time.Time                // of the instance
	lookups   *metrics.Family          // counts by route and class of status
	durations *metrics.Family          // seconds by route
	routes    map[string]*routeMetrics // by pattern
	other     *routeMetrics            // paths without a route
	replica   *routeMetrics            // see CountReplica
}

// routeMetrics holds the instruments of one route, so that a lookup is counted
// without a search.
type routeMetrics struct {
	classes   [6]*metrics.Count // by the first digit of the status; nil for 0 and 1
	durations *metrics.Values   // in seconds
}

// New makes the instruments of all routes, which their patterns name. version is that of
// the program.
func New(version string, patterns []string) *Counts {
	c := &Counts{
		version:   version,
		startedAt: time.Now(),
		lookups: metrics.New(metrics.Counter, "community_images_lookups", "",
			"Lookups by route and class of status."+instanceHelp),
		durations: metrics.New(metrics.Histogram, "community_images_lookup_duration_seconds", "seconds",
			"Time from request to answer, by route."+instanceHelp,
			0.0005, 0.0025, 0.01, 0.05, 0.25, 2.5),
		routes: map[string]*routeMetrics{},
	}
	for _, pattern := range patterns {
		c.routes[pattern] = c.newRouteMetrics(pattern)
	}
	c.other, c.replica = c.newRouteMetrics("other"), c.newRouteMetrics("replica")
	return c
}

// newRouteMetrics makes the instruments of a route or of a group of lookups.
func (c *Counts) newRouteMetrics(pattern string) *routeMetrics {
	r := &routeMetrics{durations: c.durations.Observe("route", pattern)}
	for class := 2; class < len(r.classes); class++ {
		r.classes[class] = c.lookups.Count("route", pattern, "class", strconv.Itoa(class)+"xx")
	}
	return r
}

// Count counts a lookup of a route by its pattern. Paths are the caller's choice, so those
// without a route share one label: their pattern is empty.
func (c *Counts) Count(pattern string, status int, took time.Duration) {
	r := c.other
	if pattern != "" {
		r = c.routes[pattern]
	}
	r.count(status, took)
}

// CountReplica counts an answer of the replica.
func (c *Counts) CountReplica(status int, took time.Duration) { c.replica.count(status, took) }

// count counts one lookup. A status below 200 or above 599 counts in the nearest class.
func (r *routeMetrics) count(status int, took time.Duration) {
	if count := r.classes[min(max(status/100, 2), 5)]; count != nil {
		count.Inc()
	}
	r.durations.Update(took.Seconds())
}

// Metrics returns the metrics of this instance. They are the same for all callers who may
// see everything.
func (c *Counts) Metrics() []*metrics.Family {
	build := metrics.New(metrics.Info, "community_images_build", "", "Version of the program.")
	build.Set(1, "version", c.version)
	started := metrics.New(metrics.Gauge, "community_images_instance_start_timestamp_seconds", "seconds",
		"When the instance that answers started. Seconds since 1970.")
	started.Set(float64(c.startedAt.UnixMilli()) / 1000)
	return []*metrics.Family{build, started, c.lookups, c.durations}
}
