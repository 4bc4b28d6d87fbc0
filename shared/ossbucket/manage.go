package ossbucket

import (
	"context"
	"errors"
	"net/http"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// Make makes the bucket itself, private. It succeeds if the account has the
// bucket already.
func (b *Bucket) Make(ctx context.Context) error {
	return b.bucketRequest(ctx, "making bucket", http.MethodPut,
		map[string]string{oss.HTTPHeaderOssACL: string(oss.ACLPrivate)})
}

// Exists reports whether the bucket exists and may be listed.
func (b *Bucket) Exists(ctx context.Context) (bool, error) {
	err := b.retryRequest(ctx, "looking for bucket", b.options.Bucket, func(x *attempt) error {
		_, err := x.oss.ListObjectsV2(append(b.commonOptions(x), oss.MaxKeys(1))...)
		return err
	})
	if errors.Is(err, ErrNoBucket) {
		return false, nil
	}
	return err == nil, err
}

// Remove removes the bucket itself. OSS refuses if it is not empty. It succeeds
// if the bucket does not exist.
func (b *Bucket) Remove(ctx context.Context) error {
	err := b.bucketRequest(ctx, "removing bucket", http.MethodDelete, map[string]string{})
	if errors.Is(err, ErrNoBucket) {
		return nil
	}
	return err
}

// bucketRequest makes a request about the bucket itself. The SDK's own methods
// take no context.
func (b *Bucket) bucketRequest(ctx context.Context, verb, method string, headers map[string]string) error {
	return b.retryRequest(ctx, verb, b.options.Bucket, func(x *attempt) error {
		headers[oss.HttpHeaderOssDate] = signingTime()
		// An empty object name addresses the bucket.
		resp, err := x.oss.Client.Conn.DoWithContext(x.ctx, method, b.options.Bucket, "", nil, headers, nil, 0, nil)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	})
}
