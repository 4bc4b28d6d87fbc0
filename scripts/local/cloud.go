package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/cloud"
	"community-images/shared/config"
	"community-images/shared/ossbucket"
)

// openCloud opens the real E-HPC and OSS, with the caller's credentials.
func openCloud(environ []string, p *progress) (*backend, error) {
	env, home, err := cloudEnv(environ)
	if err != nil {
		return nil, err
	}
	conf, err := config.SnapshotFrom(env)
	if _, more := config.QueryFrom(env); more != nil && err == nil {
		err = more
	}
	if err != nil {
		return nil, err
	}
	keys, err := archive.NewKeys(conf.OSS.Prefix)
	if err != nil {
		return nil, err
	}
	bucket, err := ossbucket.New(ossbucket.Options{
		Endpoint: conf.OSS.Endpoint, Bucket: conf.OSS.Bucket,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return conf.Credentials, nil
		},
	})
	if err != nil {
		return nil, err
	}
	return &backend{
		homeRegion: home, regions: conf.Regions, credentials: conf.Credentials, env: env,
		archive: archive.New(bucket, keys), keys: keys, progress: p,
		location:    "oss://" + conf.OSS.Bucket + "/" + keys.Root(),
		showCommand: func(key string) string { return "ossutil cat oss://" + conf.OSS.Bucket + "/" + key },
	}, nil
}

// cloudEnv returns the functions' environment and their region. Its error names
// every missing variable at once.
func cloudEnv(environ []string) (env []string, home string, err error) {
	value := func(name string) string {
		i := slices.IndexFunc(environ, func(line string) bool { return strings.HasPrefix(line, name+"=") })
		if i < 0 {
			return ""
		}
		return strings.TrimPrefix(environ[i], name+"=")
	}
	var missing []error
	require := func(name, what string) {
		if value(name) == "" {
			missing = append(missing, fmt.Errorf("-cloud needs %s in the environment: %s", name, what))
		}
	}
	require("OSS_BUCKET", "the bucket to store in")
	require("ALIBABA_CLOUD_ACCESS_KEY_ID", "your access key")
	require("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "its secret")
	if home = value("FC_REGION"); home == "" {
		home, _, _ = strings.Cut(value("EHPC_REGIONS"), ",")
	}
	if home = strings.TrimSpace(home); home == "" {
		missing = append(missing,
			errors.New("-cloud needs EHPC_REGIONS (or FC_REGION) in the environment: the regions to capture, such "+
				"as cn-hangzhou"))
	}
	if missing != nil {
		return nil, "", errors.Join(missing...)
	}
	env = selectByPrefix(environ, "OSS_", "EHPC_", "SNAPSHOT_", "QUERY_", "LOG_LEVEL=",
		"ALIBABA_CLOUD_ACCESS_KEY_", "ALIBABA_CLOUD_SECURITY_TOKEN=",
		"HTTP_PROXY=", "HTTPS_PROXY=", "NO_PROXY=", "http_proxy=", "https_proxy=", "no_proxy=", "SSL_CERT_")
	env = append(env, "FC_REGION="+home)
	if value("OSS_ENDPOINT") == "" { // the default is reachable inside the region only
		env = append(env, "OSS_ENDPOINT=https://oss-"+home+".aliyuncs.com")
	}
	return env, home, nil
}
