package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"community-images/shared/fcrun/fctest"
)

// mark is what an attacker would like to see come back as it is.
const mark = "\"><script>alert(1)</script>\r\nSet-Cookie: a=b"

// hostileRequest is a request of someone who means harm, as FC's trigger describes it.
type hostileRequest struct {
	method, path  string
	query, header map[string]string
	body          string
	base64        bool
}

// event keeps every byte, as encoding/json would not.
func (b hostileRequest) event() []byte {
	var out strings.Builder
	object := func(members map[string]string) {
		out.WriteByte('{')
		for i, name := range slices.Sorted(sortedKeys(members)) {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(quoteJSON(name) + ":" + quoteJSON(members[name]))
		}
		out.WriteByte('}')
	}
	out.WriteString(`{"version":"v1","rawPath":` + quoteJSON(b.path) + `,"body":` + quoteJSON(b.body) +
		fmt.Sprintf(`,"isBase64Encoded":%t,"headers":`, b.base64))
	object(b.header)
	out.WriteString(`,"queryParameters":`)
	object(b.query)
	out.WriteString(`,"requestContext":{"http":{"method":` + quoteJSON(b.method) + `,"path":` + quoteJSON(b.path) +
		`,"protocol":"HTTP/1.1"}}}`)
	return []byte(out.String())
}

func sortedKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func quoteJSON(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\u%04x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}

