package ossbucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// listObjects calls each with the properties of every object whose key begins
// with prefix, in the order of OSS. It reads all pages.
func (b *Bucket) listObjects(ctx context.Context, prefix string, each func(oss.ObjectProperties)) error {
	// token continues the list after the previous page; empty for the first page.
	for token := ""; ; {
		var page oss.ListObjectsResultV2
		err := b.retryRequest(ctx, "listing", prefix, func(x *attempt) (err error) {
			options := append(b.commonOptions(x), oss.Prefix(prefix), oss.MaxKeys(1000))
			if token != "" {
				options = append(options, oss.ContinuationToken(token))
			}
			page, err = x.oss.ListObjectsV2(options...)
			// Without this check a store that repeats a page would be read for ever.
			if err == nil && page.IsTruncated && (page.NextContinuationToken == "" ||
				page.NextContinuationToken == token) {
				err = errors.New("OSS says that the list goes on and not where")
			}
			// A proxy or an emulator that ignores the prefix would make a caller delete or
			// count objects of others.
			foreign := slices.IndexFunc(page.Objects, func(o oss.ObjectProperties) bool {
				return !strings.HasPrefix(o.Key, prefix)
			})
			if err == nil && foreign >= 0 {
				err = fmt.Errorf("OSS answers with key %q", shorten(page.Objects[foreign].Key))
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, o := range page.Objects {
			each(o)
		}
		if !page.IsTruncated {
			return nil
		}
		token = page.NextContinuationToken
	}
}

// List implements archive.Reader.
func (b *Bucket) List(ctx context.Context, prefix string) ([]string, error) {
	keys := []string{}
	if err := b.listObjects(ctx, prefix, func(o oss.ObjectProperties) { keys = append(keys, o.Key) }); err != nil {
		return nil, err
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

// IsAppendable implements archive.Reader. A list has the types of objects, and a
// refusal of a list says why, which one of a HEAD request does not.
func (b *Bucket) IsAppendable(ctx context.Context, key string) (bool, error) {
	exists, appendable := false, false
	err := b.listObjects(ctx, key, func(o oss.ObjectProperties) {
		if o.Key == key {
			exists, appendable = true, o.Type == "Appendable"
		}
	})
	if err == nil && !exists {
		err = &requestError{operation: "finding the type of", key: key, cause: fs.ErrNotExist,
			text: "the object is not there"}
	}
	return appendable, err
}

// Entries implements archive.Sweeper.
func (b *Bucket) Entries(ctx context.Context, prefix string,
	each func(key string, size int64, modified time.Time)) error {
	return b.listObjects(ctx, prefix, func(o oss.ObjectProperties) { each(o.Key, o.Size, o.LastModified) })
}
