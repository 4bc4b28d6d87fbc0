package query_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/catalog"
	"community-images/shared/query"
)

// newDatedRegion returns a region to which an image comes at 10:00, and another at 11:00,
// when the content of m-ubuntu changes too. What was there at 9:00, in commit 1, may be
// older. Now it is 11:30.
func newDatedRegion(t *testing.T) *fixture {
	w := newFixture(t)
	for _, c := range []content{
		{"ehpc-a/_any": parseImages(t, sampleImage, ubuntuCreating), "ehpc-b/_any": parseImages(t, sampleImage)},
		{"ehpc-a/_any": parseImages(t, sampleImage, ubuntuCreating, centOS79), "ehpc-b/_any": parseImages(t, sampleImage)},
		{"ehpc-a/_any": parseImages(t, sampleImage, ubuntuAvailable, centOS79),
			"ehpc-b/_any": parseImages(t, sampleImage, windows)},
	} {
		w.CommitRun(hangzhou, c)
		w.Now = w.Now.Add(time.Hour)
	}
	w.Now = w.Now.Add(-30 * time.Minute)
	return w
}

// TestListByDates: what is new is a question like any other.
func TestListByDates(t *testing.T) {
	t.Parallel()
	h := newDatedRegion(t).Handler()
	for query, want := range map[string]string{
		// Conditions.
		"FirstSeen__gte=-1h":                                  "m-win",
		"FirstSeen__gte=-7d":                                  "m-cent79 m-win",
		"FirstSeen__lt=-1h":                                   "m-cent79",
		"FirstSeen__gt=2026-11-23T10:00:00Z":                  "m-win",
		"FirstSeen__gte=2026-11-23T10:00:00Z":                 "m-cent79 m-win",
		"FirstSeen__gte=2026-11-23T10:00:00.0001Z":            "m-win",
		"FirstSeen__gt=2026-11-23T18:00:00%2B08:00":           "m-win",
		"FirstSeen__lte=1795428000":                           "m-cent79", // 10:00 in seconds
		"FirstSeen__lt=1795428000000":                         "",         // in milliseconds
		"FirstSeen__gte=2026-11-23":                           "m-cent79 m-win",
		"FirstSeen__gte=2026-11-24":                           "",
		"FirstSeen__lte=now":                                  "m-cent79 m-win",
		"FirstSeen=2026-11-23T10:00:00Z":                      "m-cent79",
		"FirstSeen=2026-11-23T10:00:00Z,2026-11-23T11:00:00Z": "m-cent79 m-win",
		"firstseen__GTE=-7d&Status__ne=Creating":              "m-cent79 m-win",
		"FirstSeen__gte=-7d&Status=UnAvailable":               "m-win",
		"ChangedAt__gte=-1h":                                  "m-ubuntu m-win",
		"ChangedAt__gte=-7d&FirstSeen__exists=false":          "m-ubuntu",
		"FirstSeen__gte=-100m&FirstSeen__lt=-50m":             "m-cent79",
		"FirstSeen__gte=-7d&q=win":                            "m-win",

		// Images of which it is not known.
		"FirstSeen__exists=true":                  "m-cent79 m-win",
		"ChangedAt__exists=false":                 "m-bp181x855551ww5yq****",
		"FirstSeen__ne=2026-11-23T10:00:00Z":      "m-bp181x855551ww5yq**** m-ubuntu m-win",
		"sort=FirstSeen":                          "m-cent79 m-win m-bp181x855551ww5yq**** m-ubuntu",
		"sort=-FirstSeen":                         "m-win m-cent79 m-bp181x855551ww5yq**** m-ubuntu",
		"sort=-ChangedAt,-ImageId":                "m-win m-ubuntu m-cent79 m-bp181x855551ww5yq****",
		"sort=-ChangedAt&latestBy=FirstSeen":      "m-ubuntu m-win m-cent79",
		"ClusterId=ehpc-b&FirstSeen__gte=-7d":     "m-win",
		"ClusterId=ehpc-a&ChangedAt__exists=true": "m-cent79 m-ubuntu",

		// In the past nothing is known of what came later.
		"at=2&FirstSeen__exists=true":  "m-cent79",
		"at=2&ChangedAt__exists=false": "m-bp181x855551ww5yq**** m-ubuntu",
		"at=-1h&sort=-ChangedAt":       "m-cent79 m-bp181x855551ww5yq**** m-ubuntu",
	} {
		target := "/v1/images?format=ids&" + query
		if !strings.Contains(query, "ClusterId") {
			target += "&ClusterId=*"
		}
		rec := get(h, target)
		if got := strings.Join(strings.Fields(rec.Body.String()), " "); got != want || rec.Code != 200 {
			t.Errorf("%s gives %d %s, want %s", target, rec.Code, got, want)
		}
	}
}

