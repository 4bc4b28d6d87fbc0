package metricstest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"community-images/shared/access"
	"community-images/shared/archive/archivetest"
	"community-images/shared/archive/buckettest"
	"community-images/shared/query"
	"community-images/shared/query/querytest"
)

// scrape reads /metrics as Prometheus does. It also checks rules of OpenMetrics that the
// parser does not: each family has a type and a help, and its samples follow with the
// suffixes of that type.
func scrape(t *testing.T, h http.Handler, target string, header ...string) map[string]float64 {
	t.Helper()
	rec := querytest.Get(h, target, append([]string{"Accept", "application/openmetrics-text"}, header...)...)
	if rec.Code != 200 {
		t.Fatalf("%s: %d %s", target, rec.Code, rec.Body)
	}
	p, err := textparse.New(rec.Body.Bytes(), rec.Header().Get("Content-Type"), false, labels.NewSymbolTable())
	if err != nil {
		t.Fatal(err)
	}
	suffixes := map[string][]string{"gauge": {""}, "counter": {"_total"}, "info": {"_info"},
		"histogram": {"_bucket", "_sum", "_count"}}
	values, seen, current, kind, helped := map[string]float64{}, map[string]bool{}, "", "", true
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, rec.Body)
		}
		switch entry {
		case textparse.EntryType:
			name, k := p.Type()
			if seen[string(name)] || !helped {
				t.Errorf("family %s is there twice, or the one before has no help", name)
			}
			current, kind, helped = string(name), string(k), false
			seen[current] = true
		case textparse.EntryUnit:
			if name, unit := p.Unit(); string(name) != current || !strings.HasSuffix(current, "_"+string(unit)) {
				t.Errorf("unit %s of %s within %s", unit, name, current)
			}
		case textparse.EntryHelp:
			_, text := p.Help()
			helped = len(text) > 10
		case textparse.EntrySeries:
			series, _, v := p.Series()
			var l labels.Labels
			p.Metric(&l)
			suffix, ok := strings.CutPrefix(l.Get("__name__"), current)
			if !ok || !slices.Contains(suffixes[kind], suffix) {
				t.Errorf("sample %s within the %s %s", series, kind, current)
			}
			values[string(series)] = v
		}
	}
	return values
}

// valuesOfFamily returns the samples of one family, one a line, without its name.
func valuesOfFamily(values map[string]float64, name string) string {
	var out []string
	for _, series := range slices.Sorted(maps.Keys(values)) {
		if rest, ok := strings.CutPrefix(series, "community_images_"+name); ok && (rest == "" || rest[0] == '{') {
			out = append(out, fmt.Sprintf("%s %v", strings.ReplaceAll(rest, `region="cn-hangzhou"`, "hz"),
				values[series]))
		}
	}
	return strings.Join(out, "\n")
}

