package query_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/access"
	"community-images/shared/catalog"
	"community-images/shared/query"
	"community-images/shared/replica"
)

var interferenceSeed = flag.Uint64("interferenceseed", 1, "seed of the worlds that differ where a caller may not look")

// twin is one of two worlds that are alike in what a grant covers and differ in
// everything else: the names, the number and the content of other clusters,
// what happened to them, and another region.
type twin struct {
	*world
	rand    *rand.Rand
	names   []string // of other clusters
	regions []string // that are served
	others  content  // of other clusters, now
	unique  int      // makes content that was never there before
	last    int64    // number of the last commit
	handler http.Handler
}

// pair is two twins with what they share.
type pair struct {
	t       *testing.T
	rand    *rand.Rand
	grant   access.Grant
	mine    content // scopes that the grant covers, now
	twins   [2]*twin
	alone   *twin // where there is nothing else, and nobody is checked
	asked   int
	alikes  int
	retired bool
	ended   bool     // the last run ended a scope of the caller
	etags   []string // that were seen
	onward  []string // pages and feeds that go on
}

// grants under test, with the scopes that they cover.
var interferenceGrants = map[string]struct {
	grant access.Grant
	paths []string
}{
	"one cluster":                {access.Grant{Clusters: []string{"ehpc-a"}}, []string{"ehpc-a/_any", "ehpc-a/ecs.c7.large", "ehpc-a/ecs.g7.large"}},
	"one cluster of one region":  {access.Grant{Regions: []string{hangzhou}, Clusters: []string{"ehpc-a"}}, []string{"ehpc-a/_any", "ehpc-a/ecs.c7.large"}},
	"a cluster and none":         {access.Grant{Clusters: []string{"ehpc-a", "_any"}}, []string{"_any/_any", "ehpc-a/_any", "ehpc-a/ecs.c7.large"}},
	"none alone":                 {access.Grant{Clusters: []string{"_any"}}, []string{"_any/_any"}},
	"two clusters":               {access.Grant{Clusters: []string{"ehpc-c", "ehpc-a"}}, []string{"ehpc-a/_any", "ehpc-c/_any", "ehpc-c/ecs.c7.large"}},
	"a cluster that never comes": {access.Grant{Clusters: []string{"ehpc-a"}}, nil},
}

func TestOthersAreAsIfTheyDidNotExist(t *testing.T) {
	t.Parallel()
	for name, row := range interferenceGrants {
		if slow > 1 && name != "a cluster and none" {
			continue // the race detector makes each many times slower
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row.grant.Name = "me"
			p := newPair(t, row.grant)
			for step := range 48 {
				p.step(row.paths, step)
				if step%6 == 3 {
					p.compare(60 / slow)
				}
			}
			p.retire("2026-11")
			p.compare(60 / slow)
			p.step(row.paths, 48)
			p.part()
			p.compare(60 / slow)
			if p.asked < 300/slow || p.alikes < 60/slow && len(row.grant.Regions) == 0 {
				t.Errorf("only %d requests were compared, %d with nothing else", p.asked, p.alikes)
			}
		})
	}
}

func newPair(t *testing.T, g access.Grant) *pair {
	p := &pair{t: t, rand: rand.New(rand.NewPCG(*interferenceSeed, 7)), grant: g, mine: content{}}
	taken := func(names ...string) []string {
		return slices.DeleteFunc(names, func(name string) bool { return g.Cluster(name) })
	}
	p.twins = [2]*twin{
		{world: newWorld(t), names: taken("ehpc-b", "ehpc-aa", "ehpc-z", "", "ehpc-c"), regions: []string{hangzhou}},
		{world: newWorld(t), names: taken("ehpc-a0", "ehpc-q", "hidden-1"), regions: []string{hangzhou}},
	}
	if len(g.Regions) > 0 { // else the list of regions is part of what is covered
		p.twins[1].regions = []string{beijing, hangzhou}
	}
	for i, w := range p.twins {
		w.rand, w.others = rand.New(rand.NewPCG(*interferenceSeed, uint64(100+i))), content{}
	}
	p.alone = &twin{world: newWorld(t)}
	p.start()
	return p
}

