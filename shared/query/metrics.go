package query

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"community-images/shared/metrics"
	"community-images/shared/query/request"
)

// instanceHelp ends the help of what one instance counts. FC starts and stops
// instances as it likes, and a scrape reaches one of them.
const instanceHelp = " Of the instance that answers, since it started."

// lookupMetrics counts the lookups of this instance. Its values are of one
// process, and lost with it.
type lookupMetrics struct {
	startedAt time.Time                // of the instance
	lookups   *metrics.Family          // counts by route and class of status
	durations *metrics.Family          // seconds by route
	routes    map[string]*routeMetrics // by pattern
	other     *routeMetrics            // paths without a route
	replica   *routeMetrics            // see Service.CountReplicaAnswer
}

// routeMetrics holds the instruments of one route, so that a lookup is counted
// without a search.
type routeMetrics struct {
	classes   [6]*metrics.Count // by the first digit of the status; nil for 0 and 1
	durations *metrics.Values   // in seconds
}

// newLookupMetrics makes the instruments of all routes at once, so that each
// shows 0 before its first lookup. Rates need that zero.
func newLookupMetrics(routes []*servedRoute) *lookupMetrics {
	m := &lookupMetrics{
		startedAt: time.Now(),
		lookups: metrics.New(metrics.Counter, "community_images_lookups", "",
			"Lookups by route and class of status."+instanceHelp),
		durations: metrics.New(metrics.Histogram, "community_images_lookup_duration_seconds", "seconds",
			"Time from request to answer, by route."+instanceHelp,
			0.0005, 0.0025, 0.01, 0.05, 0.25, 2.5),
		routes: map[string]*routeMetrics{},
	}
	for _, rt := range routes {
		m.routes[rt.Pattern] = m.newRouteMetrics(rt.Pattern)
	}
	m.other, m.replica = m.newRouteMetrics("other"), m.newRouteMetrics("replica")
	return m
}

// newRouteMetrics makes the instruments of a route or of a group of lookups.
func (m *lookupMetrics) newRouteMetrics(pattern string) *routeMetrics {
	r := &routeMetrics{durations: m.durations.Observe("route", pattern)}
	for class := 2; class < len(r.classes); class++ {
		r.classes[class] = m.lookups.Count("route", pattern, "class", strconv.Itoa(class)+"xx")
	}
	return r
}

// countLookup counts one lookup. rt is nil for a path without a route.
func (m *lookupMetrics) countLookup(rt *servedRoute, status int, duration time.Duration) {
	// Paths are the caller's choice, so those without a route share one label.
	r := m.other
	if rt != nil {
		r = m.routes[rt.Pattern]
	}
	r.countLookup(status, duration)
}

// A status below 200 or above 599 counts in the nearest class.
func (r *routeMetrics) countLookup(status int, duration time.Duration) {
	if count := r.classes[min(max(status/100, 2), 5)]; count != nil {
		count.Inc()
	}
	r.durations.Update(duration.Seconds())
}

// statusWriter remembers the status of a response.
type statusWriter struct {
	http.ResponseWriter
	status int // 0 until the header is written
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// WriteString implements io.StringWriter. It passes the string on as one,
// because the recorder of the function then needs no copy.
func (w *statusWriter) WriteString(s string) (int, error) { return io.WriteString(w.ResponseWriter, s) }

// serveMetrics serves /metrics. It reads the same as /v1/status, the heads, and
// shows them in another form. It has no ETag: a scrape always wants the present
// values.
func (s *Lookup) serveMetrics(ctx context.Context, req *request.Request) (*answer, error) {
	list, _ := s.loadRegionStatuses(ctx, req)
	return &answer{omitEnvelope: true, render: func(context.Context, []byte) (*body, error) {
		families := s.metricFamilies(list)
		if req.Format == request.FormatPrometheus {
			return &body{bytes: metrics.Prometheus(families)}, nil
		}
		return &body{bytes: metrics.OpenMetrics(families)}, nil
	}}, nil
}

// metricFamilies returns the metrics of regions, and those of this instance
// unless the caller is restricted.
func (s *Lookup) metricFamilies(list []regionStatus) []*metrics.Family {
	families := newRegionFamilies(list, s.Now())
	if s.seesInstance() {
		families = append(families, s.instanceFamilies()...)
	}
	return families
}

// instanceFamilies returns the metrics of this instance. They are the same for
// all callers who may see everything.
func (s *Lookup) instanceFamilies() []*metrics.Family {
	build := metrics.New(metrics.Info, "community_images_build", "", "Version of the program.")
	build.Set(1, "version", s.service.version)
	started := metrics.New(metrics.Gauge, "community_images_instance_start_timestamp_seconds", "seconds",
		"When the instance that answers started. Seconds since 1970.")
	started.Set(float64(s.service.lookupMetrics.startedAt.UnixMilli()) / 1000)
	return []*metrics.Family{build, started, s.service.lookupMetrics.lookups, s.service.lookupMetrics.durations}
}
