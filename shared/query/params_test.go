package query_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestParametersOfSomeFormats: a parameter that has no effect in the format of the answer is
// an error, however the format was chosen. It names the formats that it works with.
func TestParametersOfSomeFormats(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	const (
		rows   = "fields is for format=json, ndjson, csv, tsv, table or html only, got "
		facets = "facets is for format=json or html only, got "
	)
	for target, want := range map[string]string{
		"/v1/images?bom=true":                      `bom is for format=csv only, got "true" with json, the default.`,
		"/v1/images?bom=TRUE&format=tsv":           `bom is for format=csv only, got "TRUE" with format=tsv.`,
		"/v1/matrix?bom=true&format=table":         `bom is for format=csv only, got "true" with format=table.`,
		"/v1/images?pretty=true&format=csv":        `pretty is for format=json only, got "true" with format=csv.`,
		"/v1/changes?pretty=true&format=atom":      `pretty is for format=json only, got "true" with format=atom.`,
		"/v1/clusters?pretty=true&format=ndjson":   `pretty is for format=json only, got "true" with format=ndjson.`,
		"/v1/images?facets=Status&format=csv":      facets + `"Status" with format=csv.`,
		"/v1/images?facets=Status,Size&format=ids": facets + `"Status,Size" with format=ids.`,
		"/v1/images?facets=Status&format=ndjson":   facets + `"Status" with format=ndjson.`,
		"/v1/images?facets=Status&format=tsv":      facets + `"Status" with format=tsv.`,
		"/v1/images?facets=Status&format=table":    facets + `"Status" with format=table.`,
		"/v1/images?fields=ImageId&format=ids":     rows + `"ImageId" with format=ids.`,
		"/v1/images?fields=*&format=ids&bom=true": rows + `"*" with format=ids. ` +
			`bom is for format=csv only, got "true" with format=ids.`,
		"/v1/images?pretty=yes":  `pretty must be true or false, got "yes".`,
		"/v1/changes?by=cluster": `by must be image or scope, got "cluster".`,
		"/v1/diff?from=1&ClusterId=ehpc-a&with=b": "with cannot be combined with from and to. Allowed: " +
			"two clusters, or two times.",
		"/v1/diff?with=ehpc-a":             "ClusterId is required next to with. Allowed: one cluster, or _any.",
		"/v1/diff?ClusterId=ehpc-a,ehpc-b": "with is required to compare two clusters: ClusterId=ehpc-a&with=ehpc-b.",
		"/v1/diff?ClusterId=ehpc-a,_any&with=ehpc-b": `ClusterId must name one cluster next to with, got "ehpc-a,_any". ` +
			"Allowed: one cluster, or _any.",
		"/v1/diff?ClusterId=ehpc-a&with=_any&kind=removed": "kind cannot be combined with with. Allowed: " +
			"from and to, or no kind.",
		"/v1/diff?ClusterId=ehpc-a&with=_any&by=scope": "by must not be scope next to with. Allowed: image.",
	} {
		checkMessage(t, h, target, want)
	}
	for _, target := range []string{
		"/v1/images?bom=false", "/v1/images?bom=TRUE&format=csv", "/v1/status?pretty=true", "/v1/changes?by=image",
		"/v1/diff?ClusterId=ehpc-a&with=_any", "/v1/images?bom=false&pretty=False&format=ids",
		"/v1/images?facets=Status&format=json&pretty=true", "/v1/clusters?by=cluster",
	} {
		if rec := get(h, target); rec.Code != 200 {
			t.Errorf("%s: %d %s", target, rec.Code, rec.Body)
		}
	}
	for _, row := range []struct {
		target, accept string
		status         int
		says           string
	}{
		{"/v1/images?bom=true", "text/csv", 200, ""},
		{"/v1/images?facets=Status", "application/json;q=0.5, */*;q=0.1", 200, ""},
		{"/v1/images?facets=Status", "text/html,*/*;q=0.8", 200, ""},
		{"/v1/images?facets=Status", "text/csv", 400,
			`facets is for format=json or html only, got \"Status\" with csv, which the Accept header asks for.`},
		{"/v1/images?pretty=true", "text/plain", 400,
			`pretty is for format=json only, got \"true\" with table, which the Accept header asks for.`},
		{"/v1/images?facets=Status", "image/png", 406, "Accept one of them"},
	} {
		rec := get(h, row.target, "Accept", row.accept)
		if rec.Code != row.status || !strings.Contains(rec.Body.String(), row.says) {
			t.Errorf("%s with Accept: %s: %d %s", row.target, row.accept, rec.Code, rec.Body)
		}
	}
}

