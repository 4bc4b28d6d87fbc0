package receiver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"code.dny.dev/ssrf"
	"golang.org/x/time/rate"

	"community-images/shared/notify/message"
	"community-images/shared/notify/subscription"
)

const (
	// tryTime bounds one request, from the look-up of the host to the end of the answer.
	tryTime = 5 * time.Second
	// dialTime bounds a connection.
	dialTime = 3 * time.Second
	// maxAnswer is how much of an answer is read, in bytes.
	maxAnswer = 64 << 10
)

// Client posts messages. It is safe for concurrent use.
type Client struct {
	http *http.Client
	now  func() time.Time

	mu       sync.Mutex // guards limiters
	limiters map[string]*rate.Limiter
}

// Options say how receivers are reached.
type Options struct {
	// AllowPrivate allows addresses that are not public.
	AllowPrivate bool
	// Now is the clock. Signatures have its time.
	Now func() time.Time
	// Resolver looks up hosts; nil: that of the system.
	Resolver *net.Resolver
}

// New returns a client. It uses no proxy, follows no redirect, and refuses addresses that are
// not public when it dials them, so that a name cannot lead to the inside of the network.
func New(o Options) *Client {
	dialer := &net.Dialer{Timeout: dialTime, Resolver: o.Resolver}
	if !o.AllowPrivate {
		dialer.Control = ssrf.New(ssrf.WithAnyPort()).Safe
	}
	return &Client{
		now: o.Now, limiters: map[string]*rate.Limiter{},
		http: &http.Client{
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				Proxy: nil, DialContext: dialer.DialContext, TLSHandshakeTimeout: dialTime,
				MaxResponseHeaderBytes: maxAnswer,
				// Between two messages the instance is frozen.
				DisableKeepAlives: true,
			},
		},
	}
}

// ErrNoTime means that the context leaves no time for the message under the rate limit of the
// receiver. The receiver was not asked.
var ErrNoTime = errors.New("no time is left under the rate limit of the receiver")

// Send posts a message once. It waits as the receiver's rate limit demands. The error is
// ErrNoTime or an *Error.
func (c *Client) Send(ctx context.Context, s *subscription.Subscription, m *message.Message) error {
	if err := c.limiter(s).Wait(ctx); err != nil {
		return ErrNoTime
	}
	p := protocols[s.Kind]
	req, err := p.newRequest(s, m, c.now())
	if err != nil {
		return &Error{Reason: "the message could not be made"}
	}
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	answer, body, err := c.post(ctx, req)
	if err != nil {
		return newConnectionError(err)
	}
	if err := checkStatus(answer); err != nil {
		return err
	}
	return p.checkBody(body)
}

// request is a request to a receiver.
type request struct {
	url    string
	header http.Header // without Content-Type, which is JSON unless it is given
	body   []byte
}

// post posts a request and reads the answer.
func (c *Client) post(ctx context.Context, r *request) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(r.body))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "community-images")
	for name, values := range r.header {
		req.Header[name] = values
	}
	answer, err := c.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return answer, body, err
}

// limiter returns the rate limiter of a receiver. Subscriptions with one URL share it.
func (c *Client) limiter(s *subscription.Subscription) *rate.Limiter {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.limiters[s.URL]
	if l == nil {
		l = rate.NewLimiter(protocols[s.Kind].rate, protocols[s.Kind].burst)
		c.limiters[s.URL] = l
	}
	return l
}
