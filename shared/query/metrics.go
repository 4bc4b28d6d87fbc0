package query

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
	"community-images/shared/metrics"
)

// instanceHelp ends the help of what one instance counts: FC starts and drops
// instances as it likes, and a scrape reaches one of them.
const instanceHelp = " Of the instance that answers, since it started."

// lookupMetrics counts the lookups of this instance.
type lookupMetrics struct {
	began     time.Time
	lookups   *metrics.Family
	durations *metrics.Family
	routes    map[string]*routeMetrics // by pattern
	other     *routeMetrics            // paths that are no route
	replica   *routeMetrics            // see Service.Note
}

// routeMetrics holds the instruments of one route, so that counting a lookup
// takes no look-up of its own.
type routeMetrics struct {
	classes   [6]*metrics.Count // by the first digit of the status
	durations *metrics.Values
}

func newLookupMetrics(routes []*route) *lookupMetrics {
	m := &lookupMetrics{
		began:   time.Now(),
		lookups: metrics.New(metrics.Counter, "community_images_lookups", "", "Lookups by route and class of status."+instanceHelp),
		durations: metrics.New(metrics.Histogram, "community_images_lookup_duration_seconds", "seconds", "Time from request to answer, by route."+instanceHelp,
			0.0005, 0.0025, 0.01, 0.05, 0.25, 2.5),
		routes: map[string]*routeMetrics{},
	}
	for _, rt := range routes {
		m.routes[rt.pattern] = m.newRouteMetrics(rt.pattern)
	}
	m.other, m.replica = m.newRouteMetrics("other"), m.newRouteMetrics("replica")
	return m
}

func (m *lookupMetrics) newRouteMetrics(pattern string) *routeMetrics {
	r := &routeMetrics{durations: m.durations.Observe("route", pattern)}
	for class := 2; class < len(r.classes); class++ {
		r.classes[class] = m.lookups.Count("route", pattern, "class", strconv.Itoa(class)+"xx")
	}
	return r
}

// countLookup notes one lookup. rt is nil for a path that is no route.
func (m *lookupMetrics) countLookup(rt *route, status int, took time.Duration) {
	r := m.other
	if rt != nil {
		r = m.routes[rt.pattern]
	}
	r.countLookup(status, took)
}

