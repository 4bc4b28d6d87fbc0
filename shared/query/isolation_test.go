package query_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/access"
	"community-images/shared/alias"
	"community-images/shared/archive"
	"community-images/shared/query"
	"community-images/shared/query/querytest"
)

var isolationSeed = flag.Uint64("isolationseed", 1, "seed of the worlds that differ where a caller may not look")

// twinWorld is one of two worlds that a grant cannot tell apart. They have the
// same commits and the same content inside the grant. They differ in the names,
// number and content of other clusters, in what happened to them, and in other
// regions.
type twinWorld struct {
	*fixture
	rand         *rand.Rand
	names        []string // of other clusters
	regions      []string // that are served
	otherContent content  // of other clusters, now
	nextUnique   int      // makes content that was never there before
	lastSequence int64    // number of the last commit
	handler      http.Handler
}

// isolationTest is two twin worlds with what they share.
type isolationTest struct {
	t             *testing.T
	rand          *rand.Rand
	grant         access.Grant
	ownContent    content // scopes that the grant covers, now
	ownAliases    []alias.Definition
	twins         [2]*twinWorld
	alone         *twinWorld // where there is nothing else, and nobody is checked
	compared      int
	comparedAlone int
	retired       bool
	ended         bool // the last run ended a scope of the caller
	etags         []seenETag
	nextPages     []string // pages and feeds that go on; see twinWorld.addLines
}

// seenETag is the ETag of an answer in each of the twin worlds. They differ
// where the ETag stands for the region's last commit.
type seenETag struct {
	target string
	tags   [2]string
}

// isolationGrants are the grants under test, with the scopes that they cover.
var isolationGrants = map[string]struct {
	grant access.Grant
	paths []string
}{
	"one cluster": {access.Grant{Clusters: []string{"ehpc-a"}},
		[]string{"ehpc-a/_any", "ehpc-a/ecs.c7.large", "ehpc-a/ecs.g7.large"}},
	"one cluster of one region": {access.Grant{Regions: []string{hangzhou}, Clusters: []string{"ehpc-a"}},
		[]string{"ehpc-a/_any", "ehpc-a/ecs.c7.large"}},
	"a cluster and none": {access.Grant{Clusters: []string{"ehpc-a", "_any"}},
		[]string{"_any/_any", "ehpc-a/_any", "ehpc-a/ecs.c7.large"}},
	"none alone": {access.Grant{Clusters: []string{"_any"}}, []string{"_any/_any"}},
	"two clusters": {access.Grant{Clusters: []string{"ehpc-c", "ehpc-a"}},
		[]string{"ehpc-a/_any", "ehpc-c/_any", "ehpc-c/ecs.c7.large"}},
	"a cluster that never comes": {access.Grant{Clusters: []string{"ehpc-a"}}, nil},
}

func TestOtherClustersDoNotShow(t *testing.T) {
	t.Parallel()
	for name, row := range isolationGrants {
		if querytest.WorkDivisor > 1 && name != "a cluster and none" {
			continue // the race detector makes each many times slower
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row.grant.Name = "me"
			p := newIsolationTest(t, row.grant)
			for step := range 48 {
				p.runWorlds(row.paths, step)
				if step%6 == 3 {
					p.compareAnswers(60 / querytest.WorkDivisor)
				}
			}
			p.removeMonth("2026-11")
			p.compareAnswers(60 / querytest.WorkDivisor)
			p.runWorlds(row.paths, 48)
			p.compareAnswers(60 / querytest.WorkDivisor)
			if p.compared < 300/querytest.WorkDivisor || p.comparedAlone < 60/querytest.WorkDivisor &&
				len(row.grant.Regions) == 0 {
				t.Errorf("only %d requests were compared, %d with nothing else", p.compared, p.comparedAlone)
			}
		})
	}
}

func newIsolationTest(t *testing.T, g access.Grant) *isolationTest {
	p := &isolationTest{t: t, rand: rand.New(rand.NewPCG(*isolationSeed, 7)), grant: g, ownContent: content{}}
	taken := func(names ...string) []string {
		return slices.DeleteFunc(names, func(name string) bool { return g.CoversCluster(name) })
	}
	p.twins = [2]*twinWorld{
		{fixture: newFixture(t), names: taken("ehpc-b", "ehpc-aa", "ehpc-z", "", "ehpc-c"),
			regions: []string{hangzhou}},
		{fixture: newFixture(t), names: taken("ehpc-a0", "ehpc-q", "hidden-1"), regions: []string{hangzhou}},
	}
	if len(g.Regions) > 0 { // else the list of regions is part of what is covered
		p.twins[1].regions = []string{beijing, hangzhou}
	}
	for i, w := range p.twins {
		w.rand, w.otherContent = rand.New(rand.NewPCG(*isolationSeed, uint64(100+i))), content{}
	}
	p.alone = &twinWorld{fixture: newFixture(t)}
	// Own and other clusters boot from an image that comes and goes in all of them.
	for _, w := range append(p.twins[:], p.alone) {
		w.BootImages = map[string]string{"ehpc-a": "m-03", "ehpc-c": "m-05", "ehpc-b": "m-03", "ehpc-q": "m-05"}
	}
	p.startInstances()
	return p
}

