package fctest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// httpEvent is the event of an FC 3.0 HTTP trigger, keys in FC's order.
type httpEvent struct {
	Version         string            `json:"version"`
	RawPath         string            `json:"rawPath"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	Headers         map[string]string `json:"headers"`
	QueryParameters map[string]string `json:"queryParameters"`
	RequestContext  requestContext    `json:"requestContext"`
}

type requestContext struct {
	AccountID    string `json:"accountId"`
	DomainName   string `json:"domainName"`
	DomainPrefix string `json:"domainPrefix"`
	RequestID    string `json:"requestId"`
	Time         string `json:"time"`
	TimeEpoch    string `json:"timeEpoch"` // milliseconds
	TriggerID    string `json:"triggerId"`
	HTTP         struct {
		Method    string `json:"method"`
		Path      string `json:"path"`
		Protocol  string `json:"protocol"`
		SourceIP  string `json:"sourceIp"`
		UserAgent string `json:"userAgent"`
	} `json:"http"`
}

// HTTPEvent is the event that FC's HTTP trigger makes of a request: names and
// values are single strings, repeats joined by commas, the path as it was sent,
// query values decoded, binary bodies as base64. The body is read to its end.
//
// What FC makes of a query that is badly encoded is not documented: it is an
// error here, so that no parameter is lost without a word.
func HTTPEvent(r *http.Request, requestID string) ([]byte, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, fmt.Errorf("reading the request's body: %w", err)
		}
	}
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	e := httpEvent{
		Version: "v1", RawPath: rawPath(r),
		Headers: joined(r.Header), QueryParameters: joined(query),
	}
	if e.Body = string(body); len(body) > 0 && (!textual(r.Header.Get("Content-Type")) || !utf8.Valid(body)) {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	e.Headers["Host"] = r.Host
	prefix, _, _ := strings.Cut(r.Host, ".")
	e.RequestContext = requestContext{
		AccountID: "1234567890123456", DomainName: r.Host, DomainPrefix: prefix, RequestID: requestID,
		Time: now.Format(time.RFC3339), TimeEpoch: strconv.FormatInt(now.UnixMilli(), 10), TriggerID: "local",
	}
	http := &e.RequestContext.HTTP
	http.Method, http.Path, http.Protocol, http.UserAgent = r.Method, r.URL.Path, r.Proto, r.UserAgent()
	http.SourceIP, _, _ = net.SplitHostPort(r.RemoteAddr)
	return json.Marshal(e)
}

// Get is HTTPEvent of a GET for a path and query, such as /v1/images?limit=1.
func Get(target string) []byte {
	r, err := http.NewRequest(http.MethodGet, "http://function.example"+target, nil)
	if err != nil {
		panic(err) // a target that a test wrote wrongly
	}
	event, err := HTTPEvent(r, NewRequestID())
	if err != nil {
		panic(err) // its query
	}
	return event
}

// parseQuery decodes a query. Unlike url.ParseQuery it takes a semicolon for
// itself, as browsers and curl send it.
func parseQuery(raw string) (url.Values, error) {
	values := url.Values{}
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err == nil && !utf8.ValidString(name+value) { // which JSON cannot carry
			err = fmt.Errorf("%q is not UTF-8", part)
		}
		if err != nil {
			return nil, fmt.Errorf("decoding the query: %w", err)
		}
		values.Add(name, value)
	}
	return values, nil
}

func rawPath(r *http.Request) string {
	if path, _, _ := strings.Cut(r.RequestURI, "?"); strings.HasPrefix(path, "/") {
		return path
	}
	return r.URL.EscapedPath()
}

func joined(values map[string][]string) map[string]string {
	single := make(map[string]string, len(values)+1)
	for name, list := range values {
		single[name] = strings.Join(list, ",")
	}
	return single
}

// textual says whether FC passes a body of this type on as text.
func textual(contentType string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	kind = strings.TrimSpace(kind)
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "xml") ||
		kind == "application/javascript" || kind == "application/x-www-form-urlencoded"
}

// HTTPResponse is what a function answers to an HTTP trigger.
type HTTPResponse struct {
	Status  int
	Headers map[string]string
	Body    []byte // decoded
}

var errShape = errors.New("the answer is not {statusCode, headers, isBase64Encoded, body}")

// ParseHTTPResponse reads a payload. One without the full shape is an error:
// what FC makes of it is not documented.
func ParseHTTPResponse(payload []byte) (HTTPResponse, error) {
	var raw struct {
		StatusCode      *int              `json:"statusCode"`
		Headers         map[string]string `json:"headers"`
		IsBase64Encoded *bool             `json:"isBase64Encoded"`
		Body            *string           `json:"body"`
	}
	if err := json.Unmarshal(payload, &raw); err != nil {
		return HTTPResponse{}, fmt.Errorf("%w: %w", errShape, err)
	}
	if raw.StatusCode == nil || *raw.StatusCode < 200 || *raw.StatusCode > 599 ||
		raw.Headers == nil || raw.IsBase64Encoded == nil || raw.Body == nil {
		return HTTPResponse{}, errShape
	}
	out := HTTPResponse{Status: *raw.StatusCode, Headers: raw.Headers, Body: []byte(*raw.Body)}
	if *raw.IsBase64Encoded {
		var err error
		if out.Body, err = base64.StdEncoding.DecodeString(*raw.Body); err != nil {
			return HTTPResponse{}, fmt.Errorf("decoding the base64 body of the answer: %w", err)
		}
	}
	return out, nil
}
