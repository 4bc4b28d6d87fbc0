package openapitest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"community-images/shared/archive/archivetest"
	"community-images/shared/query"
	"community-images/shared/query/querytest"
)

// findParameter returns a documented query parameter of a route; nil: there is none.
func findParameter(doc *openapi3.T, pattern, name string) *openapi3.Parameter {
	return doc.Paths.Value(pattern).Get.Parameters.GetByInAndName("query", name)
}

// TestOpenAPISaysWhatAbsentMeans: the documented default of a parameter is what the
// route does without it.
func TestOpenAPISaysWhatAbsentMeans(t *testing.T) {
	t.Parallel()
	w := querytest.NewSmallRegion(t)
	w.CommitRun(archivetest.Beijing, archivetest.Content{
		"_any/_any": archivetest.ParseImages(t, archivetest.CentOS710)})
	h := w.Handler()
	two := w.Handler(func(o *query.Options) { o.Regions = []string{archivetest.Hangzhou, archivetest.Beijing} })
	doc := loadDocument(t, h)
	for target, row := range map[string]struct{ pattern, cluster string }{
		"/v1/images":                  {"/v1/images", "absent: images that every cluster supports"},
		"/v1/images/m-cent79":         {"/v1/images/{ImageId}", "absent: all"},
		"/v1/images/m-cent79/history": {"/v1/images/{ImageId}/history", "absent: all"},
		"/v1/changes":                 {"/v1/changes", "absent: all"},
		"/v1/clusters":                {"/v1/clusters", "absent: all"},
		"/v1/matrix":                  {"/v1/matrix", "absent: all clusters"},
		"/v1/diff?from=1":             {"/v1/diff", "absent: all"},
		"/v1/status":                  {"/v1/status", ""},
		"/metrics":                    {"/metrics", ""},
	} {
		rec := querytest.Get(h, target)
		if p := findParameter(doc, row.pattern, "ClusterId"); p != nil {
			if !strings.Contains(p.Description, row.cluster) {
				t.Errorf("%s: ClusterId is %q, not %q", row.pattern, p.Description, row.cluster)
			}
			if named := strings.Contains(rec.Body.String(), "ehpc-a"); rec.Code != 200 ||
				named == strings.Contains(row.cluster, "every cluster") {
				t.Errorf("%s: %q does not go with %d %s", target, row.cluster, rec.Code, rec.Body)
			}
		} else if row.cluster != "" {
			t.Errorf("%s has no ClusterId", row.pattern)
		}
		rec = querytest.Get(two, target)
		all := rec.Code == 200 && strings.Contains(rec.Body.String(), archivetest.Hangzhou) &&
			strings.Contains(rec.Body.String(), archivetest.Beijing)
		if says := findParameter(doc, row.pattern, "RegionId").Description; strings.Contains(says,
			"all regions") != all {
			t.Errorf("%s: %q does not go with %d %.200s", target, says, rec.Code, rec.Body)
		}
	}
	for name, query := range map[string]string{"ClusterId": "ClusterId=*", "InstanceType": "ClusterId=*&InstanceType=*"} {
		p := findParameter(doc, "/v1/diff", name)
		if rec := querytest.Get(h, "/v1/diff?from=1&"+query); rec.Code != 200 ||
			!strings.Contains(p.Description, "* for all") {
			t.Errorf("/v1/diff: %s is %q, and * gives %d", name, p.Description, rec.Code)
		}
	}
	if p := findParameter(doc, "/v1/images", "minCount"); p.Schema.Value.Max == nil ||
		querytest.Get(h, "/v1/images?minCount=1000001").Code != 400 || *p.Schema.Value.Max != 1e6 {
		t.Errorf("minCount is %+v", p.Schema.Value)
	}
	for _, pattern := range []string{"/", "/metrics", "/v1/images"} {
		if says := findParameter(doc, pattern, "format").Description; !strings.Contains(says,
			"else the first; allowed") {
			t.Errorf("%s: format is %q", pattern, says)
		}
	}
}

// TestOpenAPISaysHowLongListsAre: a list may have as many values as documented, and not
// one more.
func TestOpenAPISaysHowLongListsAre(t *testing.T) {
	t.Parallel()
	h := querytest.NewSmallRegion(t).Handler()
	lists := 0
	for _, ref := range loadDocument(t, h).Paths.Value("/v1/images").Get.Parameters {
		p := ref.Value
		if p.Schema.Value.Items == nil || strings.Contains(p.Name, "__i") { // those are as long
			continue
		}
		lists++
		most := p.Schema.Value.MaxItems
		if most == nil {
			t.Errorf("%s may have any number of values", p.Name)
			continue
		}
		one, ok := p.Example.([]any)[0].(string)
		if !ok {
			t.Fatalf("%s has the example %v", p.Name, p.Example)
		}
		if one == "*" {
			one = "_any"
		}
		limit := int(*most)
		for n, status := range map[int]int{limit: 200, limit + 1: 400} {
			rec := querytest.Get(h, "/v1/images?limit=1&"+p.Name+"="+strings.Repeat(one+",", n-1)+one)
			if rec.Code != status {
				t.Errorf("%d values of %s give %d %.200s", n, p.Name, rec.Code, rec.Body)
			}
		}
	}
	if lists < 100 {
		t.Errorf("only %d lists are documented", lists)
	}
}

