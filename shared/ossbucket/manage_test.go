package ossbucket

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"community-images/shared/cloud"
	"community-images/shared/ossbucket/osstest"
)

func TestMakeAndRemove(t *testing.T) {
	t.Parallel()
	e := osstest.Start(t, "")
	b, err := New(Options{Endpoint: e.URL, Region: e.Region, Bucket: "another-bucket",
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return cloud.Credentials{AccessKeyID: e.Key.ID, AccessKeySecret: e.Key.Secret, SecurityToken: e.Key.Token},
				nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if _, err := b.List(ctx, ""); !errors.Is(err, ErrNoBucket) {
		t.Errorf("listing a bucket that is not there: %v", err)
	}
	if err := b.Remove(ctx); err != nil {
		t.Errorf("removing a bucket that is not there: %v", err)
	}
	if exists, err := b.Exists(ctx); exists || err != nil {
		t.Errorf("before it is made it exists: %t, %v", exists, err)
	}
	if err := b.Make(ctx); err != nil {
		t.Fatal(err)
	}
	if exists, err := b.Exists(ctx); !exists || err != nil {
		t.Errorf("once made it exists: %t, %v", exists, err)
	}
	e.SetFault(func(osstest.Request) *osstest.Fault { return &osstest.Fault{Status: 403, Code: "AccessDenied"} })
	if exists, err := b.Exists(ctx); exists || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("somebody else's exists: %t, %v", exists, err)
	}
	e.SetFault(nil)
	if err := b.Put(ctx, "key", []byte("data")); err != nil {
		t.Fatal(err)
	}
	if err := b.Remove(ctx); err == nil || !strings.Contains(err.Error(), "BucketNotEmpty") {
		t.Errorf("removing a bucket with an object: %v", err)
	}
	if err := b.Delete(ctx, "key"); err != nil {
		t.Fatal(err)
	}
	if err := b.Remove(ctx); err != nil {
		t.Errorf("removing an empty bucket: %v", err)
	}
	if _, err := b.List(ctx, ""); !errors.Is(err, ErrNoBucket) {
		t.Errorf("listing a removed bucket: %v", err)
	}
}
