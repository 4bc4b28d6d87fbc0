package main

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

// place is the bucket, and the common beginning of the keys in it.
type place struct {
	bucket archive.Sweeper
	root   string
}

// open opens the bucket of the functions, from outside of them.
func open(environ []string) (*place, error) {
	env := map[string]string{}
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		env[name] = value
	}
	home, _, _ := strings.Cut(cmp.Or(env["FC_REGION"], env["EHPC_REGIONS"]), ",")
	if home = strings.TrimSpace(home); home != "" && env["OSS_ENDPOINT"] == "" {
		// The functions' default can be reached from inside the region only.
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
	return &place{bucket: bucket, root: keys.Root()}, err
}

// The kinds of objects, in the order in which they are saved: the head before
// the log that it is derived from, and the log before the snapshots that it
// refers to. Then whatever a run does meanwhile, nothing in the copy refers to
// something that is not in it. They are restored the other way round.
const (
	derived = iota
	log
	snapshot
	kinds
)

func kindOf(key string) int {
	switch {
	case strings.Contains(key, "/clusters/"):
		return snapshot
	case strings.Contains(key, "/log/"):
		return log
	}
	return derived
}
