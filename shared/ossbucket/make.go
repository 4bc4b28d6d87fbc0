package ossbucket

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// Make makes the bucket itself, private. A bucket that is there already and
// belongs to the same account is success.
func (b *Bucket) Make(ctx context.Context) error {
	return b.whole(ctx, "making bucket", http.MethodPut, map[string]string{oss.HTTPHeaderOssACL: string(oss.ACLPrivate)})
}

// Exists says whether there is such a bucket that may be listed.
func (b *Bucket) Exists(ctx context.Context) (bool, error) {
	err := b.repeat(ctx, "looking for bucket", b.options.Bucket, func(x *exchange) error {
		_, err := x.oss.ListObjectsV2(append(b.common(x), oss.MaxKeys(1))...)
		return err
	})
	if errors.Is(err, ErrNoBucket) {
		return false, nil
	}
	return err == nil, err
}

// Remove removes the bucket itself. OSS refuses if there is anything in it. A
// bucket that is not there is success.
func (b *Bucket) Remove(ctx context.Context) error {
	err := b.whole(ctx, "removing bucket", http.MethodDelete, map[string]string{})
	if errors.Is(err, ErrNoBucket) {
		return nil
	}
	return err
}

// whole makes a request about the bucket itself. The SDK's own calls for that
// do not take a context.
func (b *Bucket) whole(ctx context.Context, verb, method string, headers map[string]string) error {
	return b.repeat(ctx, verb, b.options.Bucket, func(x *exchange) error {
		if b.options.Region != "" { // see common
			headers[oss.HttpHeaderOssDate] = time.Now().UTC().Format("20060102T150405Z")
		}
		resp, err := x.oss.Client.Conn.DoWithContext(x.ctx, method, b.options.Bucket, "", nil, headers, nil, 0, nil)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	})
}
