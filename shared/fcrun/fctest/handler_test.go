package fctest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"community-images/shared/fcrun"
	"community-images/shared/fcrun/fctest"
)

// serve is the http.Handler of the function under test.
func serve(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/binary":
		w.Write([]byte("\xff\x00\xfe"))
	case "/panic":
		panic("as asked")
	case "/gone":
		w.WriteHeader(http.StatusNotModified)
	default:
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Etag", `"1"`)
		hasID := r.Header.Get("X-Fc-Request-Id") == fcrun.RequestID(r.Context())
		fmt.Fprintf(w, "%s %s %s %v %q %t", r.Method, r.URL.EscapedPath(), r.Host, r.URL.Query(), body, hasID)
	}
}

func TestHTTPTrigger(t *testing.T) {
	t.Parallel()
	f := start(t, fctest.Options{Env: []string{"KIND=http"}, Timeout: 10 * time.Second})
	server := httptest.NewServer(f.HTTPHandler())
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	const refused = `{"ErrorCode":"InvalidArgument"`
	for _, row := range []struct {
		name, method, target, body, contentType string
		status                                  int
		want                                    string
	}{
		{name: "repeats are joined, values decoded, the path is not", method: "GET",
			target: "/a%2Fb/../c?x=1&x=2&y=%25+z", status: 200,
			want: "GET /a%2Fb/../c " + host + ` map[x:[1,2] y:[% z]] "" true`},
		{name: "a form", method: "POST", target: "/", body: "a=b",
			contentType: "application/x-www-form-urlencoded", status: 200,
			want: "POST / " + host + ` map[] "a=b" true`},
		{name: "a binary body", method: "POST", target: "/", body: "\xff\x00",
			contentType: "application/octet-stream", status: 200,
			want: "POST / " + host + ` map[] "\xff\x00" true`},
		{name: "a binary answer", method: "GET", target: "/binary", status: 200, want: "\xff\x00\xfe"},
		{name: "HEAD", method: "HEAD", target: "/", status: 200, want: ""},
		{name: "an answer without a body", method: "GET", target: "/gone", status: 304, want: ""},
		{name: "a panic", method: "GET", target: "/panic", status: 500, want: `{"RequestId":`},
		{name: "a semicolon stands for itself", method: "GET", target: "/?q=a;b&&x", status: 200,
			want: "GET / " + host + ` map[q:[a;b] x:[]] "" true`},
		{name: "a value that is badly encoded", method: "GET", target: "/?x=1&y=%zz", status: 400,
			want: refused + `,"ErrorMessage":"decoding the query: invalid URL escape \"%zz\""`},
		{name: "a value that is not UTF-8", method: "GET", target: "/?y=%ff", status: 400,
			want: refused + `,"ErrorMessage":"decoding the query: \"y=%ff\" is not UTF-8"`},
		{name: "a name that is badly encoded", method: "GET", target: "/?%=1", status: 400, want: refused},
		{name: "a query over FC's limit", method: "GET", target: "/?q=" + strings.Repeat("x", 5000), status: 400,
			want: refused},
	} {
		r, err := http.NewRequest(row.method, server.URL+row.target, strings.NewReader(row.body))
		if err != nil {
			t.Fatal(err)
		}
		if row.contentType != "" {
			r.Header.Set("Content-Type", row.contentType)
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(row.name, err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != row.status || !strings.HasPrefix(string(body), row.want) ||
			row.status == 200 && row.want != string(body) {
			t.Errorf("%s: %d %s", row.name, resp.StatusCode, body)
		}
		if resp.Header.Get("X-Fc-Request-Id") == "" {
			t.Errorf("%s: no request id", row.name)
		}
	}
}

func TestAnAnswerWithoutTheShapeIs502(t *testing.T) {
	t.Parallel()
	f := start(t, fctest.Options{})
	rec := httptest.NewRecorder()
	f.HTTPHandler().ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
	if rec.Code != http.StatusBadGateway ||
		!strings.Contains(rec.Body.String(), "is not {statusCode, headers, isBase64Encoded, body}") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}
