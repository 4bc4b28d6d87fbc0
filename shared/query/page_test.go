package query_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/catalog"
	"community-images/shared/query"
)

var errDown = errors.New("connection refused")

func collectReports(to *[]string) func(context.Context, string, error) {
	return func(_ context.Context, id string, err error) { *to = append(*to, id+": "+err.Error()) }
}

func newImages(t *testing.T, n int, status string) []*catalog.Image {
	var objects []string
	for i := range n {
		objects = append(objects, fmt.Sprintf(`{"ImageId":"m-%03d","ImageName":"n%d","Status":%q,"Size":%d}`, i, i%7,
			status, i%13))
	}
	return parseImages(t, objects...)
}

func TestPagesNeverMixTwoStates(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": newImages(t, 25, "Available")})
	h := w.Handler()
	var seen []string
	target := "/v1/images?sort=-Size,ImageName&limit=10"
	for page := 0; target != ""; page++ {
		rec := get(h, target)
		var body struct {
			TotalCount int
			NextCursor string
			Images     []struct{ ImageId, Status string }
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil || rec.Code != 200 {
			t.Fatalf("page %d: %d %s", page, rec.Code, rec.Body)
		}
		for _, im := range body.Images {
			seen = append(seen, im.ImageId)
			if im.Status != "Available" {
				t.Errorf("page %d shows the later state", page)
			}
		}
		if body.TotalCount != 25 {
			t.Errorf("page %d counts %d", page, body.TotalCount)
		}
		link := rec.Header().Get("Link")
		target = ""
		if body.NextCursor != "" {
			target, _, _ = strings.Cut(strings.TrimPrefix(link, "<"), ">")
			if !strings.Contains(link, `rel="next"`) || !strings.Contains(target, "cursor="+body.NextCursor) {
				t.Errorf("Link is %q", link)
			}
		}
		// Another state is committed between the pages, and another instance answers.
		w.Now = w.Now.Add(time.Minute)
		w.CommitRun(hangzhou, content{"_any/_any": newImages(t, 30-page, "Creating")})
		h = w.Handler()
	}
	if len(seen) != 25 {
		t.Errorf("%d images on all pages: %v", len(seen), seen)
	}
	unique := map[string]bool{}
	for _, id := range seen {
		unique[id] = true
	}
	if len(unique) != 25 {
		t.Errorf("images repeat: %v", seen)
	}
}

func TestCursorOfAnotherQueryIsRefused(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": newImages(t, 25, "Available"),
		"ehpc-a/_any": newImages(t, 3, "Available")})
	h := w.Handler()
	var body struct{ NextCursor string }
	if err := json.Unmarshal(get(h, "/v1/images?limit=10&sort=Size").Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	checkError(t, get(h, "/v1/images?limit=10&sort=-Size&cursor="+body.NextCursor), 400, "InvalidParameter",
		[]string{"cursor belongs to another query"})
	checkError(t, get(h, "/v1/images?limit=10&sort=Size&ClusterId=ehpc-a&cursor="+body.NextCursor), 400,
		"InvalidParameter", []string{"another query"})
	if rec := get(h, "/v1/images?limit=5&sort=Size&format=ids&cursor="+body.NextCursor); rec.Code != 200 ||
		strings.Count(rec.Body.String(), "\n") != 5 {
		t.Errorf("another limit and format: %d %s", rec.Code, rec.Body)
	}
	// The collector has removed the objects of the first state.
	before := w.Memory.Objects()
	w.Now = w.Now.Add(time.Minute)
	w.CommitRun(hangzhou, content{"_any/_any": newImages(t, 5, "Available")})
	after := w.Memory.Objects()
	for key := range before {
		if strings.Contains(key, "/_any/_any/") {
			delete(after, key)
		}
	}
	w.Memory.Restore(after)
	checkError(t, get(w.Handler(), "/v1/images?limit=5&sort=Size&cursor="+body.NextCursor), 410, "CursorExpired",
		[]string{"no longer kept"})
}

func TestSampleComesBackFieldForField(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	var body struct{ Images []json.RawMessage }
	if err := json.Unmarshal(get(w.Handler(), "/v1/images?ImageId=m-bp181x855551ww5yq****").Body.Bytes(),
		&body); err != nil || len(body.Images) != 1 {
		t.Fatal(err, body)
	}
	want, _ := catalog.Canonical([]byte(sampleImage))
	if got := string(body.Images[0]); got != want {
		t.Errorf("sample comes back as %s", got)
	}
}

