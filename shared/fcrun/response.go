package fcrun

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"

	"community-images/shared/apierror"
)

// response is the result that FC's HTTP trigger turns into an HTTP response. The SDK
// encodes a struct with the body as a string fastest; it would scan ready-made JSON a
// second time.
type response struct {
	// StatusCode is the HTTP status, 200 to 999.
	StatusCode int `json:"statusCode"`
	// Headers has one value for each name. FC drops the names that it reserves.
	Headers map[string]string `json:"headers"`
	// IsBase64Encoded tells FC to decode Body. FC's own limit counts the encoded bytes.
	IsBase64Encoded bool `json:"isBase64Encoded"`
	// Body must be valid UTF-8, because it becomes a JSON string.
	Body string `json:"body"`
}

// response returns what was recorded. It has no body if the method or the status
// forbids one. It returns an error if the body is larger than FC can send.
func (r *recorder) response(method string) (*response, *apierror.Error) {
	// As in net/http, a handler that writes nothing answers 200.
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	out := &response{StatusCode: r.status, Headers: r.sent}
	if method == http.MethodHead || r.status == http.StatusNoContent || r.status == http.StatusNotModified {
		return out, nil
	}
	body := r.body()
	if body != "" && out.Headers["Content-Type"] == "" {
		out.Headers["Content-Type"] = http.DetectContentType([]byte(body[:min(len(body), 512)]))
	}
	// A text full of quotes is shorter as base64 than as a JSON string.
	if out.Headers["Content-Encoding"] != "" || !utf8.ValidString(body) || !canQuote(body) {
		if !canEncode(body) {
			return nil, responseTooLarge(body)
		}
		out.IsBase64Encoded = true
		// The bytes are only read, so the string need not be copied for them.
		body = base64.StdEncoding.EncodeToString(unsafe.Slice(unsafe.StringData(body), len(body)))
	}
	out.Body = body
	return out, nil
}

// maxHeaderBytes bounds names and values together. FC answers 502 BadResponse above
// 8 KB; the rest is room for headers that FC adds.
const maxHeaderBytes = 8<<10 - 512

// responseHeaders returns headers with one value each, without those that FC
// reserves. If they do not fit, it drops the longest and returns their names.
func responseHeaders(header http.Header) (out map[string]string, dropped []string) {
	out = make(map[string]string, len(header)+1)
	// size is that of all header lines together.
	size := 0
	for name, values := range header {
		if len(values) == 0 || isReserved(name) {
			continue
		}
		value := values[0]
		if len(values) > 1 {
			value = strings.Join(values, ", ")
		}
		out[name] = value
		size += lineSize(name, value)
	}
	// Drop the longest header first: that keeps the most names. Equal lengths go by
	// name, so that the same answer always loses the same headers.
	for size > maxHeaderBytes {
		var longest string
		for name, value := range out {
			d := lineSize(name, value) - lineSize(longest, out[longest])
			if longest == "" || d > 0 || d == 0 && name < longest {
				longest = name
			}
		}
		size -= lineSize(longest, out[longest])
		delete(out, longest)
		dropped = append(dropped, longest)
	}
	return out, dropped
}

// lineSize returns the size of a header line, with its colon, space and line end.
func lineSize(name, value string) int { return len(name) + len(value) + 4 }

// isReserved reports whether FC sets or refuses a header, or whether the header is
// about a connection. Names are in canonical case.
func isReserved(name string) bool {
	return strings.HasPrefix(name, "X-Fc-") || slices.Contains(reservedNames[:], name)
}

// reservedNames are the headers that FC sets itself or that concern a connection.
var reservedNames = [...]string{
	"Connection", "Content-Length", "Date", "Keep-Alive", "Server", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}