// TestDatesInEveryFormat: dates are shown if fields names them, and only then.
func TestDatesInEveryFormat(t *testing.T) {
	t.Parallel()
	h := newDatedRegion(t).Handler()
	for target, want := range map[string]string{
		"/v1/images?ClusterId=ehpc-a&fields=ImageId,firstseen,ChangedAt&format=ndjson": "" +
			`{"ImageId":"m-bp181x855551ww5yq****","FirstSeen":"","ChangedAt":""}|` +
			`{"ImageId":"m-cent79","FirstSeen":"2026-11-23T10:00:00.000Z","ChangedAt":"2026-11-23T10:00:00.000Z"}|` +
			`{"ImageId":"m-ubuntu","FirstSeen":"","ChangedAt":"2026-11-23T11:00:00.000Z"}|`,
		"/v1/images?ClusterId=ehpc-b&fields=ChangedAt&format=ndjson": "" +
			`{"ChangedAt":""}|{"ChangedAt":"2026-11-23T11:00:00.000Z"}|`,
		"/v1/images?ClusterId=ehpc-b&fields=ImageId,FirstSeen&format=csv": "" +
			"ImageId,FirstSeen\r|m-bp181x855551ww5yq****,\r|" +
			"m-win,2026-11-23T11:00:00.000Z\r|",
		"/v1/images?ClusterId=ehpc-a&fields=FirstSeen,ImageId&format=table&sort=FirstSeen&limit=1": "" +
			"FirstSeen                 ImageId|" +
			"2026-11-23T10:00:00.000Z  m-cent79|",
		"/v1/matrix?FirstSeen__gte=-7d&sort=-FirstSeen&format=table": "" +
			"ImageId   ImageName       Status       ehpc-a  ehpc-b|" +
			"m-win     win, server     UnAvailable          x|m-cent79  hpc-centos-7.9  Available    x|",
	} {
		rec := get(h, target)
		got := strings.ReplaceAll(rec.Body.String(), "\n", "|")
		got, _, _ = strings.Cut(got, "1 of 3")
		if got != want || rec.Code != 200 {
			t.Errorf("%s gives %d\n%s, want\n%s", target, rec.Code, got, want)
		}
	}
	for target, isShown := range map[string]bool{
		"": false, "&fields=*": false, "&fields=*,FirstSeen": true, "&facets=FirstSeen": true, "&format=csv": false,
		"&format=csv&fields=*": false, "&format=csv&fields=*,FirstSeen": true,
	} {
		if rec := get(h, "/v1/images?ClusterId=*"+target); strings.Contains(rec.Body.String(), "FirstSeen") != isShown {
			t.Errorf("%q shows %s", target, rec.Body)
		}
	}
	const facet = `"Facets":{"FirstSeen":[{"Value":"","Count":2},{"Value":"2026-11-23T10:00:00.000Z","Count":1},` +
		`{"Value":"2026-11-23T11:00:00.000Z","Count":1}]}`
	if rec := get(h, "/v1/images?ClusterId=*&facets=FirstSeen"); !strings.Contains(rec.Body.String(), facet) {
		t.Errorf("the facet is in %s", rec.Body)
	}
}

// TestPollForNewImages: the answer to a time before now keeps its ETag until an image
// passes that time, or a new one comes.
func TestPollForNewImages(t *testing.T) {
	t.Parallel()
	w := newDatedRegion(t)
	h := w.Handler()
	const target = "/v1/images?ClusterId=*&FirstSeen__gte=-1h&format=ids"
	etag, body := "", ""
	poll := func(status int, want string) {
		t.Helper()
		rec := get(h, target, "If-None-Match", etag)
		if rec.Code == 200 {
			etag, body = rec.Header().Get("ETag"), rec.Body.String()
		}
		if rec.Code != status || body != want {
			t.Errorf("at %s the poll answers %d, the images are %q, want %d %q", w.Now, rec.Code, body, status, want)
		}
	}
	poll(200, "m-win\n") // at 11:30
	w.Now = w.Now.Add(29 * time.Minute)
	poll(304, "m-win\n")
	w.Now = w.Now.Add(2 * time.Minute)
	poll(200, "") // at 12:01 it came more than an hour ago
	w.Now = w.Now.Add(10 * time.Minute)
	poll(304, "")
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage, centOS710),
		"ehpc-b/_any": parseImages(t, sampleImage)})
	w.Now = w.Now.Add(time.Minute)
	poll(200, "m-cent710\n")

	// In another cluster an image changes: the content of this one stays.
	before := get(h, "/v1/images?ClusterId=ehpc-b&fields=ImageId,ChangedAt").Header().Get("ETag")
	other := strings.Replace(sampleImage, "Available", "Creating", 1)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, other), "ehpc-b/_any": parseImages(t, sampleImage)})
	changed := catalog.At(w.Now).String()
	w.Now = w.Now.Add(time.Minute)
	rec := get(h, "/v1/images?ClusterId=ehpc-b&fields=ImageId,ChangedAt", "If-None-Match", before)
	if rec.Code != 200 || !strings.Contains(rec.Body.String(), changed) {
		t.Errorf("after the change at %s: %s", changed, dump(rec))
	}
}

