package config

import (
	"errors"
	"strings"
	"time"

	"community-images/shared/access"
)

// Lookup returns the value of a setting, as os.LookupEnv does.
type Lookup func(name string) (value string, ok bool)

// LoadSnapshot reads the settings of the snapshot function. Its error joins all
// faults; each is an *Error.
func LoadSnapshot(lookup Lookup) (Snapshot, error) {
	r := &settingReader{lookup: lookup}
	s := Snapshot{
		// The faults come in the order of these lines.
		Common:        r.readCommon(),
		EHPC:          r.readURL("EHPC_ENDPOINT", ""),
		Clusters:      r.readClusters("SNAPSHOT_CLUSTERS"),
		Unscoped:      r.readBool("SNAPSHOT_UNSCOPED", true),
		InstanceTypes: r.readInstanceTypes("SNAPSHOT_INSTANCE_TYPES"),
		QPS:           r.readFloat("SNAPSHOT_QPS", 10, 0.01, 1e6),
		Concurrency:   r.readInt("SNAPSHOT_CONCURRENCY", 16, 1, 1000),
		ShrinkGuard:   r.readInt("SNAPSHOT_SHRINK_GUARD", 50, 0, 100),
		Retention:     r.readRetention("SNAPSHOT_RETENTION", Retention{Months: 13}),

		NotifyPublicURL:    r.readURL("NOTIFY_PUBLIC_URL", ""),
		NotifyAllowPrivate: r.readBool("NOTIFY_ALLOW_PRIVATE", false),
	}
	return s, r.joinedFaults()
}

// LoadQuery reads the settings of the query function. Its error joins all faults;
// each is an *Error.
func LoadQuery(lookup Lookup) (Query, error) {
	r := &settingReader{lookup: lookup}
	q := Query{
		Common:   r.readCommon(),
		MaxStale: r.readDuration("QUERY_MAX_STALE", time.Hour, time.Second, 366*24*time.Hour),
		HeadTTL:  r.readDuration("QUERY_HEAD_TTL", 5*time.Second, 0, 24*time.Hour),
		Redact:   r.readChoices("QUERY_REDACT", "PostInstallScript", "Uid"),
		Gzip:     r.readBool("QUERY_GZIP", false),
		Tokens:   readSecrets(r, "QUERY_TOKENS", access.ParseTokens),
		Keys:     readSecrets(r, "QUERY_ACCESS_KEYS", access.ParseKeys),
	}
	return q, r.joinedFaults()
}

// SnapshotFrom reads the settings of the snapshot function from an environment in
// the form of os.Environ. It also reports names that look like a misspelt
// setting.
func SnapshotFrom(environ []string) (Snapshot, error) {
	s, err := LoadSnapshot(lookupIn(environ))
	return s, errors.Join(err, checkSpelling(environ))
}

// QueryFrom reads the settings of the query function from an environment in the
// form of os.Environ. It also reports names that look like a misspelt setting.
func QueryFrom(environ []string) (Query, error) {
	q, err := LoadQuery(lookupIn(environ))
	return q, errors.Join(err, checkSpelling(environ))
}

// lookupIn returns a Lookup of an environment in the form of os.Environ. A name that
// occurs twice has its last value.
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

// readCommon reads the settings that both functions have.
func (r *settingReader) readCommon() Common {
	// FC sets FC_REGION. It gives the defaults of the endpoint and the regions.
	home, _ := r.lookupSetting("FC_REGION")
	ossDefault, regionDefault := "", []string(nil)
	// An invalid FC_REGION is one fault; it must not produce two more.
	if home != "" && r.checkRegion("FC_REGION", home) {
		ossDefault = "https://oss-" + home + "-internal.aliyuncs.com"
		regionDefault = []string{home}
	}
	return Common{
		OSS: OSS{
			Endpoint: r.requireValue("OSS_ENDPOINT", r.readURL("OSS_ENDPOINT", ossDefault),
				"a URL such as https://oss-cn-hangzhou.aliyuncs.com; outside Function Compute there is no FC_REGION "+
					"to derive it from"),
			Region: r.readRegion("OSS_REGION", home),
			Bucket: r.readBucket("OSS_BUCKET"),
			Prefix: r.readPrefix("OSS_PREFIX", "community-images"),
		},
		Regions:     r.readRegions("EHPC_REGIONS", regionDefault),
		LogLevel:    r.readLogLevel("LOG_LEVEL"),
		Credentials: r.readCredentials(),
	}
}
