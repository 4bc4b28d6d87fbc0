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

// Release returns the flags of go build for what is deployed. FC's API, OSS
// and E-HPC are all spoken to over HTTP/1.1, so net/http goes without its
// HTTP/2, a tenth of the query binary's zip.
func Release(version string) []string {
	return []string{"-trimpath", "-buildvcs=false", "-tags=nethttpomithttp2", "-ldflags=-s -w -buildid= -X main.version=" + version}
}

// Compile builds the functions for FC into a directory, each under its name.
// root is a directory in the module.
func Compile(ctx context.Context, root, dir string, flags ...string) error {
	args := append([]string{"build", "-mod=readonly", "-o", dir + string(filepath.Separator)}, flags...)
	for _, function := range Functions {
		args = append(args, "community-images/functions/"+function)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = root, environment(os.Environ())
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("running %q: %w\n%s", cmd.Args, err, out)
	}
	return nil
}

// environment is the caller's, but for what would change the bytes or where
// the module is looked for. GOFLAGS is not empty, for then the go command would
// take what "go env -w" has written.
func environment(environ []string) []string {
	fixed := []string{
		"CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1",
		"GOFLAGS=-mod=readonly", "GOEXPERIMENT=", "GOFIPS140=off", "GODEBUG=", "GOWORK=off", "GO111MODULE=on",
	}
	kept := slices.DeleteFunc(slices.Clone(environ), func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return slices.ContainsFunc(fixed, func(f string) bool { return strings.HasPrefix(f, name+"=") })
	})
	return append(kept, fixed...)
}
