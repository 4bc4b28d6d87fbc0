package ossbucket

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
	"github.com/cenkalti/backoff/v5"
)

// Bucket is one bucket of OSS. It is safe for concurrent use.
type Bucket struct {
	// options are complete: resolve has filled in every default.
	options Options
	// http is shared by all attempts, and with it the connections.
	http *http.Client
}

// New returns a bucket. It does not connect. It returns an error if the options
// are wrong.
func New(options Options) (*Bucket, error) {
	options, err := options.resolve()
	if err != nil {
		return nil, err
	}
	return &Bucket{options: options, http: &http.Client{
		Transport:     boundedTransport{options.Transport, options.MaxObject},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// tryRequest makes a request once. operation and key are for the error.
func (b *Bucket) tryRequest(ctx context.Context, verb, key string, request func(*attempt) error) error {
	x := &attempt{verb: verb, key: key, bucket: b.options.Bucket}
	return x.toError(ctx, b.sendRequest(ctx, x, request))
}

// sendRequest prepares the attempt and calls request. The attempt ends when no
// byte has moved for Options.ReadTimeout.
func (b *Bucket) sendRequest(ctx context.Context, x *attempt, request func(*attempt) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var err error
	// Credentials are taken for each attempt: a retry may need newer ones.
	if x.credentials, err = b.options.Credentials(ctx); err != nil {
		return &credentialsError{err}
	}
	if !x.credentials.Usable() { // OSS would call it anonymous, and answer about the bucket's ACL
		return &credentialsError{errNoKey}
	}
	if x.oss, err = b.newSDKBucket(x.credentials); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// The stall timer ends the attempt, not the caller's context: the caller's own
	// deadline must stay distinguishable in toError.
	x.ctx, x.timeout = context.WithValue(ctx, attemptKey{}, x), b.options.ReadTimeout
	x.stallTimer = time.AfterFunc(x.timeout, func() { cancel(errStalled) })
	defer x.stallTimer.Stop()
	// The upload is made by request, so it is looked up when the request has ended.
	defer func() { x.upload.release() }()
	return request(x)
}

// retryRequest makes a request until it succeeds or its error is not temporary,
// at most Options.Retry.Tries times. The request must be safe to repeat.
func (b *Bucket) retryRequest(ctx context.Context, verb, key string, request func(*attempt) error) error {
	pause := backoff.NewExponentialBackOff()
	// The pause is anything from none to twice the interval.
	pause.InitialInterval, pause.MaxInterval = b.options.Retry.FirstDelay/2, b.options.Retry.MaxDelay/2
	pause.Multiplier, pause.RandomizationFactor = 2, 1
	// backoff hides the last error behind the context's when the pause is cut short.
	var last error
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		last = b.tryRequest(ctx, verb, key, request)
		if last != nil && !isTemporary(last) {
			// The error cannot go away by itself, for example a missing object.
			return struct{}{}, backoff.Permanent(last)
		}
		return struct{}{}, last
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(uint(max(b.options.Retry.Tries, 1))),
		backoff.WithMaxElapsedTime(0))
	// The caller's time is over: that is the cause, and the last answer says why it
	// was needed.
	if err != nil && ctx.Err() != nil && isTemporary(last) {
		return &requestError{operation: verb, key: key, cause: ctx.Err(), text: ctx.Err().Error() + "; before that: " +
			last.Error()}
	}
	return last
}

// writeOptions returns the options of a write: those of every request and the
// content type.
func (b *Bucket) writeOptions(x *attempt, key string) []oss.Option {
	contentType := "application/octet-stream"
	switch {
	case strings.HasSuffix(key, ".json"):
		contentType = "application/json"
	case strings.HasSuffix(key, ".ndjson"):
		contentType = "application/x-ndjson"
	}
	return append(b.commonOptions(x), oss.ContentType(contentType))
}

// commonOptions returns the options of every request.
func (b *Bucket) commonOptions(x *attempt) []oss.Option {
	return []oss.Option{oss.WithContext(x.ctx), oss.SetHeader(oss.HttpHeaderOssDate, signingTime())}
}

// signingTime returns the time of a request in the form that version 4 signs. Without
// it the SDK would sign the header Date, which is in another form.
func signingTime() string { return time.Now().UTC().Format("20060102T150405Z") }