// TestValuesOfAFixedSet: their case does not matter, in any operator, and two
// spellings are one question.
func TestValuesOfAFixedSet(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	for target, other := range map[string]string{
		"Status=available":                     "Status=Available",
		"Status__ne=AVAILABLE":                 "Status__ne=Available",
		"Status__prefix=avail":                 "Status__prefix=Avail",
		"OsTag.Platform=centos,UBUNTU":         "OsTag.Platform=CentOS,Ubuntu",
		"BaseOsTag.Architecture=X86_64":        "BaseOsTag.Architecture=x86_64",
		"ImageName__icontains=HPC":             "ImageName__icontains=hpc",
		"OsTag.Platform=centos, ubuntu,":       "OsTag.Platform=CentOS,Ubuntu",
		"ClusterId=ehpc-a , ehpc-b":            "ClusterId=ehpc-a,ehpc-b",
		"fields=ImageId, osTag.version,":       "fields=ImageId,OsTag.Version",
		"q=CentOS hpc":                         "q=hpc,,centos,",
		"ImageId__ne=m-cent79,m-win, m-ubuntu": "ImageId__ne=m-cent79,m-win,m-ubuntu",
	} {
		got := get(h, "/v1/images?ClusterId=ehpc-a&"+strings.ReplaceAll(target, " ", "%20"))
		want := get(h, "/v1/images?ClusterId=ehpc-a&"+other)
		if strings.HasPrefix(target, "ClusterId") {
			got, want = get(h, "/v1/images?"+strings.ReplaceAll(target, " ", "+")), get(h, "/v1/images?"+other)
		}
		if got.Code != 200 || got.Body.String() != want.Body.String() ||
			strings.Contains(got.Body.String(), `"TotalCount":0`) {
			t.Errorf("%s gives %d %s, want %s", target, got.Code, got.Body, want.Body)
		}
		if !strings.HasPrefix(target, "q=") && got.Header().Get("Etag") != want.Header().Get("Etag") {
			t.Errorf("%s and %s have two ETags", target, other)
		}
	}
	// The case of a name counts, and so does that of a pattern.
	for _, target := range []string{"ImageName=HPC-CENTOS79", `ImageName__regex=\\D`} {
		if rec := get(h, "/v1/images?"+target+"&minCount=1"); rec.Code != 404 {
			t.Errorf("%s: %d %s", target, rec.Code, rec.Body)
		}
	}
}

// TestFaultsOfValues: each message says what to write instead.
func TestFaultsOfValues(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	const times = "an RFC 3339 time or date, epoch seconds or milliseconds, a time before now such as -24h or -7d, " +
		"now, or the number of a commit"
	for query, want := range map[string]string{
		"OsTag.Version__gt=abc":     `OsTag.Version__gt must be a version with a digit, got "abc".`,
		"OsTag.Version__lte=latest": `OsTag.Version__lte must be a version with a digit, got "latest".`,
		"Size__gte=60,80": `Size__gte takes one value, got "60,80"; it may have been given twice. Allowed: ` +
			`a decimal number within ±1.8e308.`,
		"Status=a,,b":        `Status has an empty value between commas: "a,,b".`,
		"Status=,a":          `Status has an empty value between commas: ",a".`,
		"sort=Size,,ImageId": `sort has an empty value between commas: "Size,,ImageId".`,
		"Status=":            "Status must not be empty. For images without a value use Status__exists=false.",
		"OsTag.Version__gt=": "OsTag.Version__gt must not be empty. " +
			"For images without a value use OsTag.Version__exists=false.",
		"q=,":           "q must not be empty. Allowed: text.",
		"q=,,":          "q has no word. Allowed: text.",
		"at=-1h30m&at=": `at takes one value, got "-1h30m,"; it may have been given twice. Allowed: ` + times + ".",
		"q=":            "q must not be empty. Allowed: text.",
		"ClusterId=": "ClusterId must not be empty. Allowed: " +
			"ids of clusters, a comma list of them, * for all, or _any for none.",
		"InstanceType=a+b": `InstanceType must be names of A-Z a-z 0-9 . _ -, a comma list of them, * for all, or _any ` +
			`for none, got "a b".`,
		"at=2026-11-23T09:30:00": `at has no time zone, got "2026-11-23T09:30:00". Add Z or +08:00.`,
		"at=2026-11-23+09:30":    `at has no time zone, got "2026-11-23 09:30". Add Z or +08:00.`,
		"at=-90ms":               `at must be a time before now such as -24h, got "-90ms". Units: s, m, h, d, w.`,
		"at=-1month":             `at must be a time before now such as -24h, got "-1month". Units: s, m, h, d, w.`,
		"maxAge=1y":              `maxAge must be a duration of s, m, h, d or w, for example 10m or 7d, got "1y".`,
		"ImageName=*gromacs*":    "ImageName compares whole values, and none has a *. Use ImageName__iglob=*gromacs*.",
	} {
		checkMessage(t, h, "/v1/images?"+query, want)
	}
	for _, query := range []string{
		"at=now", "at=NOW", "ImageId=m-bp181x855551ww5yq****", "Description=*", "OsTag.Version=abc",
		"OsTag.Version__ne=latest", "at=2026-11-23+09:30:00Z",
	} {
		if rec := get(h, "/v1/images?"+query); rec.Code != 200 {
			t.Errorf("%s: %d %s", query, rec.Code, rec.Body)
		}
	}
	// "now" is the present, and no past state.
	if rec := get(h, "/v1/images?at=now"); rec.Header().Get("Cache-Control") != "max-age=5" {
		t.Errorf("at=now has Cache-Control %q", rec.Header().Get("Cache-Control"))
	}
	for _, target := range []string{"/v1/diff?from=1&to=now", "/v1/diff?from=now", "/v1/changes?since=now"} {
		if rec := get(h, target); rec.Code != 200 {
			t.Errorf("%s: %d %s", target, rec.Code, rec.Body)
		}
	}
}