// TestPagesByDates: pages of one list do not mix two states of the dates.
func TestPagesByDates(t *testing.T) {
	t.Parallel()
	region := newDatedRegion(t)
	for target, statuses := range map[string][2]int{
		"sort=-FirstSeen":               {200, 200}, // a change does not move them
		"sort=-ChangedAt":               {200, 410},
		"FirstSeen__exists=true":        {200, 200},
		"ChangedAt__exists=true":        {200, 410},
		"FirstSeen__gte=-95m":           {200, 200},
		"FirstSeen__gte=-91m":           {410, 410}, // m-cent79 came 90 minutes ago
		"sort=ImageId&facets=FirstSeen": {200, 200},
	} {
		w := region.CopyWithObjects(region.Memory.Objects())
		h := w.Handler()
		_, next := snapshotOf(t, h, "/v1/images?ClusterId=*&limit=1&"+target)
		w.Now = w.Now.Add(2 * time.Minute)
		page := "/v1/images?ClusterId=*&limit=1&fields=ImageId,ChangedAt&" + target + "&cursor=" + next
		if rec := get(h, page); rec.Code != statuses[0] {
			t.Errorf("the second page of %s is %s", target, dump(rec))
		}
		w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage, ubuntuCreating, centOS79),
			"ehpc-b/_any": parseImages(t, sampleImage, windows)})
		w.Now = w.Now.Add(time.Minute)
		if rec := get(h, page); rec.Code != statuses[1] {
			t.Errorf("after a change the second page of %s is %s", target, dump(rec))
		}
	}
}

// TestUnknownDates: a caller who may see some clusters knows no dates, and nobody does if
// the index is lost. A lookup that does not name them is not affected.
func TestUnknownDates(t *testing.T) {
	t.Parallel()
	w := newDatedRegion(t)
	limited := w.Handler(allow(access.Grant{Name: "a", Clusters: []string{"ehpc-a"}}))
	objects := w.Memory.Objects()
	for key := range objects {
		if strings.HasSuffix(key, "index.ndjson") {
			delete(objects, key)
		}
	}
	damaged := w.CopyWithObjects(objects)
	for name, h := range map[string]http.Handler{
		"some clusters": withToken{limited, "a"}, "no index": damaged.Handler(),
	} {
		for query, want := range map[string]string{
			"FirstSeen__gte=-7d":                       "",
			"FirstSeen__exists=false&ImageId=m-cent79": "m-cent79\n",
			"sort=-ChangedAt&limit=1":                  "m-bp181x855551ww5yq****\n",
			"at=2&ChangedAt__gte=-7d":                  "",
		} {
			rec := get(h, "/v1/images?ClusterId=ehpc-a&format=ids&"+query)
			if rec.Code != 200 || rec.Body.String() != want {
				t.Errorf("%s: %s gives %d %s, want %s", name, query, rec.Code, rec.Body, want)
			}
		}
		hints := hintsOf(t, get(h, "/v1/images?ClusterId=ehpc-a&FirstSeen__gte=-7d"))
		if !strings.Contains(strings.Join(hints, " "), "has a value for FirstSeen, so no condition on it can match.") {
			t.Errorf("%s: the hints are %q", name, hints)
		}
	}
}

// TestReadsForDates: only a lookup that names dates reads the index, and once.
func TestReadsForDates(t *testing.T) {
	t.Parallel()
	w := newDatedRegion(t)
	for target, want := range map[string]int{
		"/v1/images?ClusterId=ehpc-a":                                     0,
		"/v1/images?ClusterId=ehpc-a&fields=*&sort=ImageId":               0,
		"/v1/images?ClusterId=ehpc-a&fields=FirstSeen":                    1,
		"/v1/images?ClusterId=ehpc-a&sort=-ChangedAt&at=2":                1,
		"/v1/matrix?ClusterId=ehpc-a&FirstSeen__gte=-7d":                  1,
		"/v1/images?ClusterId=ehpc-a&FirstSeen__gte=-7d&facets=ChangedAt": 1,
	} {
		h := w.Handler(func(o *query.Options) { o.HeadTTL = time.Hour })
		w.Memory.Requests()
		for range 2 {
			if rec := get(h, target); rec.Code != 200 {
				t.Fatalf("%s: %s", target, dump(rec))
			}
		}
		if got := strings.Count(w.Memory.Requests(), "index.ndjson"); got != want {
			t.Errorf("%s reads the index %d times, want %d", target, got, want)
		}
	}
}
