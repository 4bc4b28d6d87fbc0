package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/cloud"
	"community-images/shared/ossbucket"
	"community-images/shared/ossbucket/osstest"
)

const region = "cn-hangzhou"

// fixture is a bucket with an archive below each prefix that has been used.
type fixture struct {
	t   *testing.T
	oss *osstest.Endpoint
	now time.Time
	n   int
}

func newFixture(t *testing.T) *fixture {
	return &fixture{t: t, oss: osstest.Start(t, ""), now: time.Date(2024, 9, 20, 9, 0, 0, 0, time.UTC)}
}

func (w *fixture) environ(prefix string) []string {
	return []string{"OSS_ENDPOINT=" + w.oss.URL, "OSS_BUCKET=" + w.oss.Bucket, "OSS_PREFIX=" + prefix,
		"OSS_REGION=" + w.oss.Region, "EHPC_REGIONS=" + region,
		"ALIBABA_CLOUD_ACCESS_KEY_ID=" + w.oss.Key.ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + w.oss.Key.Secret,
		"ALIBABA_CLOUD_SECURITY_TOKEN=" + w.oss.Key.Token}
}

func (w *fixture) bucket() *ossbucket.Bucket {
	w.t.Helper()
	b, err := ossbucket.New(ossbucket.Options{Endpoint: w.oss.URL, Region: w.oss.Region, Bucket: w.oss.Bucket,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return cloud.Credentials{AccessKeyID: w.oss.Key.ID, AccessKeySecret: w.oss.Key.Secret,
				SecurityToken: w.oss.Key.Token}, nil
		}})
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// commit publishes a new image, half a month after the last, so that the log
// has several months.
func (w *fixture) commit(prefix string) (int64, error) {
	w.t.Helper()
	w.n++
	w.now = w.now.AddDate(0, 0, 15)
	keys, err := archive.NewKeys(prefix)
	if err != nil {
		w.t.Fatal(err)
	}
	writer := archive.NewWriter(w.bucket(), keys, func() time.Time { return w.now })
	base, err := writer.Load(w.t.Context(), region)
	if err != nil {
		return 0, err
	}
	image, err := catalog.ParseImage(fmt.Appendf(nil, `{"ImageId":"m-%d"}`, w.n))
	if err != nil {
		w.t.Fatal(err)
	}
	scope, at := catalog.Scope{RegionID: region, ClusterID: "ehpc-1"}, catalog.At(w.now)
	check := archive.Check{Scope: scope, At: at, State: format.StateOK,
		Snapshot: catalog.NewSnapshot(scope, at, "", []*catalog.Image{image})}
	if was, ok := base.Scope(scope); ok {
		if check.Before, err = writer.Snapshot(w.t.Context(), scope, was.Digest); err != nil {
			w.t.Fatal(err)
		}
	}
	res, err := writer.Commit(w.t.Context(), base,
		archive.Run{RunID: fmt.Sprint("run-", w.n), Trigger: "timer", StartedAt: at, Checks: []archive.Check{check}})
	if err != nil {
		return 0, err
	}
	return res.Region.Sequence, nil
}

func (w *fixture) mustCommit(prefix string) int64 {
	w.t.Helper()
	n, err := w.commit(prefix)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// backup runs the command.
func (w *fixture) backup(prefix string, args ...string) (int, string) {
	var out bytes.Buffer
	code := run(w.t.Context(), args, w.environ(prefix), &out, &out)
	return code, out.String()
}

// verify runs scripts/verify on what is below a prefix.
func (w *fixture) verify(prefix string, args ...string) {
	w.t.Helper()
	cmd := exec.Command("go", append([]string{"run", "community-images/scripts/verify", "-cloud"}, args...)...)
	cmd.Env = append(os.Environ(), w.environ(prefix)...)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), region) {
		w.t.Errorf("verify: %v\n%s", err, out)
	}
}

// TestRestore loses the bucket and goes on with a copy of it.
func TestRestore(t *testing.T) {
	t.Parallel()
	w, dir := newFixture(t), t.TempDir()
	for range 5 {
		w.mustCommit("live")
	}
	if code, out := w.backup("live", dir); code != 0 || !strings.Contains(out, "; 0 were there already") {
		t.Fatal(code, out)
	}
	last := w.mustCommit("live")
	if code, out := w.backup("live", dir); code != 0 || !strings.Contains(out, "5 were there already") {
		t.Fatal("a second time", code, out)
	}
	if code, out := w.backup("restored", "-restore", dir); code != 0 {
		t.Fatal(code, out)
	}
	w.verify("restored")
	if n := w.mustCommit("restored"); n <= last {
		t.Errorf("after commit %d the restored log goes on with %d", last, n)
	}
	w.verify("restored")
}

