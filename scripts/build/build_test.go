//go:build !race

package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"community-images/shared/fcrun/fctest"
)

// TestBuild is the command from flags to functions that start under FC's
// runtime protocol and tell their version. Like TestSizeOfTheFunctions it does not run with
// the race detector, which makes packing ten times as long.
func TestBuild(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var out, faults bytes.Buffer
	if code := run(t.Context(), ".", []string{"-out", dir, "-version", "v1.2.3"}, &out, &faults); code != 0 {
		t.Fatalf("exit %d: %s", code, faults.String())
	}
	if !strings.Contains(out.String(), "version v1.2.3, ") {
		t.Errorf("says\n%s", out.String())
	}
	for _, function := range []string{"snapshot", "query"} {
		paths, _ := filepath.Glob(filepath.Join(dir, "community-images-"+function+"-*.zip"))
		if len(paths) != 1 || !strings.Contains(out.String(), paths[0]) {
			t.Fatalf("%s is at %q; the table says\n%s", function, paths, out.String())
		}
		data, err := os.ReadFile(paths[0])
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(data); !strings.HasSuffix(paths[0], "-"+hex.EncodeToString(sum[:8])+".zip") {
			t.Errorf("%s is not named by its content", paths[0])
		}
		reports(t, unpack(t, data, function), "v1.2.3")
	}
}

// unpack checks what FC would unpack and returns the path of the binary.
func unpack(t *testing.T, data []byte, function string) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if len(z.File) != 1 || z.File[0].Name != function || z.File[0].Mode() != 0o755 ||
		z.File[0].Modified.Year() != 1980 {
		t.Fatalf("the zip of %s holds %+v", function, z.File[0].FileHeader)
	}
	f, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	binary, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), function)
	// A process that another test forks meanwhile would hold the file open for
	// writing, and it could not be executed.
	syscall.ForkLock.RLock()
	err = os.WriteFile(path, binary, 0o755)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// reports starts a binary and looks for the version in its first log line.
func reports(t *testing.T, binary, version string) {
	t.Helper()
	lines := make(chan string, 100)
	f, err := fctest.Start(t.Context(), binary, fctest.Options{
		Env:    []string{"OSS_BUCKET=bucket", "OSS_ENDPOINT=http://127.0.0.1:1", "EHPC_REGIONS=cn-hangzhou"},
		Output: func(line string) { lines <- line },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Stop()
	first := <-lines
	var said struct{ Message, Version string }
	if err := json.Unmarshal([]byte(first), &said); err != nil || said.Message != "starting" ||
		said.Version != version {
		t.Errorf("%s begins with %+v, %v", filepath.Base(binary), said, err)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		args string
		code int
		says string
	}{
		{"-h", 0, "Usage: go run ./scripts/build"},
		{"zips", 2, `unexpected argument "zips"`},
		{"-version a/b", 2, `version "a/b" is not`},
		{"-nope", 2, "not defined: -nope"},
	} {
		var out, faults bytes.Buffer
		if code := run(t.Context(), ".", strings.Fields(row.args), &out, &faults); code != row.code ||
			!strings.Contains(faults.String(), row.says) || out.Len() > 0 {
			t.Errorf("%s: exit %d, %s%s", row.args, code, faults.String(), out.String())
		}
	}
	const outside = " is not inside a checkout of community-images: run this in any directory of one"
	var out, faults bytes.Buffer
	if code := run(t.Context(), t.TempDir(), []string{"-version", "v1"}, &out, &faults); code != 1 ||
		!strings.Contains(faults.String(), outside) {
		t.Errorf("outside of a checkout: exit %d, %s", code, faults.String())
	}
}

// TestZipIsWrittenCompletelyOrNotAtAll cannot write the file, as on a full disk.
// A part of a zip must not have the name of the zip.
func TestZipIsWrittenCompletelyOrNotAtAll(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "community-images-query-0.zip")
	read := func(path string) string {
		data, _ := os.ReadFile(path) // nothing: it is not there
		return string(data)
	}
	if err := writeFile(path, []byte("first")); err != nil || read(path) != "first" {
		t.Fatal(err)
	}
	if err := os.Link(path, path+".link"); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(path, []byte("second")); err != nil || read(path) != "second" || read(path+".link") != "first" {
		t.Errorf("the file was written in place: %v, %q and %q", err, read(path), read(path+".link"))
	}
	if err := os.MkdirAll(path+".partial/x", 0o755); err != nil { // so that writing fails
		t.Fatal(err)
	}
	if err := writeFile(path, []byte("third")); err == nil || read(path) != "second" {
		t.Errorf("got %v, %q", err, read(path))
	}
}
