package fcrun

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// response is the answer that FC's HTTP trigger turns back into HTTP. A struct
// with the body as a string is what the SDK encodes fastest: it would scan
// ready-made JSON a second time.
type response struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	Body            string            `json:"body"`
}

// response is what was recorded. The answer to HEAD, and one whose status
// forbids it, has no body.
func (r *recorder) response(method string) *response {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	out := &response{StatusCode: r.status, Headers: r.sent}
	if method == http.MethodHead || r.status == http.StatusNoContent || r.status == http.StatusNotModified {
		return out
	}
	body := r.body()
	if body != "" && out.Headers["Content-Type"] == "" {
		out.Headers["Content-Type"] = http.DetectContentType([]byte(body[:min(len(body), 512)]))
	}
	if out.Headers["Content-Encoding"] != "" || !utf8.ValidString(body) {
		out.IsBase64Encoded = true
		// The bytes are only read, so the string need not be copied for them.
		body = base64.StdEncoding.EncodeToString(unsafe.Slice(unsafe.StringData(body), len(body)))
	}
	out.Body = body
	return out
}

// maxHeaderBytes is what FC takes of names and values together; it answers 502
// BadResponse to more. Some room is left for what it adds and how it counts.
const maxHeaderBytes = 8<<10 - 512

// responseHeaders makes FC's single-valued headers, without those that FC
// reserves for itself. If they do not fit, the longest are dropped.
func responseHeaders(header http.Header) (out map[string]string, dropped []string) {
	out = make(map[string]string, len(header)+1)
	size := 0
	for name, values := range header {
		if len(values) == 0 || reserved(name) {
			continue
		}
		value := values[0]
		if len(values) > 1 {
			value = strings.Join(values, ", ")
		}
		out[name] = value
		size += cost(name, value)
	}
	for size > maxHeaderBytes {
		var longest string
		for name, value := range out {
			if d := cost(name, value) - cost(longest, out[longest]); longest == "" || d > 0 || d == 0 && name < longest {
				longest = name
			}
		}
		size -= cost(longest, out[longest])
		delete(out, longest)
		dropped = append(dropped, longest)
	}
	return out, dropped
}

// cost is the size of a header line, with its colon, space and line end.
func cost(name, value string) int { return len(name) + len(value) + 4 }

// reserved says whether FC sets the header itself or refuses it, or whether it
// speaks of a connection that is not ours. Names are in canonical case.
func reserved(name string) bool {
	return strings.HasPrefix(name, "X-Fc-") || slices.Contains(reservedNames[:], name)
}

var reservedNames = [...]string{"Connection", "Content-Length", "Date", "Keep-Alive", "Server", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}
