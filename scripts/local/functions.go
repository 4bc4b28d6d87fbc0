package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"community-images/shared/fcrun/fctest"
)

// binaries are the paths of the two functions.
type binaries struct{ snapshot, query string }

// builder compiles the functions into a directory.
type builder func(ctx context.Context, dir string) (binaries, error)

const (
	snapshotPackage = "community-images/functions/snapshot"
	queryPackage    = "community-images/functions/query"
)

func build(ctx context.Context, dir string) (binaries, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return binaries{}, fmt.Errorf("making the directory of the binaries: %w", err)
	}
	if err := fctest.Build(ctx, dir, snapshotPackage, queryPackage); err != nil {
		return binaries{}, fmt.Errorf("building the functions: %w", err)
	}
	return binaries{fctest.BinaryPath(dir, snapshotPackage), fctest.BinaryPath(dir, queryPackage)}, nil
}

// pair is both functions, running.
type pair struct{ snapshot, query *fctest.Function }

// startFunctions starts both. The time-outs are those of template.yaml.
func startFunctions(ctx context.Context, b binaries, p *place, log *logFile) (*pair, error) {
	// They outlive ctx for a moment, so that lookups in flight can finish.
	ctx = context.WithoutCancel(ctx)
	o := fctest.Options{Region: p.home, Credentials: p.credentials, Env: p.env, Output: log.add}
	o.Name, o.Timeout = "snapshot", 10*time.Minute
	snapshot, err := fctest.Start(ctx, b.snapshot, o)
	if err != nil {
		return nil, err
	}
	// FC would start more instances; one with several in flight does here.
	o.Name, o.Timeout, o.Concurrency = "query", 30*time.Second, 16
	query, err := fctest.Start(ctx, b.query, o)
	if err != nil {
		snapshot.Stop()
		return nil, err
	}
	return &pair{snapshot, query}, nil
}

func (p *pair) stop() {
	p.snapshot.Stop()
	p.query.Stop()
}
