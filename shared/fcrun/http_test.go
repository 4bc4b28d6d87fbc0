package fcrun

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

const requestID = "1-6710a0b0-15a1b2c3-0123456789ab"

// sample is an event as FC 3.0 sends it.
const sample = `{"version":"v1","rawPath":"/v1/images/m%2F1","body":"","isBase64Encoded":false,
"headers":{"Accept":"*/*","Accept-Encoding":"gzip","Host":"q.cn-hangzhou.fcapp.run","If-None-Match":"\"3b1f8e\"",
"User-Agent":"curl/8.5.0","X-Forwarded-Proto":"https","x-real-ip":"203.0.113.7"},
"queryParameters":{"ClusterId":"ehpc-hz-FYUr32abcd","OsTag.Platform":"CentOS,Ubuntu","q":"100% a&b",
"sort":"-OsTag.Version"},
"requestContext":{"accountId":"1234567890123456","domainName":"q.cn-hangzhou.fcapp.run","domainPrefix":"q",
"requestId":"` + requestID + `","time":"2026-11-23T10:00:00Z","timeEpoch":"1795428000000","triggerId":"3f1c",
"http":{"method":"GET","path":"/v1/images/m/1","protocol":"HTTP/1.1","sourceIp":"203.0.113.7",
"userAgent":"curl/8.5.0"}}}`

// invocation is a context as the SDK makes it.
func invocation(ctx context.Context) context.Context {
	return fccontext.NewContext(ctx, &fccontext.FcContext{
		RequestID: requestID,
		Credentials: fccontext.Credentials{AccessKeyId: "STS.keykey", AccessKeySecret: "topsecret",
			SecurityToken: "tokentoken"},
		Function: fccontext.Function{Name: "query"}, Region: "cn-hangzhou", RetryCount: 2,
	})
}

type answer struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	IsBase64Encoded *bool             `json:"isBase64Encoded"`
	Body            *string           `json:"body"`
}

// call sends an event through HTTP and checks that the answer has FC's full
// shape. It returns the log as well.
func call(t testing.TB, h http.HandlerFunc, event string) (answer, string) {
	t.Helper()
	return callIn(t, t.Context(), h, event)
}

func callIn(t testing.TB, ctx context.Context, h http.HandlerFunc, event string) (answer, string) {
	t.Helper()
	var log bytes.Buffer
	result, err := HTTP(h, Options{Log: NewLogger(zapcore.AddSync(&log), zap.DebugLevel, "query")})(invocation(ctx),
		[]byte(event))
	if err != nil {
		t.Fatalf("function error: %v", err)
	}
	coded, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(coded, &a); err != nil {
		t.Fatal(err)
	}
	if a.StatusCode < 200 || a.StatusCode > 599 || a.Headers == nil || a.IsBase64Encoded == nil || a.Body == nil {
		t.Fatalf("not the full response shape: %s", coded)
	}
	if *a.IsBase64Encoded {
		raw, err := base64.StdEncoding.DecodeString(*a.Body)
		if err != nil {
			t.Fatal(err)
		}
		*a.Body = string(raw)
	}
	return a, log.String()
}

func TestRequestIsWhatTheEventSays(t *testing.T) {
	t.Parallel()
	got, _ := call(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s %s %s\n%v\n%v\n%q\n", r.Method, r.URL.EscapedPath(), r.URL.Path, r.Proto, r.Host,
			r.URL.Query(), r.Header, r.RemoteAddr)
		fmt.Fprintln(w, r.URL.RawQuery)
		fmt.Fprintln(w, RequestID(r.Context()), InvocationFrom(r.Context()))
	}, sample)
	want := `GET /v1/images/m%2F1 /v1/images/m/1 HTTP/1.1 q.cn-hangzhou.fcapp.run
map[ClusterId:[ehpc-hz-FYUr32abcd] OsTag.Platform:[CentOS,Ubuntu] q:[100% a&b] sort:[-OsTag.Version]]
map[Accept:[*/*] Accept-Encoding:[gzip] If-None-Match:["3b1f8e"] User-Agent:[curl/8.5.0] X-Fc-Request-Id:[` +
		requestID + `] X-Forwarded-Proto:[https] X-Real-Ip:[203.0.113.7]]
"203.0.113.7:0"
ClusterId=ehpc-hz-FYUr32abcd&OsTag.Platform=CentOS%2CUbuntu&q=100%25+a%26b&sort=-OsTag.Version
` + requestID + ` {` + requestID + ` query cn-hangzhou 2 [credentials]}
`
	if diff := cmp.Diff(want, *got.Body); diff != "" {
		t.Error(diff)
	}
}