// start begins with new instances.
func (p *pair) start() {
	for _, w := range p.twins {
		var options query.Options
		lookups := w.world.handler(allow(p.grant, access.Grant{Name: "all"}, access.Grant{Name: "others", Clusters: append([]string{"none"}, w.names...)}),
			func(o *query.Options) {
				o.Regions, o.HeadTTL, o.MaxStale = w.regions, time.Second, 48*time.Hour
				o.Report = func(_ context.Context, _ string, err error) {
					if strings.Contains(err.Error(), "panic") || strings.Contains(err.Error(), "store") {
						w.t.Error(err)
					}
				}
				options = *o
			}).(*query.Service)
		copies := replica.New(replica.Options{
			Source: func(g *access.Grant) replica.Source { return lookups.For(g) }, Regions: w.regions, MaxStale: options.MaxStale, Tokens: options.Tokens,
			Now: options.Now, RequestID: options.RequestID, Report: options.Report,
		})
		w.handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			if copies.Wants(r) {
				copies.ServeHTTP(out, r)
			} else {
				lookups.ServeHTTP(out, r)
			}
		})
	}
	p.alone.handler = p.alone.world.handler(func(o *query.Options) { o.HeadTTL, o.MaxStale = time.Second, 48*time.Hour })
}

// step is one run in each world, at the same time. Either both commit
// something about the caller's clusters, or both commit something else.
func (p *pair) step(paths []string, step int) {
	about, mine, gone := len(paths) > 0 && p.rand.IntN(3) > 0 && step > 4, maps.Clone(p.mine), []string(nil)
	if about {
		mine, gone = p.drift(paths)
	}
	later := time.Duration(1+p.rand.IntN(60)) * time.Hour
	// A month may begin at another time in each world, but not the one that
	// retention leaves as the first.
	at := p.alone.now.Add(later)
	apart := !about && !p.ended && at.Year() > epoch.Year() && at.Month() == at.Add(time.Hour).Month()
	for _, w := range p.twins {
		w.now = w.now.Add(later)
		if apart {
			early := w.rand.IntN(2) == 0
			if early {
				p.others(w, time.Duration(w.rand.IntN(1200))*time.Second)
			}
			p.quiet(w)
			if !early {
				p.others(w, time.Duration(1800+w.rand.IntN(1200))*time.Second)
			}
			continue
		}
		ended := append(w.drift(!about), gone...)
		found := content{}
		maps.Copy(found, w.others)
		maps.Copy(found, mine)
		for _, path := range ended {
			delete(found, path)
		}
		w.last = w.run(hangzhou, found, ended...).Sequence
		if slices.Contains(w.regions, beijing) && w.rand.IntN(4) == 0 || step == 0 {
			w.run(beijing, w.others)
		}
	}
	for _, w := range p.twins { // the first run of a month takes numbers of its own
		for w.last < max(p.twins[0].last, p.twins[1].last) {
			p.others(w, 50*time.Minute)
		}
	}
	for _, path := range gone {
		delete(mine, path)
	}
	// The cluster of a scope that ends is out of the listing until the next run.
	p.mine, p.ended, p.alone.now = mine, len(gone) > 0, at
	if apart {
		p.quiet(p.alone)
	} else {
		p.alone.run(hangzhou, mine, gone...)
	}
	for _, w := range append(p.twins[:], p.alone) {
		w.now = w.now.Add(59 * time.Minute) // by then everything above has been done
	}
}

// others is a run that asks other clusters alone.
func (p *pair) others(w *twin, later time.Duration) {
	now := w.now
	w.now = now.Add(later)
	w.last = w.run(hangzhou, w.others, w.drift(true)...).Sequence
	w.now = now
}

// quiet is a run that asks the caller's clusters and finds nothing new.
func (p *pair) quiet(w *twin) {
	now := w.now
	w.now = now.Add(25 * time.Minute)
	w.last = w.run(hangzhou, p.mine).Sequence
	w.now = now
}

