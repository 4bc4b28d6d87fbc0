package ossbucket_test

import (
	"context"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/cloud"
	"community-images/shared/ossbucket"
	"community-images/shared/ossbucket/osstest"
)

var _ archive.Sweeper = (*ossbucket.Bucket)(nil)

// open returns a bucket of an endpoint; change may alter its options.
func open(t testing.TB, e *osstest.Endpoint, change func(*ossbucket.Options)) *ossbucket.Bucket {
	t.Helper()
	options := ossbucket.Options{
		Endpoint: e.URL, Region: e.Region, Bucket: e.Bucket, Retry: ossbucket.Retry{FirstDelay: time.Microsecond,
			MaxDelay: time.Millisecond},
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return cloud.Credentials{AccessKeyID: e.Key.ID, AccessKeySecret: e.Key.Secret, SecurityToken: e.Key.Token},
				nil
		},
	}
	if change != nil {
		change(&options)
	}
	b, err := ossbucket.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestConforms(t *testing.T) {
	t.Parallel()
	for name, onDisk := range map[string]bool{"in memory": false, "on a directory": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			empty := func(t *testing.T) *ossbucket.Bucket {
				dir := ""
				if onDisk {
					dir = t.TempDir()
				}
				return open(t, osstest.Start(t, dir), nil)
			}
			buckettest.Conformance(t, func(t *testing.T) archive.Bucket { return empty(t) })
			buckettest.ConformanceSweep(t, func(t *testing.T) archive.Sweeper { return empty(t) })
		})
	}
}
