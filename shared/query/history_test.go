package query_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query"
	"community-images/shared/query/source"
)

// longLog is an archive whose region has many commits, which are made as they are read.
// Each changes an image of ehpc-a, but for one that removes it.
type longLog struct {
	source.Archive
	length  int64
	removal int64         // the commit that removes the image
	pause   time.Duration // before each commit
	read    []int64       // numbers of the commits that were read
}

func (l *longLog) Now(ctx context.Context, region string, known *archive.Region) (*archive.Region, error) {
	now, err := l.Archive.Now(ctx, region, nil)
	if err != nil || known != nil {
		return known, err
	}
	long := *now
	long.Sequence = l.length
	return &long, nil
}

func (l *longLog) FirstCommit(context.Context, *archive.Region) (*archive.TooEarlyError, error) {
	return &archive.TooEarlyError{First: catalog.At(epoch), FirstSequence: 1}, nil
}

func (l *longLog) Commits(ctx context.Context, _ *archive.Region, from int64) iter.Seq2[*format.Commit, error] {
	return func(yield func(*format.Commit, error) bool) {
		for n := from; n <= l.length; n++ {
			if !l.yieldCommit(ctx, n, yield) {
				return
			}
		}
	}
}

func (l *longLog) CommitsBackward(
	ctx context.Context, _ *archive.Region, from int64,
) iter.Seq2[*format.Commit, error] {
	return func(yield func(*format.Commit, error) bool) {
		for n := from; n >= 1; n-- {
			if !l.yieldCommit(ctx, n, yield) {
				return
			}
		}
	}
}

func (l *longLog) CommitsOfImages(
	ctx context.Context, now *archive.Region, _ []string, from int64,
) iter.Seq2[*format.Commit, error] {
	return l.Commits(ctx, now, from)
}

func (l *longLog) EndedScopes(context.Context, *archive.Region) ([]format.ScopeRef, error) {
	return []format.ScopeRef{{ClusterID: "ehpc-gone"}}, nil
}

func (l *longLog) yieldCommit(ctx context.Context, n int64, yield func(*format.Commit, error) bool) bool {
	select {
	case <-time.After(l.pause):
	case <-ctx.Done():
		yield(nil, ctx.Err())
		return false
	}
	l.read = append(l.read, n)
	lineHash := func(n int64) string {
		sum := sha256.Sum256(fmt.Append(nil, n))
		return hex.EncodeToString(sum[:])
	}
	c := &format.Commit{
		Sequence: n, CommittedAt: catalog.At(epoch), LineHash: lineHash(n), Previous: lineHash(n - 1),
		Scopes: []format.ScopeChange{{ClusterID: "ehpc-a"}},
		Images: []format.ImageChange{{ImageID: "m-cent79", Changed: []format.FieldChanges{{
			Fields: []catalog.FieldChange{{Field: "Status", After: []byte(`"Available"`)}}, Scopes: []int{0},
		}}}},
	}
	if n == l.removal {
		c.Images[0].Changed, c.Images[0].Removed = nil, []int{0}
	}
	return yield(c, nil)
}