// part lets the worlds differ in the number of commits that came last.
func (p *pair) part() {
	for i, w := range p.twins {
		for range 1 + 3*i {
			p.others(w, time.Second)
		}
	}
	for _, w := range append(p.twins[:], p.alone) {
		w.now = w.now.Add(time.Hour)
	}
}

// drift changes what the grant covers, always a little.
func (p *pair) drift(paths []string) (mine content, gone []string) {
	mine = maps.Clone(p.mine)
	path := paths[p.rand.IntN(len(paths))]
	found, asked := mine[path]
	switch k := p.rand.IntN(10); {
	case k == 0 && found != nil:
		return mine, []string{path}
	case k == 1 && (found != nil || !asked):
		mine[path] = nil // the check fails
	default:
		mine[path] = variant(p.t, p.rand, fmt.Sprint("mine ", p.rand.IntN(40)))
	}
	for other, found := range mine { // no check fails for ever
		if found == nil && other != path {
			mine[other] = variant(p.t, p.rand, "back")
		}
	}
	return mine, nil
}

// drift changes other clusters; must: in a way that takes a commit.
func (w *twin) drift(must bool) (ended []string) {
	if !must && w.rand.IntN(2) == 0 {
		return nil
	}
	w.unique++
	for _, name := range w.names {
		if name == "" {
			name = "_any"
		}
		for _, typ := range []string{"_any", "ecs.c7.large", "ecs.secret"} {
			path := name + "/" + typ
			switch k := w.rand.IntN(12); {
			case k == 0 && w.others[path] != nil:
				delete(w.others, path)
				ended = append(ended, path)
			case k == 1:
				w.others[path] = nil
			case k < 6 || len(w.others) == 0:
				w.others[path] = variant(w.t, w.rand, fmt.Sprint("secret ", w.unique))
			}
		}
	}
	first := w.names[0] + "/_any"
	ended = slices.DeleteFunc(ended, func(path string) bool { return path == first })
	w.others[first] = variant(w.t, w.rand, fmt.Sprint("secret ", w.unique, " for sure"))
	return ended
}

// variant makes a list of images whose ids are the same everywhere.
func variant(t testing.TB, r *rand.Rand, text string) []*catalog.Image {
	var objects []string
	for i := range 12 {
		if r.IntN(3) > 0 {
			objects = append(objects, fmt.Sprintf(`{"ImageId":"m-%02d","ImageName":"n%d","Description":%q,"Status":%q,"Size":%d,"OsTag":{"Platform":"CentOS","Version":"7.%d"}}`,
				i, r.IntN(3), text, pick(r, []string{"Available", "Creating"}), 10*r.IntN(4), r.IntN(11)))
		}
	}
	if strings.HasPrefix(text, "secret") {
		objects = append(objects, fmt.Sprintf(`{"ImageId":"m-only-%x","ImageName":%q,"Status":"Secret","OsTag":{"Platform":"Hidden"}}`, r.Uint32(), text))
	}
	return images(t, objects...)
}

// retire takes a month of the log away, as retention does. What an instance
// remembers of it depends on what it was asked, so new ones go on.
func (p *pair) retire(month string) {
	p.start()
	p.retired = true
	for _, w := range p.twins {
		key, err := w.keys.Log(hangzhou, month)
		if err != nil {
			p.t.Fatal(err)
		}
		w.memory.Spoil(key, nil)
	}
}

// compare asks both worlds the same and wants the same answers to the byte.
func (p *pair) compare(n int) {
	p.t.Helper()
	for range n {
		target, tag := p.question()
		var answers [2]*httptest.ResponseRecorder
		for i, w := range p.twins {
			w.disturb(target)
			answers[i] = get(w.handler, target, "Authorization", bearer("me"), "If-None-Match", tag)
		}
		p.asked++
		one, other := dump(answers[0]), dump(answers[1])
		if one != other {
			p.t.Fatalf("%s (If-None-Match %s) tells worlds apart that differ in what %+v does not cover:\n%s", target, tag, p.grant, cmp.Diff(one, other))
		}
		for _, w := range p.twins {
			p.secrets(w, target, one)
		}
		if told := p.alike(target); told {
			if diff := cmp.Diff(plain(get(p.alone.handler, target)), plain(get(p.twins[0].handler, target, "Authorization", bearer("me")))); diff != "" {
				p.t.Fatalf("%s does not tell what it tells where there is nothing else:\n%s", target, diff)
			}
			p.alikes++
		}
		p.remember(target, answers[0])
	}
}

