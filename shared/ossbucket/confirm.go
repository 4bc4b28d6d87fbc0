package ossbucket

import (
	"context"
	"errors"
	"io/fs"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// confirmNotFound turns a refused read into fs.ErrNotExist if the object does not
// exist. A store may answer 403 instead of 404 to callers who may not list the
// bucket. OSS does not document whether a caller who may list only below a prefix
// gets 403. Listing the one key tells: if that is allowed and does not show the
// key, the object does not exist. Any other error is returned unchanged.
func (b *Bucket) confirmNotFound(ctx context.Context, key string, refused error) error {
	var f *requestError
	if !errors.As(refused, &f) || !f.denied {
		return refused
	}
	// The prefix is the whole key; longer keys that begin with it are listed too.
	there := false
	err := b.listObjects(ctx, key, func(o oss.ObjectProperties) { there = there || o.Key == key })
	// Without the list, or with the object in it, the refusal is a matter of rights.
	if err != nil || there {
		return refused
	}
	return &requestError{operation: f.operation, key: key, cause: fs.ErrNotExist, text: f.text +
		"; but the object is not there"}
}
