package fcrun

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"
)

// RequestIDHeader carries the invocation's request id to the http.Handler. It
// is set on every request, over whatever the caller sent under that name.
const RequestIDHeader = "X-Fc-Request-Id"

// request returns the request that the event describes. Its query decodes to exactly
// the strings of queryParameters, with the keys in byte order. FC is assumed to
// deliver them percent-decoded, so a '%' stands for itself, unless a time among them
// shows that they are still encoded.
func (e *httpEvent) request(ctx context.Context, requestID string) (*http.Request, error) {
	u, err := e.url()
	if err != nil {
		return nil, err
	}
	body := e.body
	if e.base64 && body != "" {
		// FC sets the flag even for an empty body, hence the test above.
		raw, err := base64.StdEncoding.DecodeString(body)
		if err != nil {
			return nil, fmt.Errorf("decoding the base64 body: %w", err)
		}
		body = string(raw)
	}
	r := &http.Request{
		Method: e.method, URL: u, RequestURI: u.RequestURI(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Host: e.host, Body: http.NoBody, ContentLength: int64(len(body)),
	}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	// An unknown protocol stays HTTP/1.1.
	if major, minor, ok := http.ParseHTTPVersion(e.protocol); ok {
		r.Proto, r.ProtoMajor, r.ProtoMinor = e.protocol, major, minor
	}
	if body != "" {
		r.Body = io.NopCloser(strings.NewReader(body))
	}
	if e.sourceIP != "" {
		r.RemoteAddr = net.JoinHostPort(e.sourceIP, "0") // FC does not report the port
	}
	e.fillHeader(r, requestID)
	return r.WithContext(ctx), nil
}

// url returns the URL of the request.
func (e *httpEvent) url() (*url.URL, error) {
	// A hand-written test event may have only the decoded path.
	raw := e.rawPath
	if raw == "" {
		raw = (&url.URL{Path: e.path}).EscapedPath()
	}
	if !strings.HasPrefix(raw, "/") {
		raw = "/" + raw
	}
	path, err := url.PathUnescape(raw)
	if err != nil {
		return nil, fmt.Errorf("decoding the path: %w", err)
	}
	u := &url.URL{Path: path, RawQuery: e.rawQuery()}
	// Keep the encoding of the caller: a %2F in a segment is no separator.
	if u.EscapedPath() != raw {
		u.RawPath = raw // ignored unless it is a valid encoding of Path
	}
	return u, nil
}

// rawQuery returns the encoded query.
func (e *httpEvent) rawQuery() string {
	if len(e.query) == 0 {
		return ""
	}
	if slices.ContainsFunc(e.query, func(p pair) bool { return isEncodedTime(p.value) }) {
		decodeValues(e.query)
	}
	sortPairs(e.query)
	var b strings.Builder
	b.Grow(256)
	for i, p := range e.query {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.key))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(p.value))
	}
	return b.String()
}

// isEncodedTime reports whether a value is an RFC 3339 time only after it is
// percent-decoded. Deployed projects show that FC decodes values, but no page says so.
// Nothing else shows it: "%41" may be meant as it is. Every signed call has a time in its query.
func isEncodedTime(value string) bool {
	const colon = len("2006-01-02T15")
	if len(value) <= colon || value[colon] != '%' {
		return false
	}
	plain, err := url.QueryUnescape(value)
	if err == nil {
		_, err = time.Parse(time.RFC3339, plain)
	}
	return err == nil
}

// decodeValues percent-decodes the values that are validly encoded. No parameter has
// a name that needs it.
func decodeValues(pairs []pair) {
	for i, p := range pairs {
		if plain, err := url.QueryUnescape(p.value); err == nil {
			pairs[i].value = plain
		}
	}
}

// sortPairs sorts by key, in byte order. The query is part of signatures and cache
// keys, and FC's order is not documented.
func sortPairs(pairs []pair) {
	slices.SortFunc(pairs, func(a, b pair) int { return strings.Compare(a.key, b.key) })
}

// fillHeader sets Header, and Host from it, in one allocation of values.
func (e *httpEvent) fillHeader(r *http.Request, requestID string) {
	r.Header = make(http.Header, len(e.headers)+1)
	values := make([]string, len(e.headers)+1)
	for i, p := range e.headers {
		key := textproto.CanonicalMIMEHeaderKey(p.key)
		if key == "Host" {
			r.Host = p.value
			continue
		}
		// The event had the name in two cases, for example "X-A" and "x-a".
		if before := r.Header[key]; before != nil {
			r.Header[key] = append(before, p.value)
			continue
		}
		values[i] = p.value
		r.Header[key] = values[i : i+1 : i+1]
	}
	// Last, so that it wins over a header of the caller with that name.
	values[len(e.headers)] = requestID
	r.Header[RequestIDHeader] = values[len(e.headers):]
}
