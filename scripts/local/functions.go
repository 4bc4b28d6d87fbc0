package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"community-images/shared/fcrun/fctest"
)

// binaries are the paths of the executables of the two functions.
type binaries struct{ snapshot, query string }

// builder compiles the functions into a directory; tests compile only once.
type builder func(ctx context.Context, dir string) (binaries, error)

// The packages that are built.
const (
	snapshotPackage = "community-images/functions/snapshot"
	queryPackage    = "community-images/functions/query"
)

// build compiles both functions as scripts/build does.
func build(ctx context.Context, dir string) (binaries, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return binaries{}, fmt.Errorf("making the directory of the binaries: %w", err)
	}
	if err := fctest.Build(ctx, dir, snapshotPackage, queryPackage); err != nil {
		return binaries{}, fmt.Errorf("building the functions: %w", err)
	}
	return binaries{fctest.BinaryPath(dir, snapshotPackage), fctest.BinaryPath(dir, queryPackage)}, nil
}

// functions are the two running functions.
type functions struct{ snapshot, query *fctest.Function }

// startFunctions starts both. The time-outs are those of template.yaml.
func startFunctions(ctx context.Context, built binaries, b *backend, log *logFile) (*functions, error) {
	// The functions outlive ctx for a moment, so that lookups in flight can finish.
	ctx = context.WithoutCancel(ctx)
	o := fctest.Options{Region: b.homeRegion, Credentials: b.credentials, Env: b.env, Output: log.addLine}
	// The names appear in the functions' log lines.
	o.Name, o.Timeout = "snapshot", 10*time.Minute
	snapshot, err := fctest.Start(ctx, built.snapshot, o)
	if err != nil {
		return nil, err
	}
	// FC starts an instance for each request in flight. Here one serves them all.
	o.Name, o.Timeout, o.Concurrency = "query", 30*time.Second, 16
	query, err := fctest.Start(ctx, built.query, o)
	if err != nil {
		snapshot.Stop()
		return nil, err
	}
	return &functions{snapshot, query}, nil
}

// stop ends both processes. Invocations in progress are lost.
func (f *functions) stop() {
	f.snapshot.Stop()
	f.query.Stop()
}
