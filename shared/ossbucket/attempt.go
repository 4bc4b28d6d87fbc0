package ossbucket

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"community-images/shared/cloud"
	"community-images/shared/neterror"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// attempt is one attempt of one request. It holds what the SDK does not report.
type attempt struct {
	// verb and key begin the text of an error: getting "a/b.json". For a request
	// about the bucket itself, key is the bucket.
	verb, key, bucket string
	// credentials sign this attempt. They are removed from every error text.
	credentials cloud.Credentials
	// oss is a client of the SDK that has only these credentials.
	oss *oss.Bucket
	ctx context.Context // ends when no byte has moved for too long
	// stallTimer ends ctx with errStalled. Each byte in either direction sets it anew.
	stallTimer *time.Timer
	// timeout is the time without a byte after which stallTimer ends ctx.
	timeout time.Duration
	// upload is the body of the request; nil for a request without one.
	upload *upload

	response
	handshake neterror.Handshake
}

// response is what arrived in an attempt. It is filled in by boundedTransport.
type response struct {
	status    int         // 0: there was no answer
	header    http.Header // of the answer
	readError error       // while the body was read
	// serviceError is the error document of an answer whose body the SDK does not read.
	serviceError *oss.ServiceError
}

// attemptKey is the context key under which boundedTransport finds the attempt.
type attemptKey struct{}

var (
	// errStalled is the cause of a context that stallTimer has ended. The attempt
	// can be repeated.
	errStalled = errors.New("no byte moved for too long")
	// errTooLarge means that a body exceeds Options.MaxObject. Repeating does not help.
	errTooLarge = errors.New("object is larger than the limit")
)

// maxErrorBody is larger than any error document of OSS, in bytes.
const maxErrorBody = 64 << 10

// boundedTransport stores status and headers of each response in its attempt. It
// bounds the body, because the SDK does not.
type boundedTransport struct {
	// base opens the connections and sends the requests.
	base http.RoundTripper
	max  int64 // bytes of a body
}

// RoundTrip implements http.RoundTripper.
func (m boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	x := req.Context().Value(attemptKey{}).(*attempt)
	if req.URL.Scheme == "https" {
		req = req.WithContext(x.handshake.Watch(req.Context()))
	}
	resp, err := m.base.RoundTrip(req)
	if err != nil {
		return nil, x.handshake.Explain(err)
	}
	if err := cloud.DecodeBody(resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	// The answer's first bytes have arrived: the limit starts anew for the body.
	x.resetStallTimer()
	x.status, x.header = resp.StatusCode, resp.Header
	answer := &responseBody{x: x, inner: resp.Body, remaining: m.max}
	resp.Body = answer
	// An error document is cut at its limit: its beginning has the code already.
	if resp.StatusCode >= 300 {
		answer.remaining, answer.truncate = maxErrorBody, true
	}
	if sdkReadsNoError(resp.StatusCode) {
		// The SDK leaves these open, and with them the connection.
		document, _ := io.ReadAll(answer)
		_ = answer.Close()
		resp.Body = http.NoBody
		if e := (oss.ServiceError{}); xml.Unmarshal(document, &e) == nil && e.Code != "" {
			e.StatusCode = resp.StatusCode
			x.serviceError = &e
		}
	}
	return resp, nil
}

// sdkReadsNoError reports whether the SDK takes a status for an error and does not read
// its document: redirects, which OSS sends for a wrong endpoint, and unusual statuses.
func sdkReadsNoError(status int) bool { return status >= 300 && status < 400 || status > 505 }

// resetStallTimer notes that a byte has moved.
func (x *attempt) resetStallTimer() { x.stallTimer.Reset(x.timeout) }

// responseBody is the body of a response.
type responseBody struct {
	// x gets every byte that arrives reported, and the error of a broken body.
	x     *attempt
	inner io.ReadCloser
	// remaining is the number of bytes that may still be read; below 0: the body was
	// too large.
	remaining int64
	truncate  bool // at the limit, end the body instead of failing
}

// Read implements io.Reader.
func (a *responseBody) Read(p []byte) (int, error) {
	if a.remaining < 0 || a.remaining == 0 && a.truncate {
		if a.truncate {
			return 0, io.EOF
		}
		return 0, errTooLarge
	}
	limit := a.remaining
	if !a.truncate {
		limit++ // to tell a body of just the limit
	}
	// Bytes that arrive count as progress even if the read ends in an error.
	n, err := a.inner.Read(p[:min(int64(len(p)), limit)])
	a.x.resetStallTimer()
	if a.remaining -= int64(n); a.remaining < 0 {
		return 0, errTooLarge
	}
	if err != nil && err != io.EOF {
		a.x.readError = err
	}
	return n, err
}

// Close implements io.Closer.
func (a *responseBody) Close() error { return a.inner.Close() }

// upload is the body of a request. The transport may still read it after the call
// has returned; release then keeps it from the caller's bytes.
type upload struct {
	// mu keeps release from returning while the transport is copying from data.
	mu sync.Mutex
	x  *attempt
	// data has the caller's own bytes, not a copy; nil after release.
	data *bytes.Reader
}

// newUpload returns a request body with data.
func (x *attempt) newUpload(data []byte) io.Reader {
	x.upload = &upload{x: x, data: bytes.NewReader(data)}
	return x.upload
}

// Read implements io.Reader. After release it returns an error, so that a late
// transport sends nothing that the caller may have changed by then.
func (u *upload) Read(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.data == nil {
		return 0, errors.New("the request has ended")
	}
	u.x.resetStallTimer()
	return u.data.Read(p)
}

// Len makes the SDK send a Content-Length.
func (u *upload) Len() int { return u.data.Len() }

// release ends all reading of the data. u may be nil.
func (u *upload) release() {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.data = nil
}