// TestPageOfARareEvent: a page ends when it has read 5,000 commits, with or without
// events, and the reader goes on with its cursor.
func TestPageOfARareEvent(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	log := &longLog{Archive: archive.New(w.Bucket, w.Keys), length: 12_000, removal: 11_000}
	h := w.Handler(func(o *query.Options) { o.Archive = log }, allow(access.Grant{Name: "all"},
		access.Grant{Name: "a", Clusters: []string{"ehpc-a"}}, access.Grant{Name: "b", Clusters: []string{"ehpc-b"}}))
	for _, row := range []struct {
		caller, kind string
		last         int // events of the last page
	}{{"all", "removed", 1}, {"a", "removed", 1}, {"all", "added", 0}, {"b", "changed", 0}} {
		since := "0"
		for page, want := range []struct {
			reads, events int
			cursor        string
		}{{5000, 0, "c5001.0."}, {5001, 0, "c10001.0."}, {2001, row.last, "c12001.0."}} { // the cursor needs a commit
			log.read = nil
			got := answerOf[feedAnswer](t, withToken{h, row.caller}, 200, "/v1/changes?kind="+row.kind+"&since="+since)
			since = got.NextCursor
			if len(got.Changes) != want.events || got.More != (page < 2) || !strings.HasPrefix(since, want.cursor) ||
				len(log.read) != want.reads {
				t.Errorf("page %d of what was %s for %s reads %d commits and has %d events, more %t, and goes on at %s",
					page, row.kind, row.caller, len(log.read), len(got.Changes), got.More, since)
			}
		}
	}
	for kind, want := range map[string]int{"removed": 5000, "changed": 100} {
		log.read = nil
		if get(withToken{h, "all"}, "/v1/changes?format=atom&limit=100&kind="+kind); len(log.read) != want ||
			log.read[0] != 12_000 {
			t.Errorf("the newest that were %s are found by reading %d commits, want %d", kind, len(log.read), want)
		}
	}
}

// TestPagesDoNotTellOfOthers: where a page ends does not tell how often others changed an
// image.
func TestPagesDoNotTellOfOthers(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	log := &longLog{Archive: archive.New(w.Bucket, w.Keys), length: 12_000}
	h := w.Handler(func(o *query.Options) { o.Archive = log }, allow(access.Grant{Name: "all"},
		access.Grant{Name: "b", Clusters: []string{"ehpc-b"}}))
	for caller, cursor := range map[string]string{"all": "c5001.0.", "b": "c12001.0."} {
		got := answerOf[feedAnswer](t, withToken{h, caller}, 200, "/v1/changes?ImageId=m-cent79&kind=added")
		if !strings.HasPrefix(got.NextCursor, cursor) || got.More != (caller == "all") {
			t.Errorf("%s goes on at %s, more %t", caller, got.NextCursor, got.More)
		}
	}
}

// TestClusterThatEndedLongAgo: an error does not read the whole log to say when.
func TestClusterThatEndedLongAgo(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	log := &longLog{Archive: archive.New(w.Bucket, w.Keys), length: 12_000}
	h := w.Handler(func(o *query.Options) { o.Archive = log })
	checkError(t, get(h, "/v1/images?ClusterId=ehpc-gone"), 404, "ClusterNotFound",
		[]string{"It was captured in cn-hangzhou before."})
	if len(log.read) != 500 {
		t.Errorf("%d commits were read", len(log.read))
	}
}

// TestTooMuchHistory: an answer that would read for too long says so, and not that the
// store is away.
func TestTooMuchHistory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSmallRegion(t)
		log := &longLog{Archive: archive.New(w.Bucket, w.Keys), length: 12_000, pause: 2 * time.Second}
		h := w.Handler(func(o *query.Options) { o.Archive = log })
		began := time.Now()
		rec := get(h, "/v1/changes?kind=added")
		checkError(t, rec, 503, "ServiceUnavailable",
			[]string{"Reading the log of cn-hangzhou takes longer than the 20 s that one answer has."})
		if took := time.Since(began); took > 21*time.Second || len(log.read) < 9 {
			t.Errorf("%d commits were read in %s", len(log.read), took)
		}
	})
}