func TestClockSkewGivesNoNegativeAge(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.Now = epoch.Add(-time.Hour)
	rec := get(w.Handler(), "/v1/images")
	if rec.Code != 200 || rec.Header().Get("X-Snapshot-Age") != "0" ||
		!strings.Contains(rec.Body.String(), `"AgeSeconds":0,"Stale":false`) {
		t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
	}
}

// TestAge: Age tells caches for how long the answer has been held since the store
// confirmed it.
func TestAge(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	down := false
	h := w.Handler(func(o *query.Options) { o.Archive = archive.New(&failingReader{w.Bucket, &down}, w.Keys) })
	for _, row := range []struct {
		about  string
		later  time.Duration
		down   bool
		target string
		want   string
	}{
		{"read for this answer", 0, false, "/v1/images", "0"},
		{"from memory", 3 * time.Second, false, "/v1/images", "3"},
		{"of all regions", 0, false, "/v1/clusters", "3"},
		{"pinned", 0, false, "/v1/images?at=1", "0"},
		{"pinned to the last commit", 0, false, "/v1/images?at=3", "0"},
		{"read again", 2 * time.Second, false, "/v1/images", "0"},
		{"during an outage", time.Minute, true, "/v1/images", "60"},
	} {
		w.Now, down = w.Now.Add(row.later), row.down
		if rec := get(h, row.target); rec.Code != 200 || rec.Header().Get("Age") != row.want {
			t.Errorf("%s: %d, Age is %q, want %q", row.about, rec.Code, rec.Header().Get("Age"), row.want)
		}
	}
}

// failingReader is a bucket whose Get fails while down is true.
type failingReader struct {
	archive.Reader
	down *bool
}

func (b *failingReader) Get(ctx context.Context, key, etag string) ([]byte, string, error) {
	if *b.down {
		return nil, "", errors.New("connection refused")
	}
	return b.Reader.Get(ctx, key, etag)
}

func TestOldDataIsMarked(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.Now = w.Now.Add(3 * time.Hour)
	rec := get(w.Handler(), "/v1/images")
	if rec.Header().Get("Warning") == "" || !strings.Contains(rec.Body.String(),
		`{"Scope":"_any/_any","Since":"2026-11-23T11:00:00.000Z","Reason":"not checked for more than 3h0m0s"}`) {
		t.Errorf("%v %s", rec.Header(), rec.Body)
	}
	// A state that was asked for by its commit is not stale because of its age.
	if rec := get(w.Handler(), "/v1/images?at=1"); rec.Header().Get("Warning") != "" ||
		rec.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("%v %s", rec.Header(), rec.Body)
	}
}

// TestStateOfACommitIsNotStale: the last commit, asked for by its number, is answered
// like every earlier one: without what holds only now, so the next commit does not change
// the answer.
func TestStateOfACommitIsNotStale(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	down := false
	h := w.Handler(func(o *query.Options) { o.Archive = archive.New(&failingReader{w.Bucket, &down}, w.Keys) },
		allow(access.Grant{Name: "all"}, access.Grant{Name: "a", Clusters: []string{"ehpc-a", "ehpc-b"}}))
	targets := []string{
		"/v1/images?ClusterId=ehpc-a&at=3", "/v1/matrix?ClusterId=ehpc-a&at=3", "/v1/diff?ClusterId=ehpc-a&from=1&to=3",
		"/v1/diff?ClusterId=ehpc-a&with=ehpc-b&at=3",
		"/v1/changes?at=3", "/v1/images/m-cent79/history?at=3", "/v1/images/m-cent79?ClusterId=ehpc-a&at=3",
		"/v1/clusters?ClusterId=ehpc-a&at=3", "/v1/images?ClusterId=ehpc-a&at=3&limit=1",
	}
	first := map[string]string{}
	probe := func(caller, target string) string {
		rec := get(withToken{h, caller}, target)
		snapshot, _, _ := strings.Cut(rec.Body.String(), `"StaleScopes":`)
		_, rest, _ := strings.Cut(rec.Body.String(), `"StaleScopes":`)
		stale, _, _ := strings.Cut(rest, "]")
		if !strings.Contains(snapshot, `"Snapshot":`) || rec.Code != 200 || rec.Header().Get("Age") != "0" {
			t.Errorf("%s for %s: %s", target, caller, dump(rec))
		}
		return stale + rec.Header().Get("Warning") + rec.Header().Get("Cache-Control")
	}
	for _, caller := range []string{"all", "a"} {
		for _, target := range targets {
			first[caller+target] = probe(caller, target)
		}
	}
	down, w.Now = true, w.Now.Add(5*time.Hour)
	if rec := get(withToken{h, "all"}, "/v1/images?ClusterId=ehpc-a"); !strings.Contains(rec.Body.String(),
		"the storage cannot be reached") || !strings.Contains(rec.Body.String(), "not checked for more than 3h0m0s") {
		t.Fatalf("the answer without at does not say what holds now: %s", dump(rec))
	}
	for _, caller := range []string{"all", "a"} {
		for _, target := range targets {
			if got := probe(caller, target); got != first[caller+target] {
				t.Errorf("%s for %s gives %q later, at first %q", target, caller, got, first[caller+target])
			}
		}
	}
	if !strings.Contains(probe("all", "/v1/diff?ClusterId=ehpc-a&with=ehpc-b&at=3"), "the last check failed") {
		t.Error("the outcome of a check in the commit is missing")
	}
}