// alike says whether a question means the same in an archive with nothing but
// what the grant covers: numbers of commits and the checks of the past differ,
// and what is told of runs.
func (p *pair) alike(target string) bool {
	u, err := url.Parse(target)
	if err != nil || len(p.grant.Regions) > 0 || p.retired {
		return false
	}
	numbers := u.Query().Get("at") != "" || u.Query().Get("to") != "" || u.Query().Get("from") != "" || u.Query().Get("cursor") != ""
	if since := u.Query().Get("since"); since != "" && !strings.HasPrefix(since, "-") && since != "0" {
		numbers = true
	}
	return strings.HasPrefix(u.Path, "/v1/") && u.Path != "/v1/status" && u.Path != "/metrics" && !numbers
}

var numbered = regexp.MustCompile(`"(Sequence|NextCursor)":("[^"]*"|\d+)|commit \d+|at=\d+|urn:uuid:[-0-9a-f]+`)

// plain is an answer without the numbers of commits and what is made of them.
func plain(rec *httptest.ResponseRecorder) string {
	return fmt.Sprint(rec.Code, rec.Header()["Content-Type"], rec.Header()["Warning"], rec.Header()["X-Snapshot-Age"], rec.Header()["Last-Modified"], "\n", numbered.ReplaceAllString(rec.Body.String(), "#"))
}

// secrets looks for what only one who sees other clusters can know. A name
// that stands in the question may stand in the answer.
func (p *pair) secrets(w *twin, target, answer string) {
	hidden := append([]string{"secret", "Secret", "Hidden", "m-only", `"RunId":"run-`}, w.names...)
	if len(p.grant.Regions) > 0 {
		hidden = append(hidden, beijing)
	}
	for _, name := range hidden {
		if name != "" && strings.Contains(answer, name) && !strings.Contains(target, url.QueryEscape(name)) {
			p.t.Fatalf("%s tells of %q:\n%s", target, name, answer)
		}
	}
}

func (p *pair) remember(target string, rec *httptest.ResponseRecorder) {
	if tag := rec.Header().Get("ETag"); tag != "" && len(p.etags) < 500 {
		p.etags = append(p.etags, target+"\n"+tag)
	}
	if next, _, ok := strings.Cut(strings.TrimPrefix(rec.Header().Get("Link"), "<"), ">"); ok {
		p.onward = append(p.onward, next)
	}
	if at := rec.Header().Get("X-Next-Cursor"); at != "" {
		p.onward = append(p.onward, "/v1/changes?since="+at)
	}
	var body struct{ Code string }
	if json.Unmarshal(rec.Body.Bytes(), &body) == nil && rec.Code == 500 {
		p.t.Errorf("%s: %s", target, rec.Body)
	}
}

// disturb is other callers, who ask the same and more in between.
func (w *twin) disturb(target string) {
	for _, name := range []string{"all", "others"} {
		if w.rand.IntN(3) == 0 {
			get(w.handler, target, "Authorization", bearer(name))
		}
	}
	if w.rand.IntN(9) == 0 {
		get(w.handler, "/v1/images?ClusterId=*&RegionId="+hangzhou, "Authorization", bearer("all"))
	}
}