// Each row is an event, and the request line that the handler sees, or the
// beginning of the message of a 400.
func TestOddEvents(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, event, want string }{
		{"a list as a query value joins like a repeat", `{"rawPath":"/x","queryParameters":{"a":["1","2"],"b":[]}}`,
			`GET /x?a=1%2C2&b=`},
		{"numbers, booleans and null as values", `{"rawPath":"/x","queryParameters":{"n":1.5,"t":true,"z":null}}`,
			`GET /x?n=1.5&t=true&z=`},
		{"absent parts", `{"rawPath":"/x"}`, `GET /x`},
		{"null parts",
			`{"rawPath":"/x","headers":null,"queryParameters":null,"body":null,"isBase64Encoded":null,"requestContext":null}`,
			`GET /x`},
		{"parts of other types", `{"rawPath":"/x","headers":[1],"queryParameters":"a=1","requestContext":7}`, `GET /x`},
		{"only a decoded path", `{"requestContext":{"http":{"method":"HEAD","path":"/a b"}}}`, `HEAD /a%20b`},
		{"no path at all", `{"requestContext":{"http":{"method":"POST"}}}`, `POST /`},
		{"a path without its slash", `{"rawPath":"v1/images"}`, `GET /v1/images`},
		{"a path that looks like a host", `{"rawPath":"//evil.example/x"}`, `GET //evil.example/x`},
		{"NUL in the path", `{"rawPath":"/%00"}`, `GET /%00`},
		{"a literal percent sign", `{"rawPath":"/x","queryParameters":{"a":"%zz%41"}}`, `GET /x?a=%25zz%2541`},
		{"a time that shows that nothing is decoded",
			`{"rawPath":"/x","queryParameters":{"Timestamp":"2026-11-23T14%3A07%3a23Z","a":"%41+%25%2B%zz","c":"a%2Bb+c%26"}}`,
			`GET /x?Timestamp=2026-11-23T14%3A07%3A23Z&a=%2541%2B%2525%252B%25zz&c=a%2Bb+c%26`},
		{"a time of another zone that shows it",
			`{"rawPath":"/x","queryParameters":{"at":"2026-11-23T22%3A07%3A23%2B08%3A00","q":"a%20b"}}`,
			`GET /x?at=2026-11-23T22%3A07%3A23%2B08%3A00&q=a+b`},
		{"a time that is decoded", `{"rawPath":"/x","queryParameters":{"at":"2026-11-23T14:07:23Z","q":"a%20b"}}`,
			`GET /x?at=2026-11-23T14%3A07%3A23Z&q=a%2520b`},
		{"what looks like a time and is none",
			`{"rawPath":"/x","queryParameters":{"at":"2026-11-23T14%3A99%3A23Z","q":"a%20b"}}`,
			`GET /x?at=2026-11-23T14%253A99%253A23Z&q=a%2520b`},
		{"a bad escape in the path", `{"rawPath":"/%zz"}`,
			`400 Not an HTTP request: decoding the path: invalid URL escape "%zz".`},
		{"a body that is not base64", `{"rawPath":"/x","body":"?","isBase64Encoded":true}`,
			`400 Not an HTTP request: decoding the base64 body: illegal base64 data at input byte 0.`},
		{"a console test payload", `{"key":"value"}`,
			`400 Not an HTTP request: the event is not one of an HTTP trigger`},
		{"a timer event", `{"triggerTime":"2026-11-23T10:00:00Z","triggerName":"t","payload":""}`,
			`400 Not an HTTP request: the event is not one of an HTTP trigger`},
		{"text", `hello`, `400 Not an HTTP request: the event is not one of an HTTP trigger`},
		{"a list", `[1]`, `400 Not an HTTP request: the event is not one of an HTTP trigger`},
		{"nothing", ``, `400 Not an HTTP request: the event is not one of an HTTP trigger`},
		{"null", `null`, `400 Not an HTTP request: the event is not one of an HTTP trigger`},
		{"half an event", sample[:200], `400 Not an HTTP request: the event is not one of an HTTP trigger`},
		{"too much", `{"rawPath":"/x","body":"` + strings.Repeat("x", maxEvent) + `"}`,
			`413 The request is larger than 256 KB.`},
	} {
		got, _ := call(t, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, r.Method+" "+r.URL.String())
		}, row.event)
		text := *got.Body
		if got.StatusCode != 200 {
			f := struct{ RequestId, HostId, Code, Message, Recommend string }{}
			dec := json.NewDecoder(strings.NewReader(text))
			dec.DisallowUnknownFields()
			code := map[int]string{400: "InvalidEvent", 413: "RequestTooLarge"}[got.StatusCode]
			if err := dec.Decode(&f); err != nil || f.RequestId != requestID || f.Code != code {
				t.Errorf("%s: not an error of the documented shape: %s", row.name, text)
			}
			text = fmt.Sprint(got.StatusCode, " ", f.Message)
		}
		if strings.HasPrefix(row.want, "HEAD ") && text == "" {
			continue // the answer to HEAD has no body
		}
		if !strings.HasPrefix(text, row.want) || got.StatusCode == 200 && text != row.want {
			t.Errorf("%s: got %q, want %q", row.name, text, row.want)
		}
	}
}

