package fctest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// Build compiles main packages into a directory, each under the last step of
// its import path. Arguments that begin with "-" go to go build. It runs in the
// working directory, which must be inside the module. Like the code that is
// deployed, the binaries need no C library, and nothing is asked of git, which
// refuses checkouts of other users.
func Build(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-buildvcs=false", "-o", dir + string(filepath.Separator)}, args...)...)
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

// Binary returns the path of a package's binary, compiled with -trimpath at
// the first call of this test process. It needs Run.
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
			return Build(context.Background(), built.dir, "-trimpath", importPath)
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