// TestOpenAPIHasTheStatuses: each route documents the statuses that it can answer with,
// and no others.
func TestOpenAPIHasTheStatuses(t *testing.T) {
	t.Parallel()
	h := querytest.NewSmallRegion(t).Handler()
	doc := loadDocument(t, h)
	met := map[string][]string{ // what no route needs a question of its own for
		"/v1/images":                   {"?ClusterId=nope", "?cursor=x"},
		"/v1/images/{ImageId}":         {"?ClusterId=nope", ""},
		"/v1/images/{ImageId}/history": {"?ClusterId=nope", "?at=9"},
		"/v1/aliases":                  {"?at=9"},
		"/v1/aliases/{Name}":           {"?at=9"},
		"/v1/clusters":                 {"?ClusterId=nope"},
		"/v1/changes":                  {"?since=9"},
		"/v1/diff":                     {"?from=9"},
		"/v1/matrix":                   {"?ClusterId=nope"},
		"/":                            {""}, // the replica's
	}
	for pattern, item := range doc.Paths.Map() {
		path := strings.NewReplacer("{ImageId}", "m-win", "{Name}", "newest").Replace(pattern)
		documented := func(status int) bool { return item.Get.Responses.Status(status) != nil }
		for _, query := range append(met[pattern], "", "?nope=1") {
			if rec := querytest.Get(h, path+query); !documented(rec.Code) {
				t.Errorf("%s answers %d, which is not documented", path+query, rec.Code)
			}
		}
		if got := querytest.Get(h, path, "If-None-Match", "*").Code == 304; pattern != "/v1/images/{ImageId}" &&
			pattern != "/v1/diff" && got != documented(304) {
			t.Errorf("%s: 304 is documented: %v, answered: %v", pattern, documented(304), got)
		}
		if got := met[pattern] != nil; got != documented(404) {
			t.Errorf("%s: 404 is documented: %v, answered: %v", pattern, documented(404), got)
		}
		cursor := item.Get.Parameters.GetByInAndName("query", "cursor") != nil // CursorExpired; of an image ImageGone
		if got := cursor || pattern == "/v1/images/{ImageId}"; got != documented(410) {
			t.Errorf("%s: 410 is documented: %v, answered: %v", pattern, documented(410), got)
		}
	}
}

// TestOpenAPIHasTheHeaders: each route documents the headers that it sends, and no
// others.
func TestOpenAPIHasTheHeaders(t *testing.T) {
	t.Parallel()
	w := querytest.NewSmallRegion(t)
	h := w.Handler()
	doc := loadDocument(t, h)
	// of every server
	common := []string{"Content-Type", "Content-Length", "Vary", "X-Content-Type-Options", "Content-Security-Policy",
		"Referrer-Policy"}
	for pattern, item := range doc.Paths.Map() {
		queries := exampleQueries[pattern]
		if queries == nil {
			queries = []string{""}
		}
		sent := map[string]bool{}
		for _, q := range append(queries, "?limit=1", "?ClusterId=ehpc-b") {
			fill := strings.NewReplacer("{ImageId}", "m-bp181x855551ww5yq****", "{Name}", "held")
			rec := querytest.Get(h, fill.Replace(pattern)+q)
			if rec.Code != 200 {
				continue
			}
			for name := range rec.Header() {
				if !slices.Contains(common, name) {
					sent[name] = true
				}
			}
		}
		documented := map[string]bool{}
		for name := range item.Get.Responses.Value("200").Value.Headers {
			documented[http.CanonicalHeaderKey(name)] = true
		}
		if !maps.Equal(sent, documented) {
			t.Errorf("%s sends %v, documented are %v", pattern, slices.Sorted(maps.Keys(sent)),
				slices.Sorted(maps.Keys(documented)))
		}
	}
	for name, header := range map[string]string{"E503": "Retry-After", "E405": "Allow", "E401": "WWW-Authenticate"} {
		if doc.Components.Responses[name].Value.Headers[header] == nil {
			t.Errorf("%s has no %s", name, header)
		}
	}
}
