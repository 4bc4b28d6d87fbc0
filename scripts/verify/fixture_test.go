package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"community-images/scripts/datadir"
	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

const (
	root     = "community-images/v1/cn-hangzhou/"
	headKey  = root + "head.json"
	indexKey = root + "index.ndjson"
	aliasKey = "community-images/aliases.json"
	log09    = root + "log/2026-09.ndjson"
	log11    = root + "log/2026-11.ndjson"
)

// fixture is the data directory of a local run and a clock.
type fixture struct {
	t             *testing.T
	dir           string
	now           time.Time
	previousHead  []byte // cn-hangzhou's head before its last commit
	previousIndex []byte // its index then
}

// newFixture stores two regions: cn-hangzhou with a commit a month from June to
// November 2026, cn-beijing with one commit.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	w := &fixture{t: t, dir: t.TempDir()}
	mem := buckettest.NewMemory(t)
	mem.SetNow(func() time.Time { return w.now })
	keys, err := archive.NewKeys(datadir.Prefix)
	if err != nil {
		t.Fatal(err)
	}
	writer := archive.NewWriter(mem, keys, func() time.Time { return w.now })
	for month := time.June; month <= time.November; month++ {
		w.now = time.Date(2026, month, 10, 0, 0, 0, 0, time.UTC)
		w.previousHead, w.previousIndex = mem.Objects()[headKey], mem.Objects()[indexKey]
		w.commit(writer, "cn-hangzhou", "stays", "of-"+strings.ToLower(month.String()))
	}
	w.commit(writer, "cn-beijing", "stays")
	w.now = time.Date(2026, time.November, 23, 0, 0, 0, 0, time.UTC)
	objects := mem.Objects()
	err = mem.Entries(t.Context(), "", func(key string, _ int64, modified time.Time) {
		w.store(key, objects[key], modified)
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// commit publishes the images of a region.
func (w *fixture) commit(writer *archive.Writer, region string, images ...string) {
	w.t.Helper()
	ctx, scope, at := w.t.Context(), catalog.Scope{RegionID: region}, catalog.At(w.now)
	base, err := writer.Load(ctx, region)
	if err != nil {
		w.t.Fatal(err)
	}
	var list []*catalog.Image
	for _, id := range images {
		im, err := catalog.ParseImage(fmt.Appendf(nil, `{"ImageId":%q}`, id))
		if err != nil {
			w.t.Fatal(err)
		}
		list = append(list, im)
	}
	check := archive.Check{Scope: scope, At: at, State: format.StateOK, Snapshot: catalog.NewSnapshot(scope, at, "", list)}
	if was, ok := base.Scope(scope); ok {
		if check.Before, err = writer.Snapshot(ctx, scope, was.Digest); err != nil {
			w.t.Fatal(err)
		}
	}
	run := archive.Run{RunID: "run", Trigger: "timer", StartedAt: at, Checks: []archive.Check{check}}
	if _, err := writer.Commit(ctx, base, run); err != nil {
		w.t.Fatal(err)
	}
}

// path returns the file of an object.
func (w *fixture) path(key string) string {
	return filepath.Join(w.dir, "oss", datadir.Bucket, filepath.FromSlash(key))
}

// store writes an object as the local run does; nil removes it.
func (w *fixture) store(key string, data []byte, modified time.Time) {
	w.t.Helper()
	path, mode := w.path(key), os.FileMode(0o444)
	if strings.Contains(key, ".ndjson") {
		mode = 0o644
	}
	_ = os.Remove(path)
	if data == nil {
		return
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, mode); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Chtimes(path, modified, modified); err != nil {
		w.t.Fatal(err)
	}
}

// makeNormal makes an object a normal one: its file is read-only.
func (w *fixture) makeNormal(key string) {
	w.t.Helper()
	if err := os.Chmod(w.path(key), 0o444); err != nil {
		w.t.Fatal(err)
	}
}

// changeObject changes one object; it stays as old as it is.
func (w *fixture) changeObject(key string, with func([]byte) []byte) {
	w.t.Helper()
	data, _ := os.ReadFile(w.path(key))
	w.store(key, with(data), w.now.AddDate(0, 0, -3))
}

// storeFormat1 replaces cn-hangzhou by what a program of format 1 has written.
func (w *fixture) storeFormat1() {
	w.t.Helper()
	if err := os.RemoveAll(w.path(root)); err != nil {
		w.t.Fatal(err)
	}
	keys, err := archive.NewKeys(datadir.Prefix)
	if err != nil {
		w.t.Fatal(err)
	}
	for key, data := range archivetest.Format1(w.t, keys) {
		w.store(key, data, w.now)
	}
}

// snapshotKey returns the key of the content of cn-hangzhou with an image.
func (w *fixture) snapshotKey(image string) string {
	w.t.Helper()
	all, _ := filepath.Glob(w.path(root + "clusters/_any/_any/*.json"))
	for _, path := range all {
		if data, _ := os.ReadFile(path); bytes.Contains(data, []byte(image)) {
			return root + "clusters/_any/_any/" + filepath.Base(path)
		}
	}
	w.t.Fatalf("no snapshot has %q", image)
	return ""
}

// storeOrphan stores a snapshot that nothing refers to.
func (w *fixture) storeOrphan(modified time.Time) {
	s := catalog.NewSnapshot(catalog.Scope{RegionID: "cn-hangzhou", ClusterID: "ehpc-9"}, catalog.At(modified), "", nil)
	w.store(root+"clusters/ehpc-9/_any/"+s.Digest+".json", s.Encode(), modified)
}

// readAll returns what is stored: each file with its content.
func (w *fixture) readAll() map[string]string {
	files := map[string]string{}
	_ = filepath.WalkDir(w.path(""), func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			data, _ := os.ReadFile(path)
			files[path] = string(data)
		}
		return err
	})
	return files
}

// verify runs the command and renders what it prints and its exit code.
func (w *fixture) verify(args string) string {
	var out bytes.Buffer
	words := append([]string{"-data", w.dir}, strings.Fields(args)...)
	p := process{environ: []string{"SNAPSHOT_RETENTION=2mo"}, out: &out, stderr: &out}
	p.now = func() time.Time { return w.now }
	code := p.run(context.Background(), words)
	said := sizes.ReplaceAllString(strings.ReplaceAll(out.String(), w.dir, "DIR"), "N bytes")
	return fmt.Sprintf("$ verify %s\n%sexit %d\n", args, said, code)
}

// sizes matches sizes of objects. They are replaced, because they are not this command's matter.
var sizes = regexp.MustCompile(`[1-9][0-9]* bytes`)
