package fctest_test

import (
	"os"
	"path/filepath"
	"testing"

	"community-images/shared/fcrun/fctest"
)

// TestBuildAsksNothingOfGit: in a checkout of another user, as a container may
// have it mounted, git answers nothing but that it will not.
func TestBuildAsksNothingOfGit(t *testing.T) {
	t.Setenv("GOFLAGS", "-buildvcs=true")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module one\n", "main.go": "package main\n\nfunc main() {}\n", ".git/none": "",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	out := t.TempDir()
	if err := fctest.Build(t.Context(), out, "one"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(fctest.BinaryPath(out, "one")); err != nil {
		t.Error(err)
	}
}
