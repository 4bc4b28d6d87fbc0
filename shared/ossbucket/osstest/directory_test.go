package osstest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

func TestObjectsArePlainFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := Start(t, dir)
	b := client(t, e, nil)
	for _, key := range []string{"p/v1/r/head.json", "p/v1/r/clusters/_any/ecs.c7.large/0a.json", "odd key", "a", "a/b",
		".hidden"} {
		if err := b.PutObject(key, strings.NewReader(key)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.AppendObject("p/v1/r/log/2026-11.ndjson", strings.NewReader("{}\n"), 0); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"p/v1/r/head.json":                          "p/v1/r/head.json",
		"p/v1/r/clusters/_any/ecs.c7.large/0a.json": "p/v1/r/clusters/_any/ecs.c7.large/0a.json",
		"p/v1/r/log/2026-11.ndjson":                 "{}\n", "a": "a",
		"%odd/6f6464206b6579~": "odd key", "%odd/612f62~": "a/b", "%odd/2e68696464656e~": ".hidden",
	} {
		if data, err := os.ReadFile(filepath.Join(dir, e.Bucket, filepath.FromSlash(path))); string(data) != want ||
			err != nil {
			t.Errorf("file %s holds %q, %v; want %q", path, data, err, want)
		}
	}
	if left, err := os.ReadDir(filepath.Join(dir, "%tmp")); len(left) != 0 || err != nil {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := client(t, Start(t, dir), nil)
	if err := b.PutObject("normal", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.AppendObject("log", strings.NewReader("one"), 0); err != nil {
		t.Fatal(err)
	}
	before, err := b.GetObjectDetailedMeta("log")
	if err != nil {
		t.Fatal(err)
	}
	b = client(t, Start(t, dir), nil)
	after, err := b.GetObjectDetailedMeta("log")
	if err != nil {
		t.Fatal(err)
	}
	const names = "ETag Last-Modified X-Oss-Object-Type X-Oss-Hash-Crc64ecma X-Oss-Next-Append-Position"
	if pick(before, names) != pick(after, names) {
		t.Errorf("before the restart %s, after it %s", pick(before, names), pick(after, names))
	}
	if next, err := b.AppendObject("log", strings.NewReader("two"), 3); next != 6 || err != nil {
		t.Errorf("appending after the restart: %d, %v", next, err)
	}
	if _, err := b.AppendObject("normal", strings.NewReader("x"), 1); codeOf(err) != "ObjectNotAppendable" {
		t.Errorf("appending to a normal object after the restart: %v", err)
	}
	if err := b.PutObject("normal", strings.NewReader("y"),
		oss.ForbidOverWrite(true)); codeOf(err) != "FileAlreadyExists" {
		t.Errorf("creating what is there after the restart: %v", err)
	}
}

// TestKilledWriterLeavesWholeObjects kills a process that appends lines and
// overwrites an object, again and again, on one directory.
func TestKilledWriterLeavesWholeObjects(t *testing.T) {
	if dir := os.Getenv("OSSTEST_WRITER_DIR"); dir != "" {
		writeForever(t, dir)
		return
	}
	t.Parallel()
	dir := t.TempDir()
	for round := range 12 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWriterLeavesWholeObjects$")
		cmd.Env = append(os.Environ(), "OSSTEST_WRITER_DIR="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged, lines := int64(0), bufio.NewScanner(out)
		for n := 0; n < 3+7*round && lines.Scan(); n++ {
			if acknowledged, err = strconv.ParseInt(lines.Text(), 10, 64); err != nil {
				t.Fatalf("the writer says %q", lines.Text())
			}
		}
		_ = cmd.Process.Kill()
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()

		d, err := newDirectory(dir)
		if err != nil {
			t.Fatal(err)
		}
		o, log, err := d.readObject("bucket", "log")
		if err != nil {
			t.Fatal(err)
		}
		line := int64(len(killedLine))
		if o.Size < acknowledged || o.Size%line != 0 ||
			!bytes.Equal(log, bytes.Repeat([]byte(killedLine), int(o.Size/line))) {
			t.Errorf("%d bytes were acknowledged, the log has %d, %d beyond a line", acknowledged, o.Size, o.Size%line)
		}
		if o.Metadata["X-Oss-Object-Type"] != appendableType {
			t.Errorf("the log is %s", o.Metadata["X-Oss-Object-Type"])
		}
		if _, head, err := d.readObject("bucket", "head"); err != nil || len(head) == 0 ||
			len(bytes.Trim(head, string(head[:1]))) != 0 {
			t.Errorf("the head is torn: %.20q, %v", head, err)
		}
	}
}

const killedLine = "0123456789012345678901234567890123456789\n"

func writeForever(t *testing.T, dir string) {
	d, err := newDirectory(dir)
	if err != nil {
		t.Fatal(err)
	}
	_ = d.CreateBucket("bucket")
	at := int64(0)
	if o, _, err := d.readObject("bucket", "log"); err == nil {
		at = o.Size
	}
	for i := 0; ; i++ {
		head := strings.Repeat(string(rune('a'+i%26)), 1+i%26*4000)
		if err := d.writeObject("bucket", "head", normalMode, []byte(head)); err != nil {
			t.Fatal(err)
		}
		if err := d.appendTo("bucket", "log", at, []byte(killedLine), "", time.Time{}); err != nil {
			t.Fatal(err)
		}
		at += int64(len(killedLine))
		fmt.Println(at)
	}
}

// FuzzPlaces checks that a key's file lies below its bucket and tells the key.
func FuzzPlaces(f *testing.F) {
	for _, key := range []string{"a/b.json", "a//b", "../x", "a/../b", "%odd/61~", ".", "a%", strings.Repeat("x/", 400),
		"C:\\x", "\x00",
		"%odd", "%odd/61~", "a~", "a/", "a/./b", ".a", "-", "a\n", "\xff/\u2028", strings.Repeat("x", 200),
		strings.Repeat("x", 201), strings.Repeat("ü", 100), "a/" + strings.Repeat(".", 3)} {
		f.Add(key)
	}
	d := &directoryStore{"root"}
	f.Fuzz(func(t *testing.T, key string) {
		if key == "" || key[0] == '/' {
			t.Skip("the server refuses such keys")
		}
		for _, path := range []string{d.plain("bucket", key), d.odd("bucket", key)} {
			if path == "" {
				continue
			}
			rel, err := filepath.Rel(filepath.Join("root", "bucket"), path)
			if err != nil || !filepath.IsLocal(rel) {
				t.Fatalf("key %q lies at %q", key, path)
			}
			if back, ok := keyOf(rel); !ok || back != key {
				t.Errorf("key %q lies at %q, which tells %q", key, path, back)
			}
		}
	})
}
