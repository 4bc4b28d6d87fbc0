// Package cloudstore opens the bucket of the functions for scripts that run
// outside of Function Compute.
package cloudstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/cloud"
	"community-images/shared/config"
	"community-images/shared/ossbucket"
)

// Store is the functions' bucket and the settings that concern its content.
type Store struct {
	// Bucket is the bucket that OSS_BUCKET names.
	Bucket *ossbucket.Bucket
	// Keys has the prefix of OSS_PREFIX.
	Keys archive.Keys
	// Retention is SNAPSHOT_RETENTION.
	Retention config.Retention
	// AllowPrivate is NOTIFY_ALLOW_PRIVATE.
	AllowPrivate bool
}

// Open opens the bucket that the snapshot function's settings in the environment
// name, with the credentials of the environment. environ has the form of
// os.Environ. Without OSS_ENDPOINT it uses the region's public endpoint, because
// the functions' default is reachable inside the region only. Errors name the
// settings.
func Open(environ []string) (*Store, error) {
	env := map[string]string{}
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		env[name] = value
	}
	// The bucket is in the region of the stack, which is the first of several.
	home, _, _ := strings.Cut(cmp.Or(env["FC_REGION"], env["EHPC_REGIONS"]), ",")
	if home = strings.TrimSpace(home); home != "" && env["OSS_ENDPOINT"] == "" {
		environ = append(slices.Clone(environ), "OSS_ENDPOINT=https://oss-"+home+".aliyuncs.com")
	}
	conf, err := config.SnapshotFrom(environ)
	if err != nil {
		return nil, err
	}
	if !conf.Credentials.Usable() {
		return nil, errors.New("ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET are not set")
	}
	bucket, err := ossbucket.New(ossbucket.Options{
		Endpoint: conf.OSS.Endpoint, Region: conf.OSS.Region, Bucket: conf.OSS.Bucket,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return conf.Credentials, nil
		},
	})
	if err != nil {
		return nil, err
	}
	keys, err := archive.NewKeys(conf.OSS.Prefix)
	return &Store{
		Bucket: bucket, Keys: keys, Retention: conf.Retention, AllowPrivate: conf.NotifyAllowPrivate,
	}, err
}
