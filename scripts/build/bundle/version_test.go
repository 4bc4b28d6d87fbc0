package bundle

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Version(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "-version") {
		t.Errorf("outside of a checkout: got %v; it should name -version", err)
	}
	commit := func(args ...string) {
		t.Helper()
		if _, err := git(t.Context(), dir, append([]string{"-c", "user.name=n", "-c", "user.email=n@example.com"},
			args...)...); err != nil {
			t.Fatal(err)
		}
	}
	is := func(when, pattern string) {
		t.Helper()
		version, err := Version(t.Context(), filepath.Join(dir, "inside"))
		if err != nil || !regexp.MustCompile(pattern).MatchString(version) {
			t.Errorf("%s: version %q, %v; want %s", when, version, err, pattern)
		}
	}
	write(t, filepath.Join(dir, "inside", "a"), "1")
	commit("init", "-q")
	if _, err := Version(t.Context(), dir); err == nil {
		t.Error("a checkout without a commit has a version")
	}
	commit("add", ".")
	commit("commit", "-q", "--date=2001-01-01T00:00:00Z", "-m", "first")
	is("a commit", `^20\d{6}-[0-9a-f]{12}$`)
	commit("tag", "v9")
	is("a tag makes no difference", `^20\d{6}-[0-9a-f]{12}$`)
	write(t, filepath.Join(dir, "inside", "b"), "2")
	is("an untracked file", `^20\d{6}-[0-9a-f]{12}\+dirty$`)
	write(t, filepath.Join(dir, ".gitignore"), "b\n")
	commit("add", ".gitignore")
	commit("commit", "-q", "-m", "second")
	is("an ignored file", `^20\d{6}-[0-9a-f]{12}$`)
	write(t, filepath.Join(dir, "inside", "a"), "3")
	is("a changed file", `^20\d{6}-[0-9a-f]{12}\+dirty$`)
}

func TestCheckVersion(t *testing.T) {
	t.Parallel()
	for version, ok := range map[string]bool{
		"v1.2.3": true, "20261123-0f8d02b00000+dirty": true, strings.Repeat("a", 64): true,
		"": false, "-v": false, "a b": false, "a'b": false, "é": false, strings.Repeat("a", 65): false,
	} {
		if err := CheckVersion(version); (err == nil) != ok {
			t.Errorf("version %q: %v", version, err)
		}
	}
}

func TestRootMustBeInsideACheckout(t *testing.T) {
	t.Parallel()
	other, empty := t.TempDir(), t.TempDir()
	write(t, filepath.Join(other, "go.mod"), "module other\n\ngo 1.26\n")
	for _, dir := range []string{other, empty} {
		want := dir + " is not inside a checkout of community-images: run this in any directory of one"
		if root, err := Root(t.Context(), dir); err == nil || err.Error() != want {
			t.Errorf("got %q, %v; want %s", root, err, want)
		}
	}
	root, err := Root(t.Context(), ".")
	if want, absErr := filepath.Abs("../../.."); err != nil || absErr != nil || root != want {
		t.Errorf("root is %q, %v; want %q", root, err, want)
	}
}

// TestRootIgnoresTheEnvironment asks in a workspace that has another
// module first, with settings under which the go command finds none or fails.
func TestRootIgnoresTheEnvironment(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	want, settings := filepath.Join(dir, "checkout"), filepath.Join(dir, "env")
	write(t, filepath.Join(dir, "aaa", "go.mod"), "module aaa\n\ngo 1.26\n")
	write(t, filepath.Join(want, "go.mod"), "module community-images\n\ngo 1.26\n")
	write(t, filepath.Join(dir, "go.work"), "go 1.26\n\nuse (\n\t./aaa\n\t./checkout\n)\n")
	write(t, settings, "GOFLAGS=-mod=vendor\nGO111MODULE=off\n")
	for _, setting := range []string{"GOWORK=", "GOWORK=" + filepath.Join(dir, "go.work"), "GOFLAGS=-mod=vendor",
		"GOFLAGS=-json", "GO111MODULE=off", "GOENV=" + settings} {
		if got, err := moduleRoot(t.Context(), want, append(os.Environ(), setting)); err != nil || got != want {
			t.Errorf("with %s: got %q, %v; want %q", setting, got, err, want)
		}
	}
}