// question makes a request from what exists in either world, in both and in
// none.
func (p *pair) question() (target, tag string) {
	r := p.rand
	if k := r.IntN(10); k == 0 && len(p.onward) > 0 {
		return p.onward[r.IntN(len(p.onward))], ""
	} else if k == 1 && len(p.etags) > 0 {
		target, tag, _ = strings.Cut(p.etags[r.IntN(len(p.etags))], "\n")
		return target, tag
	}
	cluster := func() string {
		return pick(r, []string{"ehpc-a", "ehpc-b", "ehpc-c", "ehpc-a0", "ehpc-q", "ehpc-aa", "ehpc-a1", "ehpc-", "*", "_any", "hidden-1", "none"})
	}
	image := func() string { return pick(r, []string{"m-00", "m-01", "m-02", "m-05", "m-only-1", "m-11", "m-none"}) }
	when := func() string {
		return pick(r, []string{fmt.Sprint(1 + r.IntN(70)), fmt.Sprint(1 + r.IntN(12)), fmt.Sprintf("-%dh", r.IntN(2500)), "-1h", epoch.Add(time.Duration(r.IntN(2500)) * time.Hour).Format(time.RFC3339)})
	}
	v := url.Values{}
	set := func(percent int, name string, value func() string) {
		if r.IntN(100) < percent {
			v.Set(name, value())
		}
	}
	if r.IntN(6) == 0 { // the replica
		set(100, "Action", func() string {
			return pick(r, []string{"ListCommunityImages", "ListCommunityImages", "ListClusters", "ListRegions"})
		})
		set(100, "Version", func() string { return "2018-04-12" })
		set(70, "RegionId", func() string { return pick(r, []string{hangzhou, hangzhou, beijing}) })
		set(80, "ClusterId", cluster)
		set(30, "InstanceType", func() string { return "ecs.c7.large" })
		set(30, "PageSize", func() string { return "1" })
		return pick(r, []string{"/", "/at/" + url.PathEscape(when()) + "/"}) + "?" + v.Encode(), ""
	}
	words := func(list ...string) func() string { return func() string { return pick(r, list) } }
	path := pick(r, []string{"/v1/images", "/v1/images", "/v1/images", "/v1/images/" + image(), "/v1/images/" + image() + "/history", "/v1/clusters", "/v1/changes", "/v1/changes", "/v1/diff", "/v1/diff", "/v1/matrix", "/v1/status", "/metrics", "/openapi.json", "/", "/healthz", "/v1/none"})
	where, paged := strings.HasPrefix(path, "/v1/") && path != "/v1/status" && path != "/v1/none", path == "/v1/images" || path == "/v1/matrix"
	set(10, "RegionId", words(hangzhou, hangzhou, beijing, "cn-none"))
	if where {
		set(70, "ClusterId", cluster)
		set(20, "InstanceType", words("ecs.c7.large", "*", "_any", "ecs.secret", "ecs.c7.larg"))
		set(5, "maxAge", words("1h", "40d"))
		set(40, "at", when)
	}
	set(5, "limit", words("0", "x"))
	if strings.HasSuffix(path, "history") || path == "/v1/changes" {
		set(40, "since", func() string { return pick(r, []string{when(), "0", fmt.Sprintf("c%d.%d", r.IntN(70), r.IntN(9))}) })
		set(40, "limit", words("1", "3", "1000"))
		set(30, "kind", words("added", "removed,changed"))
		set(50, "format", words("json", "ndjson", "atom"))
	}
	if path == "/v1/changes" {
		set(20, "ImageId", image)
	}
	if paged {
		set(30, "Status", words("Available", "Secret", "Creating"))
		set(30, "sort", words("-OsTag.Version", "Size,-ImageName"))
		set(40, "limit", words("1", "3"))
		set(20, "q", words("secret", "n1", "mine"))
		set(40, "format", words("json", "table", "csv"))
	}
	if path == "/v1/images" {
		set(40, "facets", words("Status", "OsTag.Platform,Size"))
		set(20, "latestBy", words("OsTag.Platform"))
		set(20, "minCount", words("1", "9"))
		set(20, "ImageId", image)
		set(20, "fields", words("ImageId,Clusters", "Description"))
	}
	if path == "/v1/diff" {
		switch r.IntN(3) {
		case 0:
			v.Set("ClusterId", cluster()+","+cluster())
		case 1:
			v.Set("from", when())
			v.Del("at")
			set(40, "to", when)
		}
	}
	return path + "?" + v.Encode(), ""
}
