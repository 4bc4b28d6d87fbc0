package ossbucket

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"community-images/shared/cloud"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// exchange is one try of one request: what the SDK does not tell of it.
type exchange struct {
	verb, key, bucket string
	credentials       cloud.Credentials
	oss               *oss.Bucket
	ctx               context.Context // of the try; ends when no byte has moved for too long
	stall             *time.Timer
	timeout           time.Duration
	upload            *upload

	status int         // 0: there was no answer
	header http.Header // of the answer
	broken error       // while its body was read
}

type exchangeKey struct{}

var (
	errStalled  = errors.New("no byte moved for too long")
	errTooLarge = errors.New("object is larger than the limit")
)

// maxErrorBody is more than any of OSS' error documents.
const maxErrorBody = 64 << 10

// meter notes status and headers of each answer in its exchange, and bounds
// its body, which the SDK reads without a bound.
type meter struct {
	base http.RoundTripper
	max  int64
}

func (m meter) RoundTrip(req *http.Request) (*http.Response, error) {
	x := req.Context().Value(exchangeKey{}).(*exchange)
	resp, err := m.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	x.moved()
	x.status, x.header = resp.StatusCode, resp.Header
	answer := &answer{x: x, inner: resp.Body, left: m.max}
	resp.Body = answer
	if resp.StatusCode >= 300 {
		answer.left, answer.cut = maxErrorBody, true
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		// The SDK leaves these open, and with them the connection.
		_, _ = io.Copy(io.Discard, answer)
		_ = answer.Close()
		resp.Body = http.NoBody
	}
	return resp, nil
}

// moved says that the try is alive.
func (x *exchange) moved() { x.stall.Reset(x.timeout) }

// answer is the body of an answer.
type answer struct {
	x     *exchange
	inner io.ReadCloser
	left  int64
	cut   bool // at the limit it ends; otherwise it fails
}

func (a *answer) Read(p []byte) (int, error) {
	if a.left < 0 || a.left == 0 && a.cut {
		if a.cut {
			return 0, io.EOF
		}
		return 0, errTooLarge
	}
	limit := a.left
	if !a.cut {
		limit++ // to tell a body of just the limit
	}
	n, err := a.inner.Read(p[:min(int64(len(p)), limit)])
	a.x.moved()
	if a.left -= int64(n); a.left < 0 {
		return 0, errTooLarge
	}
	if err != nil && err != io.EOF {
		a.x.broken = err
	}
	return n, err
}

func (a *answer) Close() error { return a.inner.Close() }

// upload is the body of a request. The transport may still read it when the
// call has returned; the caller's bytes must not be touched then.
type upload struct {
	mu   sync.Mutex
	x    *exchange
	data *bytes.Reader
}

// body starts an upload.
func (x *exchange) body(data []byte) io.Reader {
	x.upload = &upload{x: x, data: bytes.NewReader(data)}
	return x.upload
}

func (u *upload) Read(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.data == nil {
		return 0, errors.New("the request has ended")
	}
	u.x.moved()
	return u.data.Read(p)
}

// Len makes the SDK send a Content-Length.
func (u *upload) Len() int { return u.data.Len() }

func (u *upload) end() {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.data = nil
}
