package query_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/query"
	"community-images/shared/query/querytest"
)

var (
	// volatileMembers may differ between two answers with one ETag: the age,
	// and the commit by which a cursor names the state.
	volatileMembers = regexp.MustCompile(`"AgeSeconds":\d+,|"NextCursor":"A[^"]*"`)
	// snapshotMember says how the checks went, which the ETag does not cover.
	snapshotMember = regexp.MustCompile(`"Snapshot":\{[^]]*\]\},`)
)

// cachingPromises are answers that callers may rely on while the region goes
// on.
type cachingPromises struct {
	*simulation
	tagged map[string]string // by caller, question and tag: the content
}

// TestAnswersKeepCachingPromises repeats questions at later commits. Answers
// with one ETag must have one content, and a new instance must answer as an old
// one does.
func TestAnswersKeepCachingPromises(t *testing.T) {
	t.Parallel()
	p := &cachingPromises{newEmptySimulation(t, *simulationSeed), map[string]string{}}
	handler := func() http.Handler {
		return p.Handler(allow(access.Grant{Name: "all"},
			access.Grant{Name: "a", Clusters: []string{"ehpc-1", "ehpc-2"}}), func(o *query.Options) {
			o.HeadTTL, o.Report = 0, nil
		})
	}
	oldInstance := handler()
	r := rand.New(rand.NewPCG(9, *simulationSeed))
	var asked []string
	for range 4 + 20/querytest.WorkDivisor {
		for range 4 { // what happens
			p.runOnce()
			p.moveClock(false)
		}
		for range 12 {
			asked = append(asked, p.randomQuestion(r))
		}
		newInstance := handler()
		for k := range 30 {
			question := asked[len(asked)-1-k%12] // the new ones, then others
			if k >= 12 {
				question = pick(r, asked)
			}
			for _, caller := range []string{"all", "a"} {
				p.checkAnswer(oldInstance, caller, question)
				p.checkAnswer(newInstance, caller, question)
			}
		}
	}
	if len(p.tagged) < 120/querytest.WorkDivisor {
		t.Errorf("only %d tags", len(p.tagged))
	}
}

// checkAnswer compares an answer with what was answered before.
func (p *cachingPromises) checkAnswer(h http.Handler, caller, question string) {
	rec := get(withToken{h, caller}, question)
	body, key := volatileMembers.ReplaceAllString(rec.Body.String(), ""), caller+" "+question
	if rec.Code != 200 {
		return
	}
	key += " " + rec.Header().Get("ETag")
	content := snapshotMember.ReplaceAllString(body, "")
	if was, ok := p.tagged[key]; ok && was != content {
		p.T.Errorf("%s tags\n%s\nand after %d commits\n%s", key, was, len(p.expected), content)
	}
	p.tagged[key] = content
	if known := get(withToken{h, caller}, question, "If-None-Match", rec.Header().Get("ETag")); known.Code != 304 {
		p.T.Errorf("%s answers %d to who has it", key, known.Code)
	}
}

// randomQuestion asks about a moment of the history, or about now.
func (p *cachingPromises) randomQuestion(r *rand.Rand) string {
	n := 1 + r.IntN(len(p.expected))
	if chance(r, 50) {
		n = len(p.expected)
	}
	committed := p.expected[n-1].at.Format(time.RFC3339Nano)
	before := p.expected[n-1].at.Add(-time.Millisecond).Format(time.RFC3339Nano)
	at := pick(r, []string{"", fmt.Sprint("&at=", n), fmt.Sprint("&at=", n), "&at=" + committed, "&at=" + before})
	cluster := pick(r, []string{"", "&ClusterId=ehpc-1", "&ClusterId=ehpc-2", "&ClusterId=ehpc-0", "&ClusterId=*",
		"&ClusterId=ehpc-1,ehpc-2"})
	image := fmt.Sprintf("/v1/images/m-%02d", r.IntN(60))
	since := pick(r, []string{"", "&since=0", fmt.Sprint("&since=", n),
		"&since=" + p.FeedCursor(hangzhou, int64(n), 2), "&since=" + committed})
	form := pick(r, []string{"", "&format=atom", "&limit=3"})
	return pick(r, []string{
		"/v1/images?limit=2" + cluster + at, "/v1/images?facets=Status" + cluster + at,
		image + "?" + at, image + "?" + cluster + at, image + "/history?" + at + form,
		"/v1/clusters?" + cluster + at, "/v1/changes?" + since + at + form, "/v1/changes?" + since + cluster + at,
		"/v1/matrix?limit=2" + at,
		"/v1/diff?ClusterId=ehpc-1&with=ehpc-2" + at,
		fmt.Sprintf("/v1/diff?ClusterId=ehpc-1&from=%d&to=%d", n, 1+r.IntN(len(p.expected))),
		fmt.Sprintf("/v1/diff?ClusterId=ehpc-2&from=%d", n),
		"/v1/images?maxAge=2d" + cluster + at,
	})
}

// TestPastAnswersAfterRestore: a restored backup gives the number of a commit
// again. The answer for that number is the new one, even from an instance that
// remembers the old, and the ETag of the old one is not confirmed.
func TestPastAnswersAfterRestore(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	backup, start := w.Memory.Objects(), w.Now
	commit := func(images ...string) {
		for _, image := range images {
			w.Now = w.Now.Add(time.Minute)
			w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, image)})
		}
	}
	callers := allow(access.Grant{Name: "all"}, access.Grant{Name: "a", Clusters: []string{"ehpc-a"}})
	old := w.Handler(callers, func(o *query.Options) { o.HeadTTL = 0 })
	targets := []string{"/v1/images?ClusterId=ehpc-a&at=4", "/v1/images/m-second?ClusterId=ehpc-a&at=5",
		"/v1/images/m-second/history?at=5", "/v1/changes?at=5", "/v1/changes?at=5&format=atom", "/v1/clusters?at=4",
		"/v1/diff?ClusterId=ehpc-a&from=3&to=5", "/v1/matrix?ClusterId=ehpc-a&at=4",
		"/v1/images?ClusterId=ehpc-a&at=2026-11-23T11:31:00Z"}
	commit(`{"ImageId":"m-lost"}`, `{"ImageId":"m-second"}`, `{"ImageId":"m-third"}`)
	tags := map[string]string{}
	for _, caller := range []string{"all", "a"} {
		for _, target := range targets {
			rec := get(withToken{old, caller}, target)
			if rec.Code != 200 || rec.Header().Get("Cache-Control") != "private, no-cache" {
				t.Errorf("%s for %s: %s", target, caller, dump(rec))
			}
			tags[caller+target] = rec.Header().Get("ETag")
		}
	}
	w.Memory.Restore(backup)
	w.Now = start
	commit(`{"ImageId":"m-second","Size":1}`, `{"ImageId":"m-second"}`, `{"ImageId":"m-new"}`)
	for _, caller := range []string{"all", "a"} {
		for _, target := range targets {
			want := get(withToken{w.Handler(callers), caller}, target)
			got := get(withToken{old, caller}, target, "If-None-Match", tags[caller+target])
			if got.Code != 200 || got.Body.String() != want.Body.String() {
				t.Errorf("%s for %s from an instance that knows the lost log:\n%s\nwant\n%s", target, caller, dump(got),
					dump(want))
			}
		}
	}
}
