// Package outside opens the bucket of the functions for scripts that run
// outside of Function Compute.
package outside

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/config"
	"community-images/shared/ossbucket"
)

// Store is the bucket, and what the environment says of what is in it.
type Store struct {
	Bucket *ossbucket.Bucket
	Keys   archive.Keys
	Keep   config.Retention
}

// Open opens the bucket that the settings of the snapshot function name, with
// the credentials of the environment, given as os.Environ does. Without
// OSS_ENDPOINT that is the region's public endpoint: the functions' default can
// be reached from inside the region only. Errors name the settings.
func Open(environ []string) (*Store, error) {
	env := map[string]string{}
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		env[name] = value
	}
	home, _, _ := strings.Cut(cmp.Or(env["FC_REGION"], env["EHPC_REGIONS"]), ",")
	if home = strings.TrimSpace(home); home != "" && env["OSS_ENDPOINT"] == "" {
		environ = append(slices.Clone(environ), "OSS_ENDPOINT=https://oss-"+home+".aliyuncs.com")
	}
	conf, err := config.SnapshotFrom(environ)
	if err != nil {
		return nil, err
	}
	if conf.Credentials.AccessKeyID == "" || conf.Credentials.AccessKeySecret == "" {
		return nil, errors.New("ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET are not set")
	}
	bucket, err := ossbucket.New(ossbucket.Options{
		Endpoint: conf.OSS.Endpoint, Bucket: conf.OSS.Bucket,
		Credentials: func(context.Context) (ossbucket.Credentials, error) {
			return ossbucket.Credentials(conf.Credentials), nil
		},
	})
	if err != nil {
		return nil, err
	}
	keys, err := archive.NewKeys(conf.OSS.Prefix)
	return &Store{Bucket: bucket, Keys: keys, Keep: conf.Retention}, err
}
