package bundle

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Release returns the flags of go build for deployed binaries. The clients of
// FC, OSS and E-HPC use HTTP/1.1. So HTTP/2 is left out of net/http, which
// saves a tenth of the query function's zip.
func Release(version string) []string {
	return []string{
		"-trimpath", "-buildvcs=false", "-tags=nethttpomithttp2",
		"-ldflags=-s -w -buildid= -X main.version=" + version,
	}
}

// Compile builds the functions for FC into the directory dir. root is a
// directory in the module.
func Compile(ctx context.Context, root, dir string, flags ...string) error {
	packages := make([]string, len(Functions))
	for i, function := range Functions {
		packages[i] = "community-images/functions/" + function
	}
	return CompilePackages(ctx, root, dir, packages, flags...)
}

// smallPages keeps the compiler from inlining calls in the packages of pages. They are a call
// for each element, and inlined they make the code of the query function 1 MB larger.
const smallPages = "-gcflags=community-images/shared/query/page/...=-l"

// CompilePackages builds main packages, given by their import paths, like Compile.
func CompilePackages(ctx context.Context, root, dir string, packages []string, flags ...string) error {
	// The separator at the end makes the go command write one file for each
	// package into the directory.
	args := append([]string{"build", "-mod=readonly", smallPages, "-o", dir + string(filepath.Separator)}, flags...)
	args = append(args, packages...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = root, buildEnvironment(os.Environ())
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("running %q: %w\n%s", cmd.Args, err, out)
	}
	return nil
}

// buildEnvironment returns the caller's environment with fixed values for the
// variables that could change the bytes. GOFLAGS must not be empty: then the go
// command would use what "go env -w" has stored.
func buildEnvironment(environ []string) []string {
	fixed := []string{
		"CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1",
		"GOFLAGS=-mod=readonly", "GOEXPERIMENT=", "GOFIPS140=off", "GODEBUG=", "GOWORK=off", "GO111MODULE=on",
	}
	// A variable that is set twice would depend on who reads it: drop the caller's.
	kept := slices.DeleteFunc(slices.Clone(environ), func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return slices.ContainsFunc(fixed, func(f string) bool { return strings.HasPrefix(f, name+"=") })
	})
	return append(kept, fixed...)
}
