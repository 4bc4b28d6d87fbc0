package main

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func firstHalf(data []byte) []byte    { return data[:len(data)/2] }
func removed([]byte) []byte           { return nil }
func twice(data []byte) []byte        { return append(data, data...) }
func withTornLine(data []byte) []byte { return append(data, `{"Seq`...) }
func foreignContent([]byte) []byte    { return []byte("x") }

// golden lists directories, what is wrong with them and which runs are made
// of the command; "+48h" lets time pass.
var golden = []struct {
	name  string
	spoil func(*fixture)
	runs  []string
}{
	{"a sound archive", func(*fixture) {}, []string{"", "-region cn-beijing", "-repair", "-region cn-nowhere"}},
	{"a snapshot is missing", func(w *fixture) {
		w.changeObject(w.snapshotKey("of-november"), removed)
	}, []string{"", "-repair"}},
	{"a snapshot is cut", func(w *fixture) {
		w.changeObject(w.snapshotKey("of-august"), firstHalf)
	}, []string{"", "-gc"}},
	{"a month in the middle is missing", func(w *fixture) { w.changeObject(log09, removed) }, []string{"", "-repair"}},
	{"a line is torn", func(w *fixture) { w.changeObject(log11, withTornLine) }, []string{"", "-repair", "-gc"}},
	{"an append was stored twice", func(w *fixture) { w.changeObject(log11, twice) }, []string{"", "-gc"}},
	{"the last month is cut", func(w *fixture) { w.changeObject(log11, firstHalf) }, []string{"", "-repair"}},
	{"the head is missing", func(w *fixture) { w.changeObject(headKey, removed) }, []string{"", "-repair", ""}},
	{"the head is cut", func(w *fixture) {
		w.changeObject(headKey, firstHalf)
	}, []string{"-gc-dry-run", "-repair", ""}},
	{"the head is behind", func(w *fixture) {
		w.changeObject(headKey, func([]byte) []byte { return w.previousHead })
	}, []string{"", "-repair", ""}},
	{"the index is missing", func(w *fixture) { w.changeObject(indexKey, removed) }, []string{"", "-repair", ""}},
	{"the index is cut", func(w *fixture) { w.changeObject(indexKey, firstHalf) }, []string{"", "-repair", ""}},
	{"the index is behind", func(w *fixture) {
		w.changeObject(indexKey, func([]byte) []byte { return w.previousIndex })
	}, []string{"", "-repair", ""}},
	{"the log is a copy that another tool made", func(w *fixture) {
		w.makeNormal(log11)
	}, []string{"", "-gc-dry-run", "-repair", ""}},
	{"an older month is a copy that another tool made", func(w *fixture) { w.makeNormal(log09) }, []string{""}},
	{"a rewriting of the log was killed when it had removed the log", func(w *fixture) {
		log, _ := os.ReadFile(w.path(log11))
		w.store(log11+".copy", log, w.now)
		w.store(log11, nil, w.now)
	}, []string{"", "-repair", ""}},
	{"a region of format 1", func(w *fixture) { w.storeFormat1() }, []string{"", "-repair", "-gc"}},
	{"a foreign object", func(w *fixture) { w.changeObject(root+"notes.txt", foreignContent) }, []string{""}},
	{"aliases", func(w *fixture) {
		w.store(aliasKey, []byte(`{"Aliases":[{"Name":"newest","RegionId":"cn-hangzhou","Lookup":"sort=-Size"}]}`), w.now)
	}, []string{""}},
	{"aliases with faults", func(w *fixture) {
		w.store(aliasKey, []byte(`{"Aliases":[{"Name":"Newest","RegionId":"cn-moon","Lookup":"sort=-Sizes&limit=1",`+
			`"Pin":{"ImageId":"m-1"}}]}`), w.now)
	}, []string{"", "-region cn-hangzhou"}},
	{"subscriptions to messages", func(w *fixture) {
		w.store("community-images/notify.json", []byte(`{"Subscriptions":[`+
			`{"Name":"ops","Kind":"slack","Url":"https://example.com/x"}]}`), w.now)
		w.store("community-images/notify/cursors/ops.json", []byte(`{"Format":1,"Name":"ops"}`), w.now)
		w.store("community-images/notify/cursors/gone.json", []byte(`{"Format":1,"Name":"gone"}`), w.now)
		w.store("community-images/notify/status.json", []byte(`{"Format":7}`), w.now)
	}, []string{"", "-region cn-hangzhou -gc"}},
	{"subscriptions with faults", func(w *fixture) {
		w.store("community-images/notify.json", []byte(`{"Subscriptions":[{"Name":"ops","Kind":"pigeon",`+
			`"Url":"http://keyOfUrl","Filter":{"Size__gt":"big","sort":"Size"}}]}`), w.now)
		w.store("community-images/notify/cursors/ops.json", []byte(`{"Format":1,"Name":"other"}`), w.now)
	}, []string{""}},
	{"an orphan of today", func(w *fixture) { w.storeOrphan(w.now) }, []string{"", "-region cn-hangzhou -gc-dry-run"}},
	{
		"an old orphan, and months that have expired", func(w *fixture) { w.storeOrphan(w.now.AddDate(0, 0, -3)) },
		[]string{"-region cn-hangzhou -gc-dry-run", "-region cn-hangzhou -gc", "+48h", "-region cn-hangzhou -gc",
			"-region cn-hangzhou -gc"},
	},
}

