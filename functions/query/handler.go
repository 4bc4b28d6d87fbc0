package main

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/cloud"
	"community-images/shared/config"
	"community-images/shared/fcrun"
	"community-images/shared/ossbucket"
	"community-images/shared/query"
	"community-images/shared/query/budget"
	"community-images/shared/query/signin"
	"community-images/shared/query/status"
	"community-images/shared/replica"
)

// newHandler builds the HTTP handler of both interfaces: lookups under /v1/, and
// the replica of E-HPC's API. Both read the same archive in OSS; nothing is read
// before the first request, except for Options.Warm.
func newHandler(conf config.Query, credentials *cloud.Source, log *zap.Logger) (http.Handler, error) {
	stored, err := openArchive(conf.OSS, credentials)
	if err != nil {
		return nil, err
	}
	// Callers get a short message. The cause goes to the log, with the request's id.
	report := func(ctx context.Context, _ string, err error) {
		log.Error("lookup failed", fcrun.RequestField(ctx), zap.Error(err))
	}
	lookups := query.New(query.Options{
		Archive: stored, Regions: conf.Regions, MaxStale: conf.MaxStale, HeadTTL: conf.HeadTTL,
		// With credentials in the environment, the head is read while the FC SDK
		// starts. Without them that read would be refused.
		Warm:   conf.Credentials != (cloud.Credentials{}),
		Redact: conf.Redact, Gzip: conf.Gzip, Version: version,
		Notify:  openNotify(stored, conf.HeadTTL),
		Callers: query.Callers{Tokens: conf.Tokens, Keys: conf.Keys},
		Hooks:   query.Hooks{RequestID: fcrun.RequestID, Report: report},
	})
	// The replica reads through the lookups, so both share one state in memory and
	// one view of a caller's grant.
	ehpcAPI := replica.New(replica.Options{
		Source:  func(g *access.Grant) replica.Source { return lookups.Restrict(g) },
		Regions: conf.Regions, MaxStale: conf.MaxStale, Keys: conf.Keys, Tokens: conf.Tokens,
		RequestID: fcrun.RequestID, Report: report, OnResponse: lookups.CountReplicaAnswer,
	})
	// Matches tells the two interfaces apart, by the path and by E-HPC's parameters. To it
	// /sign-in looks like a region.
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !signin.IsPath(r.URL.Path) && ehpcAPI.Matches(r) {
			ehpcAPI.ServeHTTP(w, r.WithContext(budget.New(r.Context())))
			return
		}
		lookups.ServeHTTP(w, r)
	}), nil
}

// openArchive opens the archive in the bucket. It reads nothing. Every request to
// OSS is signed with the newest credentials that an invocation brought.
func openArchive(where config.OSS, credentials *cloud.Source) (*archive.Archive, error) {
	keys, err := archive.NewKeys(where.Prefix)
	if err != nil {
		return nil, err
	}
	bucket, err := ossbucket.New(ossbucket.Options{
		Endpoint: where.Endpoint, Region: where.Region, Bucket: where.Bucket,
		// A lookup should be answered within seconds. If OSS is slow, the lookup is
		// answered from the state in memory.
		ConnectTimeout: time.Second, ReadTimeout: 2 * time.Second,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return credentials.Newest(), nil
		},
	})
	if err != nil {
		return nil, err
	}
	return archive.New(bucket, keys), nil
}

// openNotify makes the reader of how the subscriptions to messages stand. It reads nothing.
func openNotify(a *archive.Archive, ttl time.Duration) *status.Subscriptions {
	return &status.Subscriptions{TTL: ttl, Get: func(ctx context.Context, etag string) ([]byte, string, error) {
		return a.Bucket().Get(ctx, a.Keys().NotifyStatus(), etag)
	}}
}
