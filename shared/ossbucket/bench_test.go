package ossbucket_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"community-images/shared/ossbucket/osstest"
)

// listSize is the size of one cluster's images.
const listSize = 109_000

// BenchmarkGet reads the object of one cluster; sdk is the same by the SDK
// alone, which checks nothing.
func BenchmarkGet(b *testing.B) {
	e := osstest.Start(b, "")
	ctx := context.Background()
	bucket := open(b, e, nil)
	if err := bucket.Put(ctx, "key", bytes.Repeat([]byte("x"), listSize)); err != nil {
		b.Fatal(err)
	}
	run(b, "ossbucket", func() error { _, _, err := bucket.Get(ctx, "key", ""); return err })
	plain := sdk(b, e)
	run(b, "sdk", func() error {
		body, err := plain.GetObject("key", oss.WithContext(ctx))
		if err != nil {
			return err
		}
		defer body.Close()
		_, err = io.ReadAll(body)
		return err
	})
}

// BenchmarkUnchanged asks whether an object has changed.
func BenchmarkUnchanged(b *testing.B) {
	e := osstest.Start(b, "")
	ctx := context.Background()
	bucket := open(b, e, nil)
	if err := bucket.Put(ctx, "key", bytes.Repeat([]byte("x"), listSize)); err != nil {
		b.Fatal(err)
	}
	_, etag, err := bucket.Get(ctx, "key", "")
	if err != nil {
		b.Fatal(err)
	}
	run(b, "ossbucket", func() error { _, _, err := bucket.Get(ctx, "key", etag); return err })
	plain := sdk(b, e)
	run(b, "sdk", func() error {
		_, _ = plain.GetObject("key", oss.WithContext(ctx), oss.IfNoneMatch(etag)) // 304 is an error to it
		return nil
	})
}

// BenchmarkAppend appends lines of 1 kB; the object is begun anew before the
// endpoint's own cost of a long one shows.
func BenchmarkAppend(b *testing.B) {
	e := osstest.Start(b, "")
	ctx := context.Background()
	line := bytes.Repeat([]byte("x"), 1000)
	extend := func(append func(key string, at int64) (int64, error)) func() error {
		at, file := int64(0), 0
		return func() (err error) {
			if at >= 16_000 {
				at, file = 0, file+1
			}
			at, err = append(fmt.Sprintf("%d.ndjson", file), at)
			return err
		}
	}
	bucket := open(b, e, nil)
	run(b, "ossbucket", extend(func(key string, at int64) (int64, error) { return bucket.Append(ctx, key, at, line) }))
	plain := sdk(b, e)
	run(b, "sdk", extend(func(key string, at int64) (int64, error) {
		return plain.AppendObject("sdk/"+key, bytes.NewReader(line), at, oss.WithContext(ctx))
	}))
}

func run(b *testing.B, name string, call func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := call(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func sdk(b *testing.B, e *osstest.Endpoint) *oss.Bucket {
	b.Helper()
	client, err := oss.New(e.URL, e.Key.ID, e.Key.Secret, oss.SecurityToken(e.Key.Token),
		oss.AuthVersion(oss.AuthV4), oss.Region(e.Region),
		oss.HTTPClient(&http.Client{Transport: &http.Transport{DisableCompression: true}}))
	if err != nil {
		b.Fatal(err)
	}
	bucket, err := client.Bucket(e.Bucket)
	if err != nil {
		b.Fatal(err)
	}
	return bucket
}
