package fctest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// releaseFlags are those of scripts/build but for the version. So the binaries
// are what is deployed, and the build cache has each package in one form for both.
var releaseFlags = []string{"-buildvcs=false", "-trimpath", "-tags=nethttpomithttp2", "-ldflags=-s -w"}

// Build compiles main packages into a directory, each under the last step of
// its import path. It runs in the working directory, which must be inside the
// module. Like the code that is deployed, the binaries need no C library, and
// nothing is asked of git, which refuses checkouts of other users.
func Build(ctx context.Context, dir string, importPaths ...string) error {
	args := slices.Concat([]string{"build", "-o", dir + string(filepath.Separator)}, releaseFlags, importPaths)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running %v: %w\n%s", cmd.Args, err, out)
	}
	return nil
}

// built holds what this test process has compiled; see Run.
var built struct {
	sync.Mutex
	dir   string
	packs map[string]func() error
}

// Run is m.Run with a place for Binary, which it removes afterwards. Call it
// from TestMain.
func Run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "fctest-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built.dir, built.packs = dir, map[string]func() error{}
	return m.Run()
}

// Binary returns the path of a package's binary, compiled at the first call of
// this test process. It needs Run.
func Binary(t testing.TB, importPath string) string {
	t.Helper()
	built.Lock()
	if built.dir == "" {
		built.Unlock()
		t.Fatal("fctest.Binary needs a TestMain that calls fctest.Run")
	}
	build := built.packs[importPath]
	if build == nil {
		build = sync.OnceValue(func() error {
			return Build(context.Background(), built.dir, importPath)
		})
		built.packs[importPath] = build
	}
	built.Unlock()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	return BinaryPath(built.dir, importPath)
}

// BinaryPath is where Build puts a package's binary.
func BinaryPath(dir, importPath string) string {
	name := path.Base(importPath)
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(dir, name)
}