// startInstances replaces all handlers by new ones.
func (p *isolationTest) startInstances() {
	for _, w := range p.twins {
		w.handler = w.HandlerWithReplica(allow(p.grant, access.Grant{Name: "all"},
			access.Grant{Name: "others", Clusters: append([]string{"none"}, w.names...)}),
			func(o *query.Options) {
				o.Regions, o.HeadTTL, o.MaxStale = w.regions, time.Second, 48*time.Hour
				o.Report = func(_ context.Context, _ string, err error) {
					if strings.Contains(err.Error(), "panic") || strings.Contains(err.Error(), "store") {
						w.T.Error(err)
					}
				}
			})
	}
	p.alone.handler = p.alone.fixture.Handler(func(o *query.Options) {
		o.HeadTTL, o.MaxStale = time.Second, 48*time.Hour
	})
}

// compareAnswers asks both worlds n random questions. The answers must be equal
// byte by byte, but for what names the line of a commit.
func (p *isolationTest) compareAnswers(n int) {
	p.t.Helper()
	for range n {
		target, tags := p.randomQuestion()
		var answers [2]*httptest.ResponseRecorder
		for i, w := range p.twins {
			inWorld := w.addLines(target)
			w.askAsOthers(inWorld)
			answers[i] = get(w.handler, inWorld, "Authorization", bearer("me"), "If-None-Match", tags[i])
		}
		p.compared++
		one, other := maskLines(target, dump(answers[0])), maskLines(target, dump(answers[1]))
		if one != other {
			p.t.Fatalf("%s (If-None-Match %s) tells worlds apart that differ in what %+v does not cover:\n%s", target,
				tags, p.grant, cmp.Diff(one, other))
		}
		for _, w := range p.twins {
			p.checkNoSecret(w, target, one)
		}
		if p.meansSameAlone(target) {
			inTwin := maskCommits(target, get(p.twins[0].handler, target, "Authorization", bearer("me")))
			// What came first is in commit 1 there, so nobody knows since when.
			inTwin = strings.ReplaceAll(inTwin, `"FirstSeen":"`+p.aloneSince()+`"`, `"FirstSeen":""`)
			// Only a caller who sees every cluster is told how many images are captured.
			inAlone := maskCommits(target, get(p.alone.handler, target))
			inAlone = capturedCount.ReplaceAllString(inAlone, hintWithoutNumber)
			if diff := cmp.Diff(inAlone, inTwin); diff != "" {
				p.t.Fatalf("%s differs from the answer of an archive without other clusters:\n%s", target, diff)
			}
			p.comparedAlone++
		}
		p.keepForLater(target, answers)
	}
}

// aloneSince returns the time of the first commit of the archive without other clusters.
func (p *isolationTest) aloneSince() string {
	source := archive.New(p.alone.Bucket, p.alone.Keys)
	now, err := source.Now(p.t.Context(), hangzhou, nil)
	if err != nil || now.Sequence == 0 {
		return "none"
	}
	first, err := source.FirstCommit(p.t.Context(), now)
	if err != nil {
		p.t.Fatal(err)
	}
	return first.First.String()
}

var (
	// lineOfCursor is the part of a feed's cursor that names the line of a
	// commit. The text of the line is about all clusters, so it differs between
	// the worlds. A hash of it is no secret.
	lineOfCursor = regexp.MustCompile(`\b(c(\d+)\.(\d+)\.(cn-[a-z]+))\.[0-9a-f]{16}\b`)
	// bareCursor is a cursor without that part.
	bareCursor = regexp.MustCompile(`\bc(\d+)\.(\d+)\.(cn-[a-z]+)\b`)
	etagLine   = regexp.MustCompile(`(?m)^Etag: .*$`)
)

// maskLines returns a dump without what names the line of a commit: cursors of
// feeds, and the ETags of the answers that show commits, as pages do.
func maskLines(target, dump string) string {
	path, query, _ := strings.Cut(target, "?")
	showsCommits := slices.Contains([]string{"/v1/changes", "/v1/clusters", "/v1/diff"}, path) ||
		strings.HasPrefix(path, "/v1/images/")
	if showsCommits || strings.Contains(query, "format=html") {
		dump = etagLine.ReplaceAllString(dump, "Etag: #")
	}
	return lineOfCursor.ReplaceAllString(dump, "$1")
}

// addLines completes the cursors of feeds in a question, as they are in this
// world.
func (w *twinWorld) addLines(target string) string {
	return bareCursor.ReplaceAllStringFunc(target, func(cursor string) string {
		parts := bareCursor.FindStringSubmatch(cursor)
		sequence, _ := strconv.ParseInt(parts[1], 10, 64)
		offset, _ := strconv.Atoi(parts[2])
		return w.FeedCursor(parts[3], sequence, offset)
	})
}

