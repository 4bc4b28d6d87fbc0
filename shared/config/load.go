package config

import (
	"errors"
	"strings"
	"time"

	"community-images/shared/access"
)

// Lookup finds a setting by its name, as os.LookupEnv does.
type Lookup func(name string) (value string, ok bool)

// LoadSnapshot reads the settings of the snapshot function. The error joins
// every fault; each is an *Error.
func LoadSnapshot(lookup Lookup) (Snapshot, error) {
	r := &reader{lookup: lookup}
	s := Snapshot{
		Common:        r.common(),
		EHPC:          r.url("EHPC_ENDPOINT", ""),
		Clusters:      r.clusters("SNAPSHOT_CLUSTERS"),
		Unscoped:      r.bool("SNAPSHOT_UNSCOPED", true),
		InstanceTypes: r.instanceTypes("SNAPSHOT_INSTANCE_TYPES"),
		QPS:           r.float("SNAPSHOT_QPS", 10, 0.01, 1e6),
		Concurrency:   r.int("SNAPSHOT_CONCURRENCY", 16, 1, 1000),
		ShrinkGuard:   r.int("SNAPSHOT_SHRINK_GUARD", 50, 0, 100),
		Retention:     r.retention("SNAPSHOT_RETENTION", Retention{Months: 13}),
	}
	return s, r.err()
}

// LoadQuery reads the settings of the query function. The error joins every
// fault; each is an *Error.
func LoadQuery(lookup Lookup) (Query, error) {
	r := &reader{lookup: lookup}
	q := Query{
		Common:   r.common(),
		MaxStale: r.duration("QUERY_MAX_STALE", time.Hour, time.Second, 366*24*time.Hour),
		HeadTTL:  r.duration("QUERY_HEAD_TTL", 5*time.Second, 0, 24*time.Hour),
		Redact:   r.among("QUERY_REDACT", "PostInstallScript", "Uid"),
		Gzip:     r.bool("QUERY_GZIP", false),
		Tokens:   secrets(r, "QUERY_TOKENS", access.ParseTokens),
		Keys:     secrets(r, "QUERY_ACCESS_KEYS", access.ParseKeys),
	}
	return q, r.err()
}

// SnapshotFrom is LoadSnapshot on an environment as os.Environ gives it. It
// also reports names that look like a misspelt setting.
func SnapshotFrom(environ []string) (Snapshot, error) {
	s, err := LoadSnapshot(lookupIn(environ))
	return s, errors.Join(err, misspelt(environ))
}

// QueryFrom is LoadQuery on an environment as os.Environ gives it. It also
// reports names that look like a misspelt setting.
func QueryFrom(environ []string) (Query, error) {
	q, err := LoadQuery(lookupIn(environ))
	return q, errors.Join(err, misspelt(environ))
}

func lookupIn(environ []string) Lookup {
	values := make(map[string]string, len(environ))
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok {
			values[name] = value
		}
	}
	return func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}
}

// common reads the settings of both functions.
func (r *reader) common() Common {
	home, _ := r.get("FC_REGION")
	ossDefault, regionDefault := "", []string(nil)
	if home != "" && r.checkRegion("FC_REGION", home) {
		ossDefault = "https://oss-" + home + "-internal.aliyuncs.com"
		regionDefault = []string{home}
	}
	return Common{
		OSS: OSS{
			Endpoint: r.required("OSS_ENDPOINT", r.url("OSS_ENDPOINT", ossDefault), "a URL such as https://oss-cn-hangzhou.aliyuncs.com; outside Function Compute there is no FC_REGION to derive it from"),
			Bucket:   r.bucket("OSS_BUCKET"),
			Prefix:   r.prefix("OSS_PREFIX", "community-images"),
		},
		Regions:     r.regions("EHPC_REGIONS", regionDefault),
		LogLevel:    r.level("LOG_LEVEL"),
		Credentials: r.credentials(),
	}
}