func TestBodiesArrive(t *testing.T) {
	t.Parallel()
	for event, want := range map[string]string{
		`{"rawPath":"/","body":"a=b\u00e9"}`:                     "a=bé",
		`{"rawPath":"/","body":"/wA=","isBase64Encoded":true}`:   "\xff\x00",
		`{"rawPath":"/","body":"/wA=","isBase64Encoded":"true"}`: "\xff\x00",
		`{"rawPath":"/","body":{"a":1}}`:                         `{"a":1}`,
	} {
		var got []byte
		call(t, func(_ http.ResponseWriter, r *http.Request) {
			got, _ = io.ReadAll(r.Body)
			if int(r.ContentLength) != len(got) {
				t.Errorf("%s: ContentLength %d", event, r.ContentLength)
			}
		}, event)
		if string(got) != want {
			t.Errorf("%s: body %q", event, got)
		}
	}
}

func TestTheCallerCannotForgeARequestID(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"X-Fc-Request-Id", "x-fc-request-id"} {
		call(t, func(_ http.ResponseWriter, r *http.Request) {
			if got := r.Header.Values(RequestIDHeader); !cmp.Equal(got, []string{requestID}) {
				t.Errorf("%s: %q", name, got)
			}
		}, `{"rawPath":"/","headers":{"`+name+`":"forged"}}`)
	}
}