// meansSameAlone reports whether a question has the same answer in an archive
// without other clusters. Such an archive has fewer commits, other runs, and
// other check times in its past.
func (p *isolationTest) meansSameAlone(target string) bool {
	u, err := url.Parse(target)
	if err != nil || len(p.grant.Regions) > 0 || p.retired || u.Query().Get("format") == "html" {
		return false
	}
	// A caller who may see everything knows the dates of images.
	if strings.Contains(u.RawQuery, "FirstSeen") || strings.Contains(u.RawQuery, "ChangedAt") {
		return false
	}
	numbers := u.Query().Get("at") != "" || u.Query().Get("to") != "" || u.Query().Get("from") != "" ||
		u.Query().Get("cursor") != ""
	if since := u.Query().Get("since"); since != "" && !strings.HasPrefix(since, "-") && since != "0" {
		numbers = true
	}
	return strings.HasPrefix(u.Path, "/v1/") && u.Path != "/v1/status" && u.Path != "/metrics" && !numbers
}

var (
	// commitNumber matches the numbers of commits and what is made of them, the
	// time of the last commit in Snapshot, and the time of the last commit
	// before an image went.
	commitNumber = regexp.MustCompile(
		`(?m)^\d+[, ]+\d{4}-|"Snapshot":\{"Sequence":\d+,"CommittedAt":"[^"]*"|"Snapshot":\{"CommittedAt":"[^"]*"|` +
			`"(?:From|To)":\{"Sequence":\d+,"CommittedAt":"[^"]*"|` + // of two clusters now
			`"LastSeen":"[^"]*"(,"GoneSince")|` +
			`"(Sequence|NextCursor)":("[^"]*"|\d+)|commit \d+|at=\d+|` +
			`cursor=[A-Za-z0-9_.-]+|c\d+\.\d+\.cn-[a-z]+\.[0-9a-f]+|urn:uuid:[-0-9a-f]+`)
	feedUpdated = regexp.MustCompile(`<updated>[^<]*</updated>`)
	// capturedCount matches the hint that has the number of captured images.
	capturedCount = regexp.MustCompile(`Every cluster supports \d+ of \d+ captured images; ClusterId=\* searches all\.`)
)

// maskCommits returns an answer without the numbers of commits and without the
// time of the region's last commit.
func maskCommits(target string, rec *httptest.ResponseRecorder) string {
	body := commitNumber.ReplaceAllString(rec.Body.String(), "#$1")
	if !strings.Contains(body, "<entry>") { // then the feed has the time of the last commit
		body = feedUpdated.ReplaceAllString(body, "#")
	}
	modified := rec.Header()["Last-Modified"]
	path, _, _ := strings.Cut(target, "?")
	if path == "/v1/aliases" || path == "/v1/changes" || path == "/v1/clusters" || strings.HasPrefix(path, "/v1/images/") {
		modified = nil
	}
	return fmt.Sprint(rec.Code, rec.Header()["Content-Type"], rec.Header()["Warning"], rec.Header()["X-Snapshot-Age"],
		modified, "\n", body)
}

// checkNoSecret fails if an answer has anything that only a caller of other
// clusters can know. A name in the question, in any case, may stand in the answer.
func (p *isolationTest) checkNoSecret(w *twinWorld, target, answer string) {
	hidden := append([]string{"secret", "Secret", "Hidden", "m-only", `"RunId":"run-`}, w.names...)
	if len(p.grant.Regions) > 0 {
		hidden = append(hidden, beijing)
	}
	for _, name := range hidden {
		isAsked := strings.Contains(strings.ToLower(target), strings.ToLower(url.QueryEscape(name)))
		if name != "" && strings.Contains(answer, name) && !isAsked {
			p.t.Fatalf("%s shows %q:\n%s", target, name, answer)
		}
	}
}

func (p *isolationTest) keepForLater(target string, answers [2]*httptest.ResponseRecorder) {
	rec := answers[0]
	if tag := rec.Header().Get("ETag"); tag != "" && len(p.etags) < 500 {
		p.etags = append(p.etags, seenETag{target, [2]string{tag, answers[1].Header().Get("ETag")}})
	}
	if next, _, ok := strings.Cut(strings.TrimPrefix(rec.Header().Get("Link"), "<"), ">"); ok {
		p.nextPages = append(p.nextPages, lineOfCursor.ReplaceAllString(next, "$1"))
	}
	if at := rec.Header().Get("X-Next-Cursor"); at != "" {
		p.nextPages = append(p.nextPages, "/v1/changes?since="+lineOfCursor.ReplaceAllString(at, "$1"))
	}
	var body struct{ Code string }
	if json.Unmarshal(rec.Body.Bytes(), &body) == nil && rec.Code == 500 {
		p.t.Errorf("%s: %s", target, rec.Body)
	}
}

// askAsOthers sends the same question and others as other callers, to fill
// shared caches.
func (w *twinWorld) askAsOthers(target string) {
	for _, name := range []string{"all", "others"} {
		if w.rand.IntN(3) == 0 {
			get(w.handler, target, "Authorization", bearer(name))
		}
	}
	if w.rand.IntN(9) == 0 {
		get(w.handler, "/v1/images?ClusterId=*&RegionId="+hangzhou, "Authorization", bearer("all"))
	}
}