func TestMetricsOfARegion(t *testing.T) {
	t.Parallel()
	w := querytest.NewSmallRegion(t)
	values := scrape(t, w.Handler(), "/metrics")
	for name, want := range map[string]string{
		"up":                          "{hz} 1",
		"outage_seconds":              "{hz} 0",
		"commit_sequence":             "{hz} 3",
		"commit_timestamp_seconds":    fmt.Sprintf("{hz} %v", float64(archivetest.Epoch.Add(2*time.Hour).Unix())),
		"last_run_timestamp_seconds":  fmt.Sprintf("{hz} %v", float64(archivetest.Epoch.Add(2*time.Hour).Unix())),
		"discovery_timestamp_seconds": fmt.Sprintf("{hz} %v", float64(archivetest.Epoch.Add(2*time.Hour).Unix())),
		"last_run_duration_seconds":   "{hz} 0",
		"alias_file_problem":          "{hz} 0",
		"last_run_scopes": `{hz,outcome="changed"} 0` + "\n" + `{hz,outcome="ended"} 0` + "\n" +
			`{hz,outcome="failed"} 2` + "\n" + `{hz,outcome="held"} 0` + "\n" +
			`{hz,outcome="left"} 0` + "\n" + `{hz,outcome="lost"} 0` + "\n" + `{hz,outcome="unchanged"} 3`,
		"scopes":                   `{hz,state="failed"} 2` + "\n" + `{hz,state="held"} 0` + "\n" + `{hz,state="ok"} 3`,
		"stale_scopes":             "{hz} 2",
		"oldest_check_age_seconds": "{hz} 5400",
		"clusters":                 "{hz} 3",
		"listed_images":            "{hz} 11",
		"build_info":               `{version="v1.2.3"} 1`,
	} {
		if diff := cmp.Diff(want, valuesOfFamily(values, name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestMetricsAskNoMoreThanALookup pins the requests of a scrape.
func TestMetricsAskNoMoreThanALookup(t *testing.T) {
	t.Parallel()
	w := querytest.NewSmallRegion(t)
	h := w.Handler()
	w.Memory.Requests()
	scrape(t, h, "/metrics")
	first := w.Memory.Requests()
	querytest.Get(w.Handler(), "/v1/status")
	if status := w.Memory.Requests(); first != status {
		t.Errorf("a first scrape asks\n%s\n/v1/status asks\n%s", first, status)
	}
	// The first list of clusters reads what tells the states of boot images.
	querytest.Get(h, "/v1/clusters")
	w.Memory.Requests()
	for range 5 {
		scrape(t, h, "/metrics")
		scrape(t, h, "/metrics?bootImages=true")
		querytest.Get(h, "/v1/clusters")
	}
	if again := w.Memory.Requests(); again != "" {
		t.Errorf("scrapes within the time a head is used ask\n%s", again)
	}
}

// TestMetricsOfARestrictedCallerAreCached: the first scrape of a restricted caller reads
// the head and the log. Later scrapes and lookups read nothing.
func TestMetricsOfARestrictedCallerAreCached(t *testing.T) {
	t.Parallel()
	w := querytest.NewSmallRegion(t)
	h := w.Handler(querytest.AllowTokens(access.Grant{Name: "one", Clusters: []string{"ehpc-a"}}))
	mine := []string{"Authorization", querytest.Bearer("one")}
	w.Memory.Requests()
	scrape(t, h, "/metrics", mine...)
	if first := w.Memory.Requests(); !strings.Contains(first, "/log/") {
		t.Errorf("a first scrape asks\n%s", first)
	}
	scrape(t, h, "/metrics", mine...)
	querytest.Get(h, "/v1/status", mine...)
	if again := w.Memory.Requests(); again != "" {
		t.Errorf("after it are asked\n%s", again)
	}
	querytest.Get(h, "/v1/clusters", mine...)
	w.Memory.Requests()
	scrape(t, h, "/metrics?bootImages=true", mine...)
	querytest.Get(h, "/v1/clusters", mine...)
	if again := w.Memory.Requests(); again != "" {
		t.Errorf("after a list of clusters are asked\n%s", again)
	}
}

func TestMetricsOfTheInstance(t *testing.T) {
	t.Parallel()
	h := querytest.NewSmallRegion(t).Handler()
	querytest.Get(h, "/v1/images")
	querytest.Get(h, "/v1/images?nonsense=1")
	querytest.Get(h, "/v1/images/m-cent79")
	tag := querytest.Get(h, "/v1/images").Header().Get("ETag")
	querytest.Get(h, "/v1/images", "If-None-Match", tag)
	querytest.Get(h, "/nope")
	values := scrape(t, h, "/metrics")
	for series, want := range map[string]float64{
		`lookups_total{route="/v1/images",class="2xx"}`:                            2,
		`lookups_total{route="/v1/images",class="3xx"}`:                            1,
		`lookups_total{route="/v1/images",class="4xx"}`:                            1,
		`lookups_total{route="/v1/images/{ImageId}",class="2xx"}`:                  1,
		`lookups_total{route="other",class="4xx"}`:                                 1,
		`lookups_total{route="/metrics",class="2xx"}`:                              0,
		`lookup_duration_seconds_count{route="/v1/images"}`:                        4,
		`lookup_duration_seconds_bucket{route="/v1/images",le="+Inf"}`:             4,
		`lookup_duration_seconds_bucket{route="/v1/images/{ImageId}",le="+Inf"}`:   1,
		`lookup_duration_seconds_bucket{route="/v1/images/{ImageId}",le="0.0005"}`: -1, // whatever it is
	} {
		got, ok := values["community_images_"+series]
		if !ok || want >= 0 && got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
	if got := scrape(t, h, "/metrics")[`community_images_lookups_total{route="/metrics",class="2xx"}`]; got != 1 {
		t.Errorf("the second scrape knows of %v earlier ones", got)
	}
}

func TestMetricsInAnOutage(t *testing.T) {
	t.Parallel()
	w := querytest.NewSmallRegion(t)
	down := false
	w.Bucket = buckettest.NewFaulty(w.Memory, func(buckettest.Op) *buckettest.Fault {
		if down {
			return &buckettest.Fault{Err: buckettest.ErrInjected}
		}
		return nil
	})
	h := w.Handler(func(o *query.Options) { o.Regions = []string{archivetest.Hangzhou, archivetest.Beijing} })
	values := scrape(t, h, "/metrics")
	if got := valuesOfFamily(values, "up"); got != `{region="cn-beijing"} 0`+"\n{hz} 1" {
		t.Errorf("a region without data: %s", got)
	}
	if got := valuesOfFamily(values, "scopes"); strings.Contains(got, "beijing") {
		t.Errorf("scopes of a region without data: %s", got)
	}
	down = true
	w.Now = w.Now.Add(time.Minute)
	scrape(t, h, "/metrics")
	w.Now = w.Now.Add(time.Minute)
	values = scrape(t, h, "/metrics?RegionId="+archivetest.Hangzhou)
	for name, want := range map[string]string{"up": "{hz} 0", "outage_seconds": "{hz} 60", "commit_sequence": "{hz} 3",
		"oldest_check_age_seconds": "{hz} 5520"} {
		if got := valuesOfFamily(values, name); got != want {
			t.Errorf("%s is %q in an outage, want %q", name, got, want)
		}
	}
	if cold := scrape(t, w.Handler(), "/metrics"); valuesOfFamily(cold, "up") != "{hz} 0" ||
		valuesOfFamily(cold, "commit_sequence") != "" {
		t.Errorf("a cold instance in an outage: %v", cold)
	}
}

func TestMetricsAreNegotiated(t *testing.T) {
	t.Parallel()
	h := querytest.NewSmallRegion(t).Handler()
	const open, text = "application/openmetrics-text; version=1.0.0; charset=utf-8", "text/plain; version=0.0.4; " +
		"charset=utf-8"
	for accept, want := range map[string]string{
		"":                                  text,
		"*/*":                               text,
		"*":                                 text,
		"application/*":                     open,
		"application/openmetrics-text":      open,
		"application/openmetrics-text, */*": open,
		"text/plain":                        text,
		"text/plain;version=0.0.4":          text,
		"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6," +
			"application/openmetrics-text;version=0.0.1;q=0.5," +
			"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2": open,
		"text/plain;version=0.0.4,*/*;q=0.1": text,
	} {
		rec := querytest.Get(h, "/metrics", "Accept", accept)
		if got := rec.Header().Get("Content-Type"); got != want || rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%q gives %q", accept, got)
		}
		if ends := strings.HasSuffix(rec.Body.String(), "\n# EOF\n"); ends != (want == open) {
			t.Errorf("%q: the body ends with # EOF: %v", accept, ends)
		}
		if want == text {
			var parser expfmt.TextParser
			if _, err := parser.TextToMetricFamilies(rec.Body); err != nil {
				t.Errorf("%q: %v", accept, err)
			}
		}
	}
	if rec := querytest.Get(h, "/metrics", "Accept", "application/json"); rec.Code != 406 {
		t.Errorf("json is answered with %d", rec.Code)
	}
	for format, want := range map[string]string{"prometheus": text, "openmetrics": open} {
		rec := querytest.Get(h, "/metrics?format="+format)
		if got := rec.Header().Get("Content-Type"); got != want {
			t.Errorf("format=%s gives %q", format, got)
		}
	}
}

// TestMetricsOfARestrictedCaller: a caller whose token covers one cluster sees the numbers of that
// cluster only, and nothing about the lookups of others.
func TestMetricsOfARestrictedCaller(t *testing.T) {
	t.Parallel()
	h := querytest.NewSmallRegion(t).Handler(func(o *query.Options) {
		o.Tokens = access.Tokens{
			{Hash: sha256.Sum256([]byte("all")), Grant: access.Grant{Name: "all"}},
			{Hash: sha256.Sum256([]byte("one")), Grant: access.Grant{Name: "one", Clusters: []string{"ehpc-a"}}},
		}
	})
	if rec := querytest.Get(h, "/metrics"); rec.Code != 401 {
		t.Errorf("without a token: %d", rec.Code)
	}
	for token, want := range map[string]string{
		"all": `commit {hz} 3 clusters {hz} 3 scopes {hz,state="ok"} 3 runs 7 lookups true`,
		"one": `commit {hz} 3 clusters {hz} 1 scopes {hz,state="ok"} 2 runs 0 lookups false`,
	} {
		values := scrape(t, h, "/metrics", "Authorization", "Bearer "+token)
		states := strings.Split(valuesOfFamily(values, "scopes"), "\n")
		got := fmt.Sprintf("commit %s clusters %s scopes %s runs %d lookups %v",
			valuesOfFamily(values, "commit_sequence"), valuesOfFamily(values, "clusters"), states[len(states)-1],
			strings.Count(valuesOfFamily(values, "last_run_scopes"), "outcome"),
			valuesOfFamily(values, "lookups_total") != "")
		if got != want {
			t.Errorf("token %q sees %s, want %s", token, got, want)
		}
	}
}