// Each row is a handler and the answer that leaves.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, method string
		handler      http.HandlerFunc
		want         string
	}{
		{"text stays text", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(404)
			w.WriteHeader(200)
			io.WriteString(w, `{"a":`)
			io.WriteString(w, `1}`)
		}, `404 map[Content-Type:application/json] false {"a":1}`},
		{"one string", "GET", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "<ok>")
		}, `200 map[Content-Type:text/plain; charset=utf-8] false <ok>`},
		{"a string, then bytes", "GET", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "a")
			w.Write([]byte("b"))
		}, `200 map[Content-Type:text/plain; charset=utf-8] false ab`},
		{"nothing", "GET", func(http.ResponseWriter, *http.Request) {}, `200 map[] false `},
		{"invalid UTF-8 is base64", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte("\xff\x00"))
		}, "200 map[Content-Type:application/octet-stream] true \xff\x00"},
		{"encoded content is base64", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Encoding", "gzip")
			io.WriteString(w, "zip")
		}, `200 map[Content-Encoding:gzip Content-Type:text/plain] true zip`},
		{"HEAD has no body", "HEAD", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Etag", `"1"`)
			io.WriteString(w, "x")
		}, `200 map[Etag:"1"] false `},
		{"304 has no body", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(304)
			io.WriteString(w, "x")
		}, `304 map[] false `},
		{"several values are joined", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Link"] = []string{"<a>", "<b>"}
			w.WriteHeader(204)
		}, `204 map[Link:<a>, <b>] false `},
		{"reserved headers go", "GET", func(w http.ResponseWriter, _ *http.Request) {
			for _, name := range []string{"Connection", "Content-Length", "Date", "Keep-Alive", "Server", "Upgrade",
				"Transfer-Encoding", "X-Fc-Request-Id", "X-Fc-Foo", "X-Own"} {
				w.Header().Set(name, "1")
			}
			w.WriteHeader(204)
		}, `204 map[X-Own:1] false `},
		{"early hints are not an answer", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(103)
			w.WriteHeader(204)
		}, `204 map[] false `},
		{"headers set too late are not sent", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(204)
			w.Header().Set("Late", "1")
		}, `204 map[] false `},
	} {
		got, _ := call(t, row.handler, `{"rawPath":"/","requestContext":{"http":{"method":"`+row.method+`"}}}`)
		if text := fmt.Sprint(got.StatusCode, got.Headers, *got.IsBase64Encoded, " ", *got.Body); text != row.want {
			t.Errorf("%s: got %q, want %q", row.name, text, row.want)
		}
	}
}

func TestHeadersStayWithinEightKilobytes(t *testing.T) {
	t.Parallel()
	got, log := call(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Link", strings.Repeat("x", 5000))
		w.Header().Set("X-Long", strings.Repeat("y", 4000))
		w.WriteHeader(200)
	}, `{"rawPath":"/"}`)
	if got.Headers["Link"] != "" || got.Headers["X-Long"] == "" || got.Headers["Content-Type"] == "" {
		t.Errorf("kept %d headers", len(got.Headers))
	}
	if !strings.Contains(log, `"names":["Link"]`) {
		t.Errorf("the log does not say what was dropped: %s", log)
	}
}

func TestAPanicIsA500(t *testing.T) {
	t.Parallel()
	got, log := call(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "half an answer")
		panic("secret detail, key topsecret")
	}, sample)
	want := `{"RequestId":"` + requestID + `","HostId":"q.cn-hangzhou.fcapp.run","Code":"InternalError",` +
		`"Message":"The request could not be answered because of an unexpected failure.",` +
		`"Recommend":"Look for the request id in the function's log."}` + "\n"
	if got.StatusCode != 500 || *got.Body != want || got.Headers["Cache-Control"] != "no-store" {
		t.Errorf("got %d %v %s", got.StatusCode, got.Headers, *got.Body)
	}
	if !strings.Contains(log, "secret detail, key [redacted]") || !strings.Contains(log, `"requestId":"`+requestID) ||
		!strings.Contains(log, "http_test.go") {
		t.Errorf("the log lacks the details: %s", log)
	}
}

func TestAnAnswerLeavesBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		got, _ := callIn(t, ctx, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, sample)
		if got.StatusCode != 503 || got.Headers["Retry-After"] == "" || ctx.Err() != nil {
			t.Errorf("got %d %v, and the deadline: %v", got.StatusCode, got.Headers, ctx.Err())
		}
		if !strings.Contains(*got.Body, `"Code":"ServiceUnavailable"`) {
			t.Errorf("body %s", *got.Body)
		}
	})
}

func TestADeadlineInThePastIsAnswered(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	if got, _ := callIn(t, ctx, func(http.ResponseWriter, *http.Request) {}, sample); got.StatusCode != 503 {
		t.Errorf("got %d", got.StatusCode)
	}
}

func TestBothWaysOfDecodingAgreeOnTheSample(t *testing.T) {
	t.Parallel()
	fast, ok := decodeFast(sample)
	if !ok {
		t.Fatal("the documented event does not take the fast way")
	}
	slow, err := decodeSlow([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slow, fast, cmp.AllowUnexported(httpEvent{}, pair{})); diff != "" {
		t.Error(diff)
	}
}
