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

// openCloud opens the real E-HPC and OSS, with the caller's credentials. It calls
// neither: a wrong key shows with the first snapshot.
func openCloud(environ []string, p *progress) (*backend, error) {
	env, home, err := cloudEnv(environ)
	if err != nil {
		return nil, err
	}
	// Both functions are started later and would refuse a wrong setting then, in
	// their log. Checking it here shows it on the terminal, before anything is built.
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
	// This bucket only reads, for the summary. The functions open their own.
	bucket, err := ossbucket.New(ossbucket.Options{
		Endpoint: conf.OSS.Endpoint, Region: conf.OSS.Region, Bucket: conf.OSS.Bucket,
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
	value := func(name string) string { return lookUp(environ, name) }
	// All at once: each missing variable would otherwise cost another start.
	var missing []error
	require := func(name, what string) {
		if value(name) == "" {
			missing = append(missing, fmt.Errorf("-cloud needs %s in the environment: %s", name, what))
		}
	}
	require("OSS_BUCKET", "the bucket to store in")
	require("ALIBABA_CLOUD_ACCESS_KEY_ID", "your access key")
	require("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "its secret")
	// FC_REGION is the region of the functions. On FC it is always set; here the
	// first captured region takes its place.
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
	// The functions start with nothing but these: other variables of the caller's
	// shell must not change what they do. Proxies and certificates are needed to
	// reach the cloud at all.
	env = selectByPrefix(environ, "OSS_", "EHPC_", "SNAPSHOT_", "QUERY_", "NOTIFY_", "LOG_LEVEL=",
		"ALIBABA_CLOUD_ACCESS_KEY_", "ALIBABA_CLOUD_SECURITY_TOKEN=",
		"HTTP_PROXY=", "HTTPS_PROXY=", "NO_PROXY=", "http_proxy=", "https_proxy=", "no_proxy=", "SSL_CERT_")
	env = append(env, "FC_REGION="+home)
	// The functions' own default is reachable inside the region only.
	if value("OSS_ENDPOINT") == "" {
		env = append(env, "OSS_ENDPOINT=https://oss-"+home+".aliyuncs.com")
	}
	return env, home, nil
}

// lookUp returns a variable, or an empty text if it is not set.
func lookUp(environ []string, name string) string {
	i := slices.IndexFunc(environ, func(line string) bool { return strings.HasPrefix(line, name+"=") })
	if i < 0 {
		return ""
	}
	return strings.TrimPrefix(environ[i], name+"=")
}