// nasty are values and parts of values.
var nasty = []string{
	"", " ", "*", ",", ",,,,", `\,`, `\`, "a,b,a,b", "..", "../../etc/passwd", "%00", "%", "%zz", "%2e%2e%2f", "\x00",
	"\xff\xfe", "\xed\xa0\x80", "é\u202eé", "\u2025/", mark,
	"-1", "0", "1001", "99999999999999999999", "-9223372036854775808", "1e309", "NaN", "Inf", "0x10", "1_000", "+5",
	"1.5", "true", "null", "{}", "[]", "'; DROP TABLE images;--", "${jndi:ldap://x}", "{{7*7}}",
	"(a{1,1000}){1,1000}", "(((((((((((a*)*)*)*)*)*)*)*)*)*)*", "(?i)(?:a|b|c|d){999}", "[", "(", "[[:alpha:]",
	`\p{Greek}`, "(?P<x>", "*a*a*a*a*a*a*a*a*a*a*a*a*a*b", "[!", "[z-a]", "???????????",
	"2026-11-23T09:00:00Z", "9999-12-31T23:59:59Z", "0000-00-00", "-24h", "24h", "-999999999d", "1795424400000",
	"c2.1", "c2.1.cn-hangzhou.0123456789abcdef", "c9223372036854775807.1.cn-hangzhou.0123456789abcdef",
	"AUcMjMlyOLjiS7FyDDT52NcDAQ", "ehpc-hz-00000000", "m-bp100000000000000001", "cn-hangzhou", "cn-nowhere",
	"json", "html", "xml", "ids", "CentOS", "OsTag.Platform", "-OsTag.Version,ImageName", "OsTag.OsTag.OsTag",
	"__proto__", "added,removed", strings.Repeat("x", 3000), strings.Repeat("a,", 1500), strings.Repeat("(", 1000),
	strings.Repeat("a|", 1500), strings.Repeat("*", 2000),
}

var hostileNames = []string{
	"ClusterId", "InstanceType", "RegionId", "at", "maxAge", "q", "sort", "limit", "cursor", "fields", "latestBy",
	"facets", "minCount", "format", "since", "kind", "from", "to", "ImageId", "Size", "Status", "OsTag.Platform",
	"OsTag.Version", "ImageName",
	"BaseOsTag", "PostInstallScript", "CLUSTERID", "Action", "page", "PageNumber", "", "\x00", "__op", "Size__regex",
	"constructor", mark,
}

var (
	hostileOps = []string{"", "", "", "__ne", "__prefix", "__contains", "__glob", "__iglob", "__regex", "__iregex",
		"__exists", "__gt", "__lte", "__nope", "__"}
	hostilePaths = []string{
		"/v1/images", "/v1/images", "/v1/images", "/v1/images/m-bp100000000000000001",
		"/v1/images/m-bp100000000000000001/history", "/v1/clusters", "/v1/changes", "/v1/diff", "/v1/matrix",
		"/v1/status", "/metrics", "/openapi.json", "/healthz", "/",
		"/v1/images/%00", "/v1/images/%zz", "/v1/images/..%2f..%2f", "/v1/images/" + mark, "//v1//images",
		"/v1/images/", "/../../etc/passwd", "/v1/images/\xff", "http://evil.example/v1/images", "*", "", "/v1/images/" +
			strings.Repeat("x", 300), "/" + strings.Repeat("é/", 2000),
	}
	hostileMethods = []string{"GET", "GET", "GET", "GET", "GET", "HEAD", "POST", "get", "TRACE", "CONNECT", "",
		"GET / HTTP/1.1\r\nX: y", strings.Repeat("M", 5000)}
	hostileHeaders = []string{"Accept", "Accept-Encoding", "If-None-Match", "If-Modified-Since", "Host", "X-Request-Id",
		"Content-Type", "Authorization", "Range", "X-Acs-Action", "Cookie", "x-fc-request-id", "\r\n", ""}
)

// hostileCorpus are the requests that are always tried.
func hostileCorpus() []hostileRequest {
	var all []hostileRequest
	for _, value := range nasty {
		for _, name := range hostileNames {
			all = append(all, hostileRequest{method: "GET", path: "/v1/images",
				query: map[string]string{"ClusterId": "*", name: value}})
		}
		all = append(all,
			hostileRequest{method: "GET", path: "/v1/changes", query: map[string]string{"since": value}},
			hostileRequest{method: "GET", path: "/v1/changes", query: map[string]string{"cursor": value}},
			hostileRequest{method: "GET", path: "/v1/diff", query: map[string]string{"from": value, "to": value}},
			hostileRequest{method: "GET", path: "/v1/matrix", query: map[string]string{"ClusterId": value}},
			hostileRequest{method: "GET", path: "/v1/images/" + value},
			hostileRequest{method: "GET", path: "/" + value, header: map[string]string{"Accept": "text/html"}},
			hostileRequest{method: value, path: "/v1/images"},
			hostileRequest{method: "POST", path: "/v1/images", body: value, base64: true},
			hostileRequest{method: "POST", path: "/", body: value})
		for _, name := range hostileHeaders {
			all = append(all, hostileRequest{method: "GET", path: "/v1/images", header: map[string]string{name: value}})
		}
	}
	long := strings.Repeat("x", 8<<10)
	for _, path := range hostilePaths {
		all = append(all, hostileRequest{method: "GET", path: path},
			hostileRequest{method: "GET", path: path + strings.Repeat("/"+path, 4096/(len(path)+1))},
			hostileRequest{method: "GET", path: path, query: map[string]string{"format": "html"},
				header: map[string]string{"Accept": "text/html"}})
	}
	return append(all, hostileRequest{method: "GET", path: "/v1/images",
		header: map[string]string{"X-Long": long, "Accept": long, "If-None-Match": strings.Repeat(`"a",`, 2000),
			"Host": long}},
		hostileRequest{method: "POST", path: "/v1/images", body: strings.Repeat("A", 300<<10), base64: true},
		hostileRequest{method: "GET", path: "/v1/images", body: "!!!! not base64", base64: true})
}

// randomRequest makes up a request.
func randomRequest(r *rand.Rand) hostileRequest {
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	value := func() string {
		switch r.IntN(6) {
		case 0:
			raw := make([]byte, r.IntN(40))
			for i := range raw {
				raw[i] = byte(r.Uint32())
			}
			return string(raw)
		case 1:
			return pick(nasty) + pick(nasty)
		case 2:
			return pick(nasty) + "," + pick(nasty)
		}
		return pick(nasty)
	}
	b := hostileRequest{method: pick(hostileMethods), path: pick(hostilePaths), query: map[string]string{},
		header: map[string]string{}}
	if r.IntN(4) > 0 {
		b.query["ClusterId"] = "*" // so that what follows is looked at
	}
	for range r.IntN(4) {
		b.query[pick(hostileNames)+pick(hostileOps)] = value()
	}
	for range r.IntN(3) {
		b.header[pick(hostileHeaders)] = value()
	}
	if r.IntN(10) == 0 {
		b.body, b.base64 = value(), r.IntN(2) == 0
	}
	return b
}

// Bounds of an answer to a request that is refused, and to any other from the
// tiny region; the first kind makes no call of OSS.
const (
	maxRefusal = 64 << 10
	maxAnswer  = 1 << 20
	maxCPU     = 5 * time.Millisecond // on average
)

var (
	refusals       = []int{400, 405, 406, 413, 414}
	hostileAnswers = append([]int{200, 304, 404, 410}, refusals...)
)

// TestHostileRequests sends what nobody with good intentions would.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	random := 1000
	if *faultsLong {
		random = 1_000_000
	}
	c := newTestRegion(t, tiny)
	front := openProxy(t, c)
	q := c.startFunction(t, buildQuery(t), "OSS_ENDPOINT="+front.url, "QUERY_HEAD_TTL=24h", "QUERY_GZIP=true",
		"LOG_LEVEL=error")
	for _, target := range outageTargets(c) {
		invokeFor(t, q, newEvent(t, target, nil), 200)
	}
	process, _ := q.Process()
	used, counts, all, tried := cpuTime(process), map[int]int{}, hostileCorpus(), 0
	var slowest time.Duration
	try := func(name string, b hostileRequest) {
		front.resetCounts()
		r, err := q.Invoke(t.Context(), b.event())
		if err != nil || r.Error != nil {
			t.Fatalf("%s: %.500q: %v, %v", name, b.event(), err, r.Error)
		}
		slowest = max(slowest, r.Duration)
		status, err := checkHostile(r.Payload)
		if err == nil && slices.Contains(refusals, status) && front.requests.Load() > 0 {
			err = fmt.Errorf("the store got %d requests", front.requests.Load())
		}
		if err != nil {
			t.Errorf("%s: %.500q: %v", name, b.event(), err)
		}
		counts[status]++
		tried++
	}
	for i, b := range all {
		try(fmt.Sprintf("corpus %d", i), b)
	}
	source := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		try(fmt.Sprintf("made up %d", i), randomRequest(source))
		if t.Failed() && i > 20 {
			break
		}
	}
	used = cpuTime(process) - used
	if used > time.Duration(tried)*maxCPU {
		t.Errorf("%d requests used %s of processor time", tried, used)
	}
	if last, _ := q.Process(); last.Pid != process.Pid {
		t.Error("the process has ended")
	}
	t.Logf("%d requests, by status %v, %s of processor time each, the slowest took %s", tried, counts,
		used/time.Duration(tried), slowest)
}

// checkHostile demands an answer of a known status and size in which nothing
// of the request can be taken for something else.
func checkHostile(payload []byte) (status int, err error) {
	out, err := fctest.ParseHTTPResponse(payload)
	if err != nil {
		return 0, err
	}
	if !slices.Contains(hostileAnswers, out.Status) {
		return out.Status, fmt.Errorf("answered %d %.300s", out.Status, out.Body)
	}
	most := maxAnswer
	if slices.Contains(refusals, out.Status) {
		most = maxRefusal
	}
	if len(out.Body) > most {
		return out.Status, fmt.Errorf("the answer to it, a %d, has %d bytes", out.Status, len(out.Body))
	}
	size := 0
	for name, value := range out.Headers {
		size += len(name) + len(value) + 4
		if strings.ContainsFunc(name+value, func(r rune) bool {
			return r < ' ' || r >= 0x7f
		}) || strings.Contains(value, "<script") {
			return out.Status, fmt.Errorf("header %s is %q", name, value)
		}
	}
	if size > 8<<10 {
		return out.Status, fmt.Errorf("headers have %d bytes", size)
	}
	if len(out.Body) == 0 || out.Headers["Content-Encoding"] != "" {
		return out.Status, nil
	}
	kind, _, _ := strings.Cut(out.Headers["Content-Type"], ";")
	switch {
	case !utf8.Valid(out.Body):
		err = fmt.Errorf("the answer is not UTF-8: %.300q", out.Body)
	case kind == "application/json" && !json.Valid(out.Body):
		err = fmt.Errorf("the answer is not JSON: %.300s", out.Body)
	// the page for people has a script of its own
	case kind != "application/json" && strings.Contains(string(out.Body), "<script>alert"):
		err = fmt.Errorf("the answer of type %q has %.300s", kind, out.Body)
	case kind == "":
		err = fmt.Errorf("the answer has no type: %v", out.Headers)
	}
	return out.Status, err
}
