package bundle

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestTwoBuildsGiveTheSameBytes builds two copies of the source, at paths of
// different lengths. CI does the same with a build cache for each.
func TestTwoBuildsGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	var first map[string][]byte
	for _, below := range []string{"a", "another/and-longer/place"} {
		root, dir := filepath.Join(t.TempDir(), below), t.TempDir()
		copySource(t, root)
		if err := Compile(t.Context(), filepath.Join(root, "shared"), dir,
			Release("20261123-000000000000")...); err != nil {
			t.Fatal(err)
		}
		binaries := map[string][]byte{}
		for _, function := range Functions {
			data, err := os.ReadFile(filepath.Join(dir, function))
			if err != nil {
				t.Fatal(err)
			}
			if binaries[function] = data; first != nil && !bytes.Equal(data, first[function]) {
				t.Errorf("%s differs between the builds", function)
			}
			if bytes.Contains(data, []byte(root)) {
				t.Errorf("%s holds the path it was built at", function)
			}
		}
		first = binaries
	}
}

// copySource copies what the functions are made of.
func copySource(t *testing.T, root string) {
	t.Helper()
	from := filepath.Join("..", "..", "..")
	for _, dir := range []string{"functions", "shared"} {
		if err := os.CopyFS(filepath.Join(root, dir), os.DirFS(filepath.Join(from, dir))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(root, name), data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestTooLargePackageIsRefused(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 50_000)
	_, _ = rand.Read(noise) // never fails
	b, err := pack("query", "v1", noise, 60_000)
	if err != nil || len(b.Zip) < len(noise) {
		t.Fatalf("below the limit: %d bytes, %v", len(b.Zip), err)
	}
	if _, err := pack("query", "v1", noise, len(b.Zip)); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := pack("query", "v1", noise, len(b.Zip)-1); err == nil ||
		!strings.Contains(err.Error(), "bytes; at most") {
		t.Errorf("above the limit: got %v", err)
	}
}

func TestNameHasTheHashOfTheContent(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, content := range []string{"one", "two"} {
		b, err := pack("query", "v1", []byte(content), MaxZip)
		if err != nil {
			t.Fatal(err)
		}
		again, err := pack("query", "v1", []byte(content), MaxZip)
		if err != nil || again.Name != b.Name || !bytes.Equal(again.Zip, b.Zip) {
			t.Errorf("packing %q twice gives %s and %s, %v", content, b.Name, again.Name, err)
		}
		names[b.Name] = true
	}
	if len(names) != 2 {
		t.Errorf("two contents have the names %v", names)
	}
}

func TestCompilerErrorsAreShown(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                     "module community-images\n\ngo 1.26\n",
		"functions/query/main.go":    "package main\n\nfunc main() { missing() }\n",
		"functions/snapshot/main.go": "package main\n\nfunc main() {}\n",
	} {
		write(t, filepath.Join(root, name), text)
	}
	if _, err := Make(t.Context(), Options{Root: root, Version: "v1"}); err == nil ||
		!strings.Contains(err.Error(), "undefined: missing") {
		t.Errorf("got %v", err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestEnvironmentCannotChangeTheBytes(t *testing.T) {
	t.Parallel()
	got := buildEnvironment([]string{"GOFLAGS=-tags=other", "GO111MODULE=off", "GOAMD64=v3", "GOOS=plan9",
		"GOFIPS140=latest", "GODEBUG=x=1", "PATH=/bin", "GOCACHE=/c"})
	for _, want := range []string{"GOFLAGS=-mod=readonly", "GO111MODULE=on", "GOAMD64=v1", "GOOS=linux", "GOARCH=amd64",
		"CGO_ENABLED=0", "GOFIPS140=off", "GODEBUG=", "GOWORK=off", "PATH=/bin", "GOCACHE=/c"} {
		name, _, _ := strings.Cut(want, "=")
		if !slices.Contains(got, want) || len(slices.DeleteFunc(slices.Clone(got), func(line string) bool {
			return !strings.HasPrefix(line, name+"=")
		})) != 1 {
			t.Errorf("%s is not what counts in %q", want, got)
		}
	}
}
