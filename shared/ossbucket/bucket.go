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
	options Options
	http    *http.Client
}

// New returns a bucket. It does not connect; an error is about the options.
func New(options Options) (*Bucket, error) {
	options, err := options.resolve()
	if err != nil {
		return nil, err
	}
	return &Bucket{options: options, http: &http.Client{
		Transport:     meter{options.Transport, options.MaxObject},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// once makes one request. verb and key are for the error.
func (b *Bucket) once(ctx context.Context, verb, key string, request func(*exchange) error) error {
	x := &exchange{verb: verb, key: key, bucket: b.options.Bucket}
	return x.fault(ctx, b.run(ctx, x, request))
}

func (b *Bucket) run(ctx context.Context, x *exchange, request func(*exchange) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var err error
	if x.credentials, err = b.options.Credentials(ctx); err != nil {
		return &credentialsError{err}
	}
	if !x.credentials.Usable() { // OSS would call it anonymous, and answer about the bucket's ACL
		return &credentialsError{errNoKey}
	}
	if x.oss, err = b.client(x.credentials); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	x.ctx, x.timeout = context.WithValue(ctx, exchangeKey{}, x), b.options.ReadTimeout
	x.stall = time.AfterFunc(x.timeout, func() { cancel(errStalled) })
	defer x.stall.Stop()
	defer func() { x.upload.end() }()
	return request(x)
}

// repeat makes a request that may be repeated, until it went well or its
// fault is not a temporary one.
func (b *Bucket) repeat(ctx context.Context, verb, key string, request func(*exchange) error) error {
	pause := backoff.NewExponentialBackOff()
	// The pause is anything from none to twice the interval.
	pause.InitialInterval, pause.MaxInterval, pause.Multiplier, pause.RandomizationFactor = b.options.FirstDelay/2, b.options.MaxDelay/2, 2, 1
	var last error
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		last = b.once(ctx, verb, key, request)
		if last != nil && !isTemporary(last) {
			return struct{}{}, backoff.Permanent(last)
		}
		return struct{}{}, last
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(uint(max(b.options.Tries, 1))), backoff.WithMaxElapsedTime(0))
	if err != nil && ctx.Err() != nil && isTemporary(last) {
		return &fault{verb: verb, key: key, cause: ctx.Err(), text: ctx.Err().Error() + "; before that: " + last.Error()}
	}
	return last
}

// headers are those that every write has.
func (b *Bucket) headers(x *exchange, key string) []oss.Option {
	contentType := "application/octet-stream"
	switch {
	case strings.HasSuffix(key, ".json"):
		contentType = "application/json"
	case strings.HasSuffix(key, ".ndjson"):
		contentType = "application/x-ndjson"
	}
	return append(b.common(x), oss.ContentType(contentType))
}

// common are the options that every request has.
func (b *Bucket) common(x *exchange) []oss.Option {
	options := []oss.Option{oss.WithContext(x.ctx)}
	if b.options.Region != "" {
		// Version 4 signs a time of this form; the SDK would take that of Date.
		options = append(options, oss.SetHeader(oss.HttpHeaderOssDate, time.Now().UTC().Format("20060102T150405Z")))
	}
	return options
}