func (r *routeMetrics) countLookup(status int, took time.Duration) {
	if c := r.classes[min(max(status/100, 2), 5)]; c != nil {
		c.Inc()
	}
	r.durations.Update(took.Seconds())
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// WriteString implements io.StringWriter.
func (w *statusWriter) WriteString(s string) (int, error) { return io.WriteString(w.ResponseWriter, s) }

// serveMetrics serves /metrics. It asks the store no more than /v1/status does, of
// which it is another form: for heads, and of a part for the log.
func (s *service) serveMetrics(ctx context.Context, a *request) (*answer, error) {
	list, _ := s.loadRegionStatuses(ctx, a)
	return &answer{omitEnvelope: true, render: func(context.Context, []byte) (*body, error) {
		if a.format == formatPrometheus {
			return &body{bytes: metrics.Prometheus(s.metricFamilies(list))}, nil
		}
		return &body{bytes: metrics.OpenMetrics(s.metricFamilies(list))}, nil
	}}, nil
}

// metricFamilies are all metrics of the regions, and those of the instance.
func (s *service) metricFamilies(list []regionStatus) []*metrics.Family {
	now := s.now()
	var all []*metrics.Family
	// gauge adds a family with one value for each region that has one.
	gauge := func(name, unit, help string, value func(regionStatus) (float64, bool)) {
		f := metrics.New(metrics.Gauge, "community_images_"+name, unit, help)
		for _, r := range list {
			if v, ok := value(r); ok {
				f.Set(v, "region", r.RegionID)
			}
		}
		all = append(all, f)
	}
	// moment adds a family for a time, which a region may not have yet.
	moment := func(name, help string, at func(regionStatus) catalog.Time) {
		gauge(name+"_timestamp_seconds", "seconds", help+" Seconds since 1970.", func(r regionStatus) (float64, bool) {
			t := catalog.Time{}
			if r.Error == nil {
				t = at(r)
			}
			return float64(t.UnixMilli()) / 1000, !t.IsZero()
		})
	}
	number := func(name, help string, of func(regionStatus) int) {
		gauge(name, "", help, func(r regionStatus) (float64, bool) { return float64(of(r)), r.Error == nil })
	}
	// labelled adds a family with one value for each region and label.
	labelled := func(name, label, help string, values func(regionStatus) map[string]int) {
		f := metrics.New(metrics.Gauge, "community_images_"+name, "", help)
		for _, r := range list {
			for value, n := range values(r) {
				f.Set(float64(n), "region", r.RegionID, label, value)
			}
		}
		all = append(all, f)
	}

	gauge("up", "", "1: the store answers and has data of the region. 0: it does not; what is shown is what was read last, if anything.", func(r regionStatus) (float64, bool) {
		if r.Error == nil && r.outage.IsZero() {
			return 1, true
		}
		return 0, true
	})
	gauge("outage_seconds", "seconds", "How long the store has not answered; 0: it answers.", func(r regionStatus) (float64, bool) {
		return float64(ageSeconds(now, r.outage)), r.Error == nil
	})
	moment("last_run", "When the last run ended that wrote the region's head.", func(r regionStatus) catalog.Time { return r.runOrZero().FinishedAt })
	gauge("last_run_duration_seconds", "seconds", "How long that run took.", func(r regionStatus) (float64, bool) {
		run := r.runOrZero()
		return max(0, run.FinishedAt.Sub(run.StartedAt.Time).Seconds()), r.Error == nil && !run.FinishedAt.IsZero()
	})
	labelled("last_run_scopes", "outcome", "Scopes by what that run found.", countLastRunScopes)
	number("commit_sequence", "Number of the last commit; commits count from 1 without a gap.", func(r regionStatus) int { return int(r.Sequence) })
	moment("commit", "When the last commit was made.", func(r regionStatus) catalog.Time { return r.CommittedAt })
	moment("discovery", "When the clusters were last listed with success.", func(r regionStatus) catalog.Time {
		if r.Discovery == nil {
			return catalog.Time{}
		}
		return r.Discovery.CheckedAt
	})
	labelled("scopes", "state", "Captured scopes by the outcome of their last check: ok, failed or held.", func(r regionStatus) map[string]int { return r.Scopes })
	number("stale_scopes", "Scopes whose data is marked stale: failed, held, or not checked for longer than QUERY_MAX_STALE.", func(r regionStatus) int { return r.stale })
	gauge("oldest_check_age_seconds", "seconds", "How long ago the scope was checked that has waited longest.", func(r regionStatus) (float64, bool) {
		if r.OldestCheck == nil {
			return 0, false
		}
		return float64(r.OldestCheck.AgeSeconds), true
	})
	number("clusters", "Captured clusters.", func(r regionStatus) int { return r.Clusters })
	number("listed_images", "Images of all scopes; one counts once for each scope that offers it.", func(r regionStatus) int { return r.images })
	if s.grantKey == "" { // what others ask is not for everybody
		all = append(all, s.instanceFamilies()...)
	}
	return all
}

// instanceFamilies are the metrics of this instance.
func (s *service) instanceFamilies() []*metrics.Family {
	build := metrics.New(metrics.Info, "community_images_build", "", "Version of the program.")
	build.Set(1, "version", s.version)
	began := metrics.New(metrics.Gauge, "community_images_instance_start_timestamp_seconds", "seconds", "When the instance that answers started. Seconds since 1970.")
	began.Set(float64(s.lookupMetrics.began.UnixMilli()) / 1000)
	return []*metrics.Family{build, began, s.lookupMetrics.lookups, s.lookupMetrics.durations}
}

func (r regionStatus) runOrZero() archive.RunInfo {
	if r.Run == nil {
		return archive.RunInfo{}
	}
	return *r.Run
}

// countLastRunScopes are the counts of the last run by outcome.
func countLastRunScopes(r regionStatus) map[string]int {
	if r.Run == nil || r.Run.FinishedAt.IsZero() {
		return nil
	}
	n := r.Run.Counts
	return map[string]int{"changed": n.Changed, "unchanged": n.Unchanged, "failed": n.Failed, "held": n.Held, "left": n.Left, "lost": n.Lost, "ended": n.Ended}
}