// TestBackupOfTheOperatorsFiles: aliases.json comes back with the archive, unless it had gone,
// and replaces none that is there.
func TestBackupOfTheOperatorsFiles(t *testing.T) {
	t.Parallel()
	w, dir := newFixture(t), t.TempDir()
	w.mustCommit("live")
	const file = `{"Aliases":[]}`
	put := func(key string) {
		t.Helper()
		if err := w.bucket().Put(t.Context(), key, []byte(file)); err != nil {
			t.Fatal(err)
		}
	}
	put("live/aliases.json")
	put("live/notify.json")
	if code, out := w.backup("live", dir); code != 0 {
		t.Fatal(out)
	}
	if code, out := w.backup("restored", "-restore", dir); code != 0 {
		t.Fatal(out)
	}
	for _, key := range []string{"restored/aliases.json", "restored/notify.json"} {
		if data, _, err := w.bucket().Get(t.Context(), key, ""); string(data) != file || err != nil {
			t.Errorf("%s restored is %q, %v", key, data, err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "notify.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with secrets is %v, %v", info, err)
	}
	put("taken/aliases.json")
	code, out := w.backup("taken", "-restore", dir)
	if code != 1 || !strings.Contains(out, `"taken/aliases.json" is there`) {
		t.Errorf("exit %d\n%s", code, out)
	}
	if err := w.bucket().Delete(t.Context(), "live/aliases.json"); err != nil {
		t.Fatal(err)
	}
	if code, out := w.backup("live", dir); code != 0 {
		t.Fatal(out)
	}
	if _, err := os.Stat(filepath.Join(dir, "aliases.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file that is gone from the bucket is in the backup: %v", err)
	}
}

// TestCopyOfAnotherToolIsRepaired: a month of the log that was put like any other object
// refuses the next commit, which says what to do, and verify -repair does it.
func TestCopyOfAnotherToolIsRepaired(t *testing.T) {
	t.Parallel()
	w, bucket := newFixture(t), (*ossbucket.Bucket)(nil)
	w.mustCommit("live")
	bucket = w.bucket()
	keys, err := bucket.List(t.Context(), "live/")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		data, _, err := bucket.Get(t.Context(), key, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := bucket.Put(t.Context(), "copied"+strings.TrimPrefix(key, "live"), data); err != nil {
			t.Fatal(err)
		}
	}
	w.now = w.now.AddDate(0, 0, -14) // the same month
	if n, err := w.commit("copied"); err == nil || !strings.Contains(err.Error(), "verify -cloud -repair") {
		t.Fatalf("commit %d was appended to an object that was put: %v", n, err)
	}
	w.verify("copied", "-repair")
	if n, err := w.commit("copied"); err != nil || n != 2 {
		t.Errorf("after the repair the log goes on with %d, %v", n, err)
	}
	w.verify("copied")
}

// TestRestoreNamesDamagedFiles: a backup with a damaged file is restored as far as it goes,
// and the exit code says that it is damaged.
func TestRestoreNamesDamagedFiles(t *testing.T) {
	t.Parallel()
	w, dir := newFixture(t), t.TempDir()
	for range 3 {
		w.mustCommit("live")
	}
	if code, out := w.backup("live", dir); code != 0 {
		t.Fatal(out)
	}
	files := func(pattern string) []string {
		found, err := filepath.Glob(filepath.Join(dir, "v1", region, filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, found, err)
		}
		return found
	}
	cut := func(data []byte) []byte { return data[:len(data)/2] }
	snapshot, logs, head := files("clusters/*/*/*.json")[0], files("log/*.ndjson"), files("head.json")[0]
	for name, c := range map[string]struct {
		path   string
		damage func([]byte) []byte // nil removes the file
		names  string              // the file that the error names
		says   string
	}{
		"a snapshot is cut": {snapshot, cut, snapshot, "not of the stored form"},
		"a snapshot is altered": {snapshot, func(d []byte) []byte {
			return bytes.ReplaceAll(d, []byte("m-"), []byte("x-"))
		}, snapshot, "digest"},
		"a snapshot is missing": {snapshot, nil, snapshot, "it is missing"},
		"an older log is cut":   {logs[0], cut, logs[1], ""},
		"the last log is cut":   {logs[len(logs)-1], cut, head, "it is of commit"},
		"the head is cut":       {head, cut, head, "digest"},
		"the index is cut":      {files("index.ndjson")[0], cut, files("index.ndjson")[0], "index"},
		"a log is flipped": {logs[0], func(d []byte) []byte {
			return bytes.Replace(d, []byte(`"run-1"`), []byte(`"run-7"`), 1)
		}, logs[0], "digest does not fit"},
	} {
		sound, err := os.ReadFile(c.path)
		if err != nil {
			t.Fatal(err)
		}
		if err = os.Remove(c.path); c.damage != nil {
			err = os.WriteFile(c.path, c.damage(sound), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		code, out := w.backup(strings.ReplaceAll(name, " ", "-"), "-restore", dir)
		if code != 1 || !strings.Contains(out, c.names) || !strings.Contains(out, c.says) ||
			!strings.Contains(out, "objects copied") {
			t.Errorf("%s: exit %d\n%s", name, code, out)
		}
		if err := os.WriteFile(c.path, sound, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if code, out := w.backup("sound", "-restore", dir); code != 0 {
		t.Errorf("a sound backup: exit %d\n%s", code, out)
	}
}

// TestRestoreOfAHeadThatIsBehind: a run committed while the backup was made. That is no
// damage.
func TestRestoreOfAHeadThatIsBehind(t *testing.T) {
	t.Parallel()
	w, dir := newFixture(t), t.TempDir()
	w.mustCommit("live")
	w.mustCommit("live")
	if code, out := w.backup("live", dir); code != 0 {
		t.Fatal(out)
	}
	derived := map[string][]byte{}
	for _, name := range []string{"head.json", "index.ndjson"} {
		data, err := os.ReadFile(filepath.Join(dir, "v1", region, name))
		if err != nil {
			t.Fatal(err)
		}
		derived[name] = data
	}
	w.mustCommit("live")
	if code, out := w.backup("live", dir); code != 0 {
		t.Fatal(out)
	}
	for _, name := range []string{"index.ndjson", "head.json"} { // first the index alone, then both
		if err := os.WriteFile(filepath.Join(dir, "v1", region, name), derived[name], 0o644); err != nil {
			t.Fatal(err)
		}
		prefix := "behind-" + name
		if code, out := w.backup(prefix, "-restore", dir); code != 0 || !strings.Contains(out, "verify -cloud -repair") {
			t.Errorf("%s: exit %d\n%s", prefix, code, out)
		}
		w.verify(prefix, "-repair")
	}
}

// TestBackupDuringRuns copies while runs commit: whatever moment each object
// is of, the copy is whole, up to a head that verify makes level with the log.
func TestBackupDuringRuns(t *testing.T) {
	t.Parallel()
	const copies = 3
	w, dir := newFixture(t), t.TempDir()
	w.mustCommit("live")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 20 {
			if _, err := w.commit("live"); err != nil {
				t.Error(err)
			}
		}
	}()
	for i := range copies {
		if code, out := w.backup("live", filepath.Join(dir, fmt.Sprint(i))); code != 0 {
			t.Error(out)
		}
	}
	<-done
	for i := range copies {
		prefix := fmt.Sprint("copy-", i)
		if code, out := w.backup(prefix, "-restore", filepath.Join(dir, fmt.Sprint(i))); code != 0 {
			t.Fatal(out)
		}
		w.verify(prefix, "-repair")
		w.verify(prefix)
	}
}

func TestBackupRefusesWrongArguments(t *testing.T) {
	t.Parallel()
	w, dir := newFixture(t), t.TempDir()
	w.mustCommit("live")
	for name, tc := range map[string]struct {
		prefix string
		args   []string
		code   int
		says   string
	}{
		"no directory":              {"live", nil, 2, "name one directory"},
		"two directories":           {"live", []string{"a", "b"}, 2, "name one directory"},
		"an unknown flag":           {"live", []string{"-to", dir}, 2, "flag provided but not defined"},
		"nothing to copy":           {"elsewhere", []string{dir}, 1, `nothing is stored below "elsewhere/v1/"`},
		"no backup":                 {"elsewhere", []string{"-restore", dir}, 1, "reading the backup"},
		"a bucket that is in use":   {"live", []string{"-restore", dir}, 1, `objects below "live/v1/" already`},
		"a file where DIR would be": {"live", []string{"backup_test.go"}, 1, "backup_test.go"},
	} {
		if code, out := w.backup(tc.prefix, tc.args...); code != tc.code || !strings.Contains(out, tc.says) {
			t.Errorf("%s: %d %s", name, code, out)
		}
	}
	var out bytes.Buffer
	if code := run(t.Context(), []string{dir}, []string{"OSS_BUCKET=bucket", "FC_REGION=" + region}, &out,
		&out); code != 1 || !strings.Contains(out.String(), "are not set") {
		t.Errorf("without credentials: %d %s", code, out.String())
	}
	if code := run(t.Context(), []string{"-h"}, nil, &out, &out); code != 0 ||
		!strings.Contains(out.String(), "Usage: go run ./scripts/operate/backup") {
		t.Error(out.String())
	}
}

// TestStoreThatFails breaks every request of a copy once. A copy that failed
// is completed by the next.
func TestStoreThatFails(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.mustCommit("live")
	w.mustCommit("live")
	for _, key := range []string{"live/aliases.json", "live/notify.json"} {
		if err := w.bucket().Put(t.Context(), key, []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	for k := 1; ; k++ {
		dir, n, broke := t.TempDir(), 0, false
		w.oss.SetFault(func(osstest.Request) *osstest.Fault {
			if n++; n == k {
				broke = true
				return &osstest.Fault{Status: 403, Code: "AccessDenied"}
			}
			return nil
		})
		code, out := w.backup("live", dir)
		w.oss.SetFault(nil)
		if !broke {
			if k < 8 || code != 0 {
				t.Errorf("a copy makes %d requests: %s", k-1, out)
			}
			return
		}
		if code != 1 || !strings.Contains(out, "backup: ") {
			t.Errorf("request %d: %d %s", k, code, out)
		}
		if code, out := w.backup("live", dir); code != 0 {
			t.Errorf("after request %d: %s", k, out)
		}
		_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || strings.HasSuffix(path, partialSuffix) {
				t.Error(path, errors.Join(err))
			}
			return nil
		})
	}
}
