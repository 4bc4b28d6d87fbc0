package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"community-images/scripts/prove/probeapi"
)

// response is what Function Compute makes an HTTP response of.
type response struct {
	StatusCode      int               `json:"statusCode"`      // HTTP status
	Headers         map[string]string `json:"headers"`         // one value each
	IsBase64Encoded bool              `json:"isBase64Encoded"` // Body is decoded on the way
	Body            string            `json:"body"`            // valid UTF-8
}

// maxSize is the largest body that the probe makes.
const maxSize = 64 << 20

// respond returns the response for a path.
func (p *probe) respond(ctx context.Context, path string, seen probeapi.Seen) (*response, error) {
	// A path has a name and perhaps a value: /size/100. Longer paths are for claims
	// about paths themselves, and get a Seen.
	name, value := path, ""
	if i := strings.IndexByte(path[1:], '/'); i >= 0 {
		name, value = path[:i+2], path[i+2:]
	}
	switch name {
	case probeapi.PathStore:
		return respondJSON(p.store.tryAll(ctx))
	case probeapi.PathHeaders:
		r := newResponse("headers")
		maps.Copy(r.Headers, probeapi.ReplyHeaders())
		return r, nil
	case probeapi.PathBase64:
		return newBinaryResponse(probeapi.Bytes()), nil
	case probeapi.PathGzip:
		r := newBinaryResponse(compress(probeapi.Text))
		r.Headers["Content-Type"], r.Headers["Content-Encoding"] = "text/plain; charset=utf-8", "gzip"
		return r, nil
	case probeapi.PathSize:
		size, _ := strconv.Atoi(value)
		return newResponse(strings.Repeat("x", min(max(size, 0), maxSize))), nil
	case probeapi.PathStatus:
		r := newResponse("")
		r.StatusCode, _ = strconv.Atoi(value)
		r.Headers["ETag"] = probeapi.ReplyHeaders()["ETag"]
		return r, nil
	case probeapi.PathSleep:
		// Not bound to ctx: the claim about the time-out wants to be stopped from
		// outside.
		pause, _ := time.ParseDuration(value)
		time.Sleep(pause)
	}
	return respondJSON(seen)
}

// newResponse returns a text response.
func newResponse(body string) *response {
	return &response{
		StatusCode: http.StatusOK, Headers: map[string]string{"Content-Type": "text/plain; charset=utf-8"}, Body: body,
	}
}

// newBinaryResponse returns a response with bytes.
func newBinaryResponse(body []byte) *response {
	r := newResponse(base64.StdEncoding.EncodeToString(body))
	r.IsBase64Encoded, r.Headers["Content-Type"] = true, "application/octet-stream"
	return r
}

// respondJSON returns a response with a JSON document.
func respondJSON(v any) (*response, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	r := newResponse(string(data))
	r.Headers["Content-Type"] = "application/json"
	return r, nil
}

// compress returns the text in the gzip format.
func compress(text string) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write([]byte(text)) // a buffer takes everything
	_ = z.Close()
	return out.Bytes()
}