// TestGolden drives the command on directories with every fault. The golden
// file is rewritten by -update.
func TestGolden(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, c := range golden {
		w := newFixture(t)
		c.spoil(w)
		fmt.Fprintf(&got, "== %s\n", c.name)
		for _, args := range c.runs {
			if after, ok := strings.CutPrefix(args, "+"); ok {
				d, err := time.ParseDuration(after)
				if err != nil {
					t.Fatal(err)
				}
				w.now = w.now.Add(d)
				fmt.Fprintf(&got, "(%s later)\n", after)
				continue
			}
			before := w.readAll()
			got.WriteString(w.verify(args))
			if writes := strings.HasSuffix(args, "-gc") || args == "-repair"; !writes &&
				!maps.Equal(before, w.readAll()) {
				t.Errorf("%s: verify %s changes what is stored", c.name, args)
			}
		}
		got.WriteByte('\n')
	}
	const file = "testdata/verify.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]struct {
		code int
		says string
	}{
		"-h":                             {0, "Verifies everything"},
		"-no":                            {2, "not defined"},
		"cn-hangzhou":                    {2, "unexpected argument"},
		"-gc -gc-dry-run":                {2, "exclude each other"},
		"-cloud -data x":                 {2, "exclude each other"},
		"-region ../x":                   {2, "-region"},
		"-aliases x -cloud":              {2, "-aliases excludes all other flags"},
		"-aliases testdata/none":         {1, "testdata/none"},
		"-aliases verify.go":             {1, "fault  verify.go: the file must be JSON, but line 1 has"},
		"-aliases testdata/aliases.json": {0, "testdata/aliases.json: 1 definition, 0 faults"},
		"-data testdata/none":            {1, "does not belong to a local run"},
		"-cloud":                         {1, "OSS_BUCKET"},
		"-cloud -region cn-hangzhou":     {1, "OSS_BUCKET"},
	} {
		var out bytes.Buffer
		code := process{out: &out, stderr: &out, now: time.Now}.run(t.Context(), strings.Fields(args))
		if code != want.code || !strings.Contains(out.String(), want.says) {
			t.Errorf("verify %s says %q, exit %d; want %q, exit %d", args, out.String(), code, want.says, want.code)
		}
	}
}

func TestCloudNeedsCredentials(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	environ := []string{"OSS_BUCKET=some-bucket", "EHPC_REGIONS=cn-hangzhou"}
	code := process{environ: environ, out: &out, stderr: &out, now: time.Now}.run(t.Context(), []string{"-cloud"})
	if code != 1 || !strings.Contains(out.String(), "ALIBABA_CLOUD_ACCESS_KEY_ID") {
		t.Errorf("without credentials: %q, exit %d", out.String(), code)
	}
}

func TestDirectoryInUse(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	p, err := openDirectory(w.dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if _, err := openDirectory(w.dir, nil); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a directory in use is opened: %v", err)
	}
}

func TestNothingStored(t *testing.T) {
	t.Parallel()
	w := &fixture{t: t, dir: t.TempDir(), now: time.Now()}
	if err := os.MkdirAll(w.path(""), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := w.verify(""); !strings.Contains(got, "nothing is stored") || !strings.Contains(got, "exit 1") {
		t.Errorf("an empty directory: %s", got)
	}
}
