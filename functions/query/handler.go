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
	"community-images/shared/replica"
)

// newHandler connects the lookups and the replica with the archive in OSS.
func newHandler(conf config.Query, credentials *cloud.Source, log *zap.Logger) (http.Handler, error) {
	keys, err := archive.NewKeys(conf.OSS.Prefix)
	if err != nil {
		return nil, err
	}
	bucket, err := ossbucket.New(ossbucket.Options{
		Endpoint: conf.OSS.Endpoint, Bucket: conf.OSS.Bucket,
		// An answer is due within seconds; query falls back on what it has.
		ConnectTimeout: time.Second, ReadTimeout: 2 * time.Second,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return credentials.Newest(), nil
		},
	})
	if err != nil {
		return nil, err
	}
	report := func(ctx context.Context, _ string, err error) {
		log.Error("lookup failed", fcrun.RequestField(ctx), zap.Error(err))
	}
	lookups := query.New(query.Options{
		Archive: archive.New(bucket, keys), Regions: conf.Regions, MaxStale: conf.MaxStale, HeadTTL: conf.HeadTTL,
		Warm:   conf.Credentials != (cloud.Credentials{}), // FC's environment has some, and the SDK takes a while to start
		Redact: conf.Redact, Gzip: conf.Gzip, Version: version,
		Callers: query.Callers{Tokens: conf.Tokens, Keys: conf.Keys},
		Hooks:   query.Hooks{RequestID: fcrun.RequestID, Report: report},
	})
	copies := replica.New(replica.Options{
		Source: func(g *access.Grant) replica.Source { return lookups.Restrict(g) }, Regions: conf.Regions, MaxStale: conf.MaxStale, Keys: conf.Keys, Tokens: conf.Tokens, RequestID: fcrun.RequestID, Report: report, OnResponse: lookups.CountReplicaAnswer,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if copies.Matches(r) {
			copies.ServeHTTP(w, r.WithContext(query.WithReadBudget(r.Context())))
			return
		}
		lookups.ServeHTTP(w, r)
	}), nil
}