// TestNothingWasEverChecked: without a check there is no age. An age of 0 would look
// fresh.
func TestNothingWasEverChecked(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler(func(o *query.Options) {
		o.Regions = []string{hangzhou, beijing}
	}, allow(access.Grant{Name: "all"}, access.Grant{Name: "x", Regions: []string{hangzhou},
		Clusters: []string{"ehpc-x"}}))
	for _, row := range []struct {
		caller, target string
		age            string // empty: there is none
	}{
		{"all", "/v1/clusters?ClusterId=ehpc-new", ""},
		{"all", "/v1/clusters?ClusterId=ehpc-new&at=1", ""},
		{"all", "/v1/changes?ClusterId=ehpc-new", ""},
		{"all", "/v1/status?RegionId=cn-beijing", ""},
		{"x", "/v1/status", ""},
		{"x", "/v1/clusters", ""},
		{"all", "/v1/status", "5400"},
		{"all", "/v1/clusters", "5400"},
		{"all", "/v1/clusters?ClusterId=ehpc-new,ehpc-b", "5400"},
		{"all", "/v1/changes?ClusterId=ehpc-new,ehpc-a", "1800"},
	} {
		rec := get(withToken{h, row.caller}, row.target)
		snapshot := `"CheckedAt":"","Stale":`
		if row.age != "" {
			snapshot = `,"AgeSeconds":` + row.age + `,"Stale":`
		}
		if rec.Code != 200 || rec.Header().Get("X-Snapshot-Age") != row.age ||
			!strings.Contains(rec.Body.String(), snapshot) {
			t.Errorf("%s for %s: %s", row.target, row.caller, dump(rec))
		}
	}
}

// TestLongQueriesHaveNextPages: the link to the next page is longer than the request,
// and must not be too long for the caller who follows it.
func TestLongQueriesHaveNextPages(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS710)})
	h := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	for _, start := range []string{"/v1/images?ClusterId=ehpc-a&limit=1&ImageName__ne=",
		"/v1/matrix?ClusterId=ehpc-a&limit=1&ImageName__ne=",
		"/v1/changes?ClusterId=ehpc-a&limit=1&ImageId=m-cent79,m-win,m-ubuntu,",
		"/v1/changes?since=0&ClusterId=ehpc-a&limit=1&ImageId=m-cent79,m-win,m-ubuntu,",
		"/v1/changes?since=" + w.FeedCursor(hangzhou, 1, 0) + "&ClusterId=ehpc-a&limit=1&ImageId=m-cent79,m-win,m-ubuntu,"} {
		answered, refused := 0, 0
		for size := 3980; size <= 4100; size++ {
			rec := get(h, start+strings.Repeat("x", size-len(start)))
			if rec.Code == 414 {
				refused++
				continue
			}
			answered++
			pages := 0
			for next, more := "", true; more && rec.Code == 200; pages++ {
				if next, _, more = strings.Cut(strings.TrimPrefix(rec.Header().Get("Link"), "<"), ">"); more {
					rec = get(h, next)
				}
			}
			if rec.Code != 200 || pages < 2 || refused > 0 {
				t.Fatalf("%.60s of %d bytes: page %d is %d %.200s", start, size, pages, rec.Code, rec.Body)
			}
		}
		if answered < 30 || refused < 4 {
			t.Errorf("%.60s: %d answered, %d refused", start, answered, refused)
		}
	}
	if rec := get(h, "/v1/status?RegionId="+strings.Repeat("x", 4096-len("/v1/status?RegionId="))); rec.Code != 400 {
		t.Errorf("4096 bytes of a question without pages: %d %.200s", rec.Code, rec.Body)
	}
}