// TestStoreFailsDuringHistory: the error names the log.
func TestStoreFailsDuringHistory(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fault  buckettest.Fault
		status int
		code   string
		says   string
	}{
		"it hangs": {buckettest.Fault{Hang: true}, 503, "StorageUnavailable",
			"Reading the log of cn-hangzhou timed out after 2.5 s."},
		"it is away": {buckettest.Fault{Err: errDown}, 503, "StorageUnavailable",
			"The log of cn-hangzhou could not be read."},
		"it has other bytes": {buckettest.Fault{Change: buckettest.Flip(100)}, 503, "DataDamaged",
			"The log 2026-11.ndjson of cn-hangzhou is damaged."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newSmallRegion(t)
				isFailing := false
				w.Bucket = buckettest.NewFaulty(w.Memory, func(op buckettest.Op) *buckettest.Fault {
					if isFailing && strings.Contains(op.Key, "/log/") {
						return &row.fault
					}
					return nil
				})
				h := w.Handler(func(o *query.Options) { o.HeadTTL = time.Hour })
				get(h, "/v1/images?ClusterId=*")
				isFailing = true
				for _, target := range []string{"/v1/changes", "/v1/images/m-win", "/v1/images/m-win/history"} {
					checkError(t, get(h, target), row.status, row.code, []string{row.says})
				}
				isFailing = false
				for _, target := range []string{"/v1/changes", "/v1/images/m-win/history"} {
					if rec := get(h, target); rec.Code != 200 {
						t.Errorf("afterwards %s", dump(rec))
					}
				}
			})
		})
	}
}

// newMonths returns a region with a commit in each of five months, November to March, and
// two in the last. A month ends with a commit that has the time of the next one.
func newMonths(t *testing.T) *fixture {
	w := newFixture(t)
	for _, image := range []string{centOS79, centOS710, ubuntuCreating, windows, centOS79} {
		w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, sampleImage), "ehpc-a/_any": parseImages(t, image)})
		w.Now = w.Now.AddDate(0, 1, 0)
	}
	w.Now = w.Now.AddDate(0, -1, 0).Add(time.Hour)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, windows)})
	w.Now = w.Now.Add(time.Hour)
	return w
}

// logsRead returns the months whose logs were read.
func logsRead(w *fixture) []string {
	var months []string
	for line := range strings.Lines(w.Memory.Requests()) {
		if _, name, ok := strings.Cut(line, "/log/"); ok {
			months = append(months, name[:len("2026-11")])
		}
	}
	slices.Sort(months)
	return slices.Compact(months)
}

// TestFeedReadsTheMonthsThatItNeeds: the last month is read in any case, because the
// head is behind the log.
func TestFeedReadsTheMonthsThatItNeeds(t *testing.T) {
	t.Parallel()
	w := newMonths(t)
	end := nextCursor(t, w.Handler(), "/v1/changes?since=0&limit=1000")
	for target, want := range map[string]string{
		"/v1/changes?since=-90m":                             "2027-03",
		"/v1/changes?since=2027-03-23T09:30:00Z":             "2027-03",
		"/v1/changes?since=-24h":                             "2027-02 2027-03",
		"/v1/changes?since=9":                                "2027-03",
		"/v1/changes?since=" + end:                           "2027-03",
		"/v1/changes?format=atom&limit=1":                    "2027-03",
		"/v1/changes?since=0&limit=1":                        "2026-11 2027-03",
		"/v1/changes?since=0&at=3":                           "2026-11 2026-12 2027-03",
		"/v1/changes?since=2027-01-20&limit=1":               "2026-12 2027-01 2027-03",
		"/v1/images/m-ubuntu/history":                        "2027-01 2027-02 2027-03",
		"/v1/images/m-ubuntu":                                "2027-01 2027-02 2027-03",
		"/v1/images/m-ubuntu?ClusterId=ehpc-a":               "2027-01 2027-02 2027-03",
		"/v1/images/m-bp181x855551ww5yq****":                 "2027-03",
		"/v1/changes?ImageId=m-ubuntu&kind=removed&limit=10": "2027-01 2027-02 2027-03",
	} {
		h := w.Handler()
		get(h, "/healthz")
		w.Memory.Requests()
		get(h, target)
		if got := strings.Join(logsRead(w), " "); got != want {
			t.Errorf("%s reads %s, want %s", target, got, want)
		}
	}
}

// TestFeedThatIsAskedAgain reads nothing.
func TestFeedThatIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := newMonths(t)
	h := w.Handler(func(o *query.Options) { o.HeadTTL = time.Hour })
	for _, target := range []string{"/v1/changes?since=0", "/v1/changes?since=2027-01-01", "/v1/changes?since=-40d",
		"/v1/images/m-ubuntu/history", "/v1/changes?format=atom"} {
		tag := get(h, target).Header().Get("ETag")
		w.Memory.Requests()
		again, poll := get(h, target), get(h, target, "If-None-Match", tag)
		if asked := w.Memory.Requests(); again.Code != 200 || poll.Code != 304 || asked != "" {
			t.Errorf("%s is answered %d, and %d to a poll, after %s", target, again.Code, poll.Code, asked)
		}
	}
}