// TestSuggestions: the name that is suggested is one that the route has, and
// means what the caller meant.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	for target, want := range map[string]string{
		// A short name of a field.
		"/v1/images?Version=7.9": "OsTag.Version", "/v1/images?Platform=CentOS": "OsTag.Platform",
		"/v1/images?arch=x86_64": "OsTag.Architecture", "/v1/images?Name=x": "ImageName", "/v1/images?id=m-1": "ImageId",
		"/v1/images?name__contains=x": "ImageName__contains", "/v1/images?image_name=x": "ImageName",
		"/v1/images?State=Available": "Status", "/v1/changes?id=m-1": "ImageId",
		"/v1/images?fields=id": "ImageId", "/v1/images?sort=-Version": "OsTag.Version",
		"/v1/images?facets=Platform": "OsTag.Platform", "/v1/images?latestBy=name": "ImageName",
		"/v1/images?fields=Cluster": "Clusters",
		// An operator of another program. Never its opposite.
		"/v1/images?Version__ge=7.6": "OsTag.Version__gte", "/v1/images?OsTag.Version__ge=7.6": "OsTag.Version__gte",
		"/v1/images?Version__le=7.6": "OsTag.Version__lte", "/v1/images?Version_gte=7.6": "OsTag.Version__gte",
		"/v1/images?OsTag.Version.lt=8": "OsTag.Version__lt", "/v1/images?Version_ge=7.6": "OsTag.Version__gte",
		"/v1/images?Version>=7.6": "OsTag.Version__gte", "/v1/images?Size<=60": "Size__lte",
		"/v1/images?Size>60": "Size__gt", "/v1/images?Status!=Available": "Status__ne",
		"/v1/images?Status__neq=Available": "Status__ne", "/v1/images?Status__in=a,b": "Status",
		"/v1/images?Name__like=x": "ImageName__glob", "/v1/images?ImageName__startswith=x": "ImageName__prefix",
		"/v1/images?ImageName__contians=x": "ImageName__contains",
		// A parameter.
		"/v1/images?Cluster=ehpc-a": "ClusterId", "/v1/images?cluster_id=ehpc-a": "ClusterId",
		"/v1/images?search=hpc": "q", "/v1/images?orderBy=Size": "sort", "/v1/images?pageSize=5": "limit",
		"/v1/diff?since=-1h": "from", "/v1/changes?from=-1h": "since", "/v1/changes?start=-1h": "since",
	} {
		checkError(t, get(h, target), 400, codeOf(t, get(h, target)), []string{`Did you mean "` + want + `"?`})
	}
	for _, target := range []string{
		"/v1/images?Version__nte=7", "/v1/images?Size__like=4", "/v1/images?xyzzy=1", "/v1/healthz?name=x",
		"/v1/images?Status__missing=true",
	} {
		rec := get(h, target)
		_, suggested, _ := strings.Cut(rec.Body.String(), "Did you mean")
		if strings.Contains(suggested, "__") || rec.Code == 200 {
			t.Errorf("%s: %s", target, rec.Body)
		}
	}
}

// TestAdviceNamesParametersOfTheRoute: since=0 is no help where there is no since.
func TestAdviceNamesParametersOfTheRoute(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	for target, want := range map[string]string{
		"/v1/images?at=2026-11-22":     "Use at=1, or a later time.",
		"/v1/diff?from=2026-11-22":     "Use from=1, or a later time.",
		"/v1/images?limit=0":           "",
		"/v1/images?limt=1":            "/openapi.json describes every route and parameter.",
		"/v1/images?ClusterId=a&at=-1": "",
	} {
		var body errorBody
		if err := json.Unmarshal(get(h, target).Body.Bytes(), &body); err != nil || body.Recommend != want {
			t.Errorf("%s recommends %q, want %q (%v)", target, body.Recommend, want, err)
		}
	}
}

// codeOf returns the code of an error.
func codeOf(t *testing.T, rec *httptest.ResponseRecorder) string {
	t.Helper()
	var body errorBody
	if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
		t.Fatalf("%d %s: %v", rec.Code, rec.Body, err)
	}
	return body.Code
}

// checkMessage checks the message of an error.
func checkMessage(t *testing.T, h http.Handler, target, want string) {
	t.Helper()
	var body errorBody
	if err := json.Unmarshal(get(h, target).Body.Bytes(), &body); err != nil || body.Message != want {
		t.Errorf("%.80s says\n%s, want\n%s (%v)", target, body.Message, want, err)
	}
}
