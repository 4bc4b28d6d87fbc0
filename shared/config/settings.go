package config

import (
	"time"

	"go.uber.org/zap/zapcore"

	"community-images/shared/access"
	"community-images/shared/cloud"
)

// Common is what both functions are told.
type Common struct {
	// OSS is where the archive lies.
	OSS OSS
	// Regions are the E-HPC regions that are captured and served, in the order
	// of EHPC_REGIONS. Default: FC_REGION alone. At least one.
	Regions []string
	// LogLevel is LOG_LEVEL: debug, info (default), warn or error.
	LogLevel zapcore.Level
	// Credentials are those of the process. Inside FC they date from the start
	// of the instance, so those of the invocation go before them. Often empty.
	Credentials cloud.Credentials
}

// OSS names the place of the archive in a bucket.
type OSS struct {
	// Endpoint is OSS_ENDPOINT, a URL without a path. Default: the internal
	// endpoint of FC_REGION, https://oss-<region>-internal.aliyuncs.com.
	Endpoint string
	// Region is OSS_REGION, the bucket's region. Default: FC_REGION; empty outside of
	// FC. It matters only if the endpoint's host does not tell the region.
	Region string
	// Bucket is OSS_BUCKET. Required.
	Bucket string
	// Prefix is OSS_PREFIX without slashes at its ends. Default: community-images.
	Prefix string
}

// Snapshot is what the snapshot function is told.
type Snapshot struct {
	Common
	// EHPC is EHPC_ENDPOINT: the URL of the E-HPC API, in which "{region}" stands for
	// the region. Empty means the public endpoint of each region.
	EHPC string
	// Clusters are the ids of SNAPSHOT_CLUSTERS. Empty, the default ("*"),
	// means every cluster that is discovered.
	Clusters []string
	// Unscoped is SNAPSHOT_UNSCOPED: ask without a cluster as well. Default true.
	Unscoped bool
	// InstanceTypes is SNAPSHOT_INSTANCE_TYPES. Default auto.
	InstanceTypes InstanceTypes
	// QPS is SNAPSHOT_QPS, calls to E-HPC per second over all regions. Default 10.
	QPS float64
	// Concurrency is SNAPSHOT_CONCURRENCY, calls to E-HPC at once over all
	// regions. Default 16.
	Concurrency int
	// ShrinkGuard is SNAPSHOT_SHRINK_GUARD, the percentage of a scope's images
	// that may vanish in one step before the answer is held. Default 50; 100
	// lets every answer pass.
	ShrinkGuard int
	// Retention is SNAPSHOT_RETENTION. Default 13mo.
	Retention Retention
	// NotifyPublicURL is NOTIFY_PUBLIC_URL, the address of the lookups for the links in
	// messages. Empty, the default: messages have no links.
	NotifyPublicURL string
	// NotifyAllowPrivate is NOTIFY_ALLOW_PRIVATE: receivers may be at addresses that are not
	// public, and speak http. Default false.
	NotifyAllowPrivate bool
}

// regionPlace may stand in EHPC_ENDPOINT where the region goes, as in
// https://ehpc-vpc.{region}.aliyuncs.com.
const regionPlace = "{region}"

// InstanceTypes says with which instance types a cluster is asked, besides
// without one.
type InstanceTypes struct {
	Auto bool     // each cluster's own
	List []string // each of these; empty with Auto unset: none
}

// Query is what the query function is told.
type Query struct {
	Common
	// MaxStale is QUERY_MAX_STALE, the age from which an answer is marked
	// stale. Default 1h.
	MaxStale time.Duration
	// HeadTTL is QUERY_HEAD_TTL, how long a head is used without revalidation.
	// Default 5s; 0 revalidates it for every request.
	HeadTTL time.Duration
	// Redact is QUERY_REDACT: image fields that are withheld from every answer,
	// among PostInstallScript and Uid. Default none.
	Redact []string
	// Gzip is QUERY_GZIP: compress answers for clients that accept it. Default
	// false: FC's pages do not name Content-Encoding among the headers that its
	// trigger drops, but no compressed answer has been seen.
	Gzip bool
	// Tokens is QUERY_TOKENS: the bearer tokens that are accepted. Default none.
	Tokens access.Tokens
	// Keys is QUERY_ACCESS_KEYS: the access keys that are accepted. Default none.
	Keys access.Keys
}

// Retention is how long the log is kept, in calendar units.
type Retention struct {
	// Months are calendar months; see Before.
	Months int
	// Days are subtracted after the months.
	Days int
}

// Before is the oldest instant that is kept at the given time. A month before
// the 31st of December is the 30th of November: AddDate would go on to the 1st
// of December, and so keep less than was asked for.
func (r Retention) Before(now time.Time) time.Time {
	then := now.AddDate(0, -r.Months, 0)
	if then.Day() != now.Day() {
		then = then.AddDate(0, 0, -then.Day()) // the last day of the month before
	}
	return then.AddDate(0, 0, -r.Days)
}