// TestKeptEvents: scopes that had an image before the first kept commit come first in
// its history. Their positions are in the commit before, so that a cursor can stand
// between them.
func TestKeptEvents(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	both := parseImages(t, centOS79, windows)
	w.CommitRun(hangzhou, content{"_any/_any": both, "ehpc-a/_any": both, "ehpc-b/_any": both, "ehpc-c/_any": both})
	w.Now = w.Now.AddDate(0, 1, 0)
	// Commit 2 ends the month. In commit 3 one scope loses the image, one changes it, one
	// ends, and one has it without any event.
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, windows), "ehpc-new/_any": both,
		"ehpc-a/_any": parseImages(t, strings.Replace(centOS79, "hpc-centos-7.9", "renamed", 1), windows)},
		"ehpc-c/_any")
	w.RemoveMonth(hangzhou, "2026-11")
	h := w.Handler(allow(access.Grant{Name: "all"}, access.Grant{Name: "b", Clusters: []string{"ehpc-b", "ehpc-new"}}))
	words := func(events []answeredEvent) string {
		var words []string
		for _, e := range events {
			words = append(words, fmt.Sprintf("%d %s %s", e.Sequence, e.Kind, orAnyPath(e.ClusterId)))
		}
		return strings.Join(words, ", ")
	}
	const history = "/v1/images/m-cent79/history?"
	all := []string{"3 kept _any", "3 kept ehpc-a", "3 kept ehpc-b", "3 kept ehpc-c", "3 removed _any",
		"3 removed ehpc-c", "3 added ehpc-new", "3 changed ehpc-a"}
	for caller, want := range map[string][]string{"all": all, "b": {"3 kept ehpc-b", "3 added ehpc-new"}} {
		me := withToken{h, caller}
		for at, event := range want {
			since := "0"
			if at > 0 {
				since = nextCursor(t, me, fmt.Sprintf("%slimit=%d", history, at))
			}
			kept := strings.Count(strings.Join(want, ""), "kept")
			if line := w.FeedCursor(hangzhou, 2, at); at > 0 && at <= kept && since != line {
				t.Errorf("%s goes on at %s after %d events, want %s", caller, since, at, line)
			}
			page := answerOf[feedAnswer](t, me, 200, history+"limit=1&since="+since)
			if got := words(page.Events); got != event || page.More != (at < len(want)-1) {
				t.Errorf("for %s the event after %d is %q, more %t, want %q", caller, at, got, page.More, event)
			}
		}
	}
	me := withToken{h, "all"}
	for target, want := range map[string]string{
		history + "kind=removed":     "3 removed _any, 3 removed ehpc-c",
		history + "since=2":          strings.Join(all[4:], ", "),
		history + "ClusterId=ehpc-b": "3 kept ehpc-b",
		history + "ClusterId=ehpc-b&since=" + w.FeedCursor(hangzhou, 2, 3):            "",
		"/v1/changes?by=scope&ImageId=m-cent79&since=" + w.FeedCursor(hangzhou, 2, 3): strings.Join(all[4:], ", "),
		"/v1/changes?by=scope&ImageId=m-cent79":                                       strings.Join(all[4:], ", "),
	} {
		page := answerOf[feedAnswer](t, me, 200, target)
		if got := words(slices.Concat(page.Events, page.Changes)); got != want {
			t.Errorf("%s shows %q, want %q", target, got, want)
		}
	}
	checkError(t, get(me, history+"since="+w.FeedCursor(hangzhou, 2, 0)), 410, "CursorExpired", nil)
	checkError(t, get(me, history+"since=1"), 404, "BeforeFirstCommit", nil)
}
