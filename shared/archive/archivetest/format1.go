package archivetest

import (
	"embed"
	"io/fs"
	"strings"
	"testing"

	"community-images/shared/archive"
)

// format1 is what a program of format 1 wrote for Hangzhou: two commits with one scope,
// in November 2026.
//
//go:embed testdata/format1
var format1 embed.FS

// Format1 returns the objects of an archive of format 1 by their keys.
func Format1(t testing.TB, keys archive.Keys) map[string][]byte {
	t.Helper()
	const dir = "testdata/format1/"
	root, err := keys.Region(Hangzhou)
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string][]byte{}
	err = fs.WalkDir(format1, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := format1.ReadFile(path)
		objects[root+strings.TrimPrefix(path, dir)] = data
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return objects
}
