package ossbucket

import (
	"context"
	"errors"
	"io/fs"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// absent settles a read that was refused. A store may answer 403 instead of
// 404 for an object that is not there, to callers who may not list its bucket;
// whether those who may list below a prefix alone count as such, OSS does not
// document. A list of the one key tells: where it is granted and does not have
// the key, there is no object.
func (b *Bucket) absent(ctx context.Context, key string, refused error) error {
	var f *fault
	if !errors.As(refused, &f) || !f.denied {
		return refused
	}
	there := false
	err := b.objects(ctx, key, func(o oss.ObjectProperties) { there = there || o.Key == key })
	if err != nil || there {
		return refused
	}
	return &fault{verb: f.verb, key: key, cause: fs.ErrNotExist, text: f.text + "; but the object is not there"}
}
