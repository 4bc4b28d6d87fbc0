package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"community-images/scripts/datadir"
	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/fcrun/fctest"
)

func TestMain(m *testing.M) {
	var err error
	if monthPath, err = os.MkdirTemp("", "community-images-month-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := fctest.Run(m)
	_ = os.RemoveAll(monthPath)
	os.Exit(code)
}

// compileOnce returns a builder that compiles once for all tests.
func compileOnce(t *testing.T) builder {
	return func(context.Context, string) (binaries, error) {
		return binaries{fctest.Binary(t, snapshotPackage), fctest.Binary(t, queryPackage)}, nil
	}
}

// newProcess returns a process that runs inside the checkout.
func newProcess(environ []string, out, faults io.Writer, build builder) process {
	return process{environ: environ, dir: ".", stdout: out, stderr: faults, build: build}
}

// TestStartedOutsideTheCheckout must say where to start it, before anything is
// made or built.
func TestStartedOutsideTheCheckout(t *testing.T) {
	t.Parallel()
	var out, faults syncBuffer
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	p := newProcess(nil, &out, &faults, nil)
	p.dir = dir
	code := run(t.Context(), []string{"-once", "-data", data}, p)
	want := "local: " + dir + " is not inside a checkout of community-images: run this in any directory of one\n"
	if _, err := os.Stat(data); code != 1 || faults.String() != want || out.String() != "" || err == nil {
		t.Errorf("exit %d, %s%s", code, out.String(), faults.String())
	}
}

// TestInterruptedAtTheStart presses Ctrl-C before anything was begun.
func TestInterruptedAtTheStart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, faults syncBuffer
	code := run(ctx, []string{"-once", "-data", t.TempDir()}, newProcess(nil, &out, &faults, nil))
	if code != 1 || !strings.HasPrefix(faults.String(), "local: interrupted") {
		t.Errorf("exit %d %s", code, faults.String())
	}
}

// TestDataOfAnotherFormat: a run on what an earlier program has stored names the
// directory to remove. It builds nothing and changes nothing.
func TestDataOfAnotherFormat(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys, err := archive.NewKeys(datadir.Prefix)
	if err != nil {
		t.Fatal(err)
	}
	objects := archivetest.Format1(t, keys)
	path := func(key string) string { return filepath.Join(dir, "oss", datadir.Bucket, filepath.FromSlash(key)) }
	for key, data := range objects {
		if err := os.MkdirAll(filepath.Dir(path(key)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path(key), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out, faults syncBuffer
	code := run(t.Context(), []string{"-once", "-data", dir}, newProcess(fastSettings, &out, &faults, nil))
	want := fmt.Sprintf("local: directory %q has data of format 1, and this program reads format 2: "+
		"remove the directory, or choose another with -data\n", dir)
	if code != 1 || faults.String() != want || out.String() != "" {
		t.Errorf("exit %d\n%s%swant\n%s", code, out.String(), faults.String(), want)
	}
	for key, data := range objects {
		if stored, err := os.ReadFile(path(key)); err != nil || !bytes.Equal(stored, data) {
			t.Errorf("%s has changed: %v", key, err)
		}
	}
}

// syncBuffer is an io.Writer that may be read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *syncBuffer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *syncBuffer) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// fastSettings lift the rate limit of E-HPC, which would only slow the tests down.
var fastSettings = []string{"SNAPSHOT_QPS=1000", "FC_REGION=ignored", "OSS_BUCKET=ignored"}

// TestLaterRunsContinueTheHistory: each run is a tick, and adds a commit. The third tells a
// receiver what it changed, since the second found a subscription.
func TestLaterRunsContinueTheHistory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	received := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		received <- string(body)
	}))
	defer receiver.Close()
	for i, want := range []string{"tick 0 of the embedded E-HPC", "tick 1 of the embedded E-HPC",
		"tick 2 of the embedded E-HPC"} {
		var out, faults syncBuffer
		args := []string{"-once", "-data", dir}
		if i == 0 {
			args = append(args, "-fresh")
		}
		if code := run(t.Context(), args, newProcess(fastSettings, &out, &faults, compileOnce(t))); code != 0 {
			t.Fatalf("run %d: exit %d\n%s%s", i+1, code, out.String(), faults.String())
		}
		for _, says := range []string{want, "REGION  SEQUENCE", "cn-hangzhou", "cn-shanghai", "scopes asked in",
			"stored below", "| jq '"} {
			if !strings.Contains(out.String(), says) {
				t.Errorf("run %d does not say %q:\n%s", i+1, says, out.String())
			}
		}
		rows := regexp.MustCompile(`(?m)^ *cn-\w+ +(\d+) `).FindAllStringSubmatch(out.String(), -1)
		if len(rows) != 2 || rows[0][1] != string(rune('1'+i)) {
			t.Errorf("run %d: sequences %v:\n%s", i+1, rows, out.String())
		}
		if strings.Contains(out.String(), "seed") {
			t.Errorf("run %d seeds a history:\n%s", i+1, out.String())
		}
		checkJQFile(t, out.String())
		if i == 0 {
			subscribe(t, dir, receiver.URL)
		}
	}
	select {
	case body := <-received:
		if !strings.Contains(body, `"specversion":"1.0"`) || !strings.Contains(body, "cn-") {
			t.Errorf("the receiver was told %s", body)
		}
	default:
		t.Error("the receiver was told nothing")
	}
}

// subscribe writes the subscriptions of a local run.
func subscribe(t *testing.T, dir, receiver string) {
	t.Helper()
	file := filepath.Join(dir, "oss", datadir.Bucket, datadir.Prefix, "notify.json")
	text := fmt.Sprintf(`{"Subscriptions": [{"Name": "me", "Kind": "webhook", "Url": %q,
		"Secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}]}`, receiver)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// checkJQFile reads the file that the jq line names.
func checkJQFile(t *testing.T, out string) {
	t.Helper()
	found := regexp.MustCompile(`(?m)^  cat '([^']+)' \| jq`).FindStringSubmatch(out)
	if found == nil {
		t.Errorf("no jq line:\n%s", out)
		return
	}
	data, err := os.ReadFile(found[1])
	if err != nil || !bytes.Contains(data, []byte(`"Images":[{`)) {
		t.Errorf("the object to look at: %v %.80s", err, data)
	}
}

func TestShownExamplesAreAnswered(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, faults syncBuffer
	ended := make(chan int)
	dir := t.TempDir()
	go func() {
		ended <- run(ctx, []string{"-addr", "127.0.0.1:0", "-data", dir, "-every", "1s"},
			newProcess(fastSettings, &out, &faults, compileOnce(t)))
	}()
	waitFor(t, &out, "/v1/status'", ended)
	lines := regexp.MustCompile(`(?m)^  curl '([^']+)'$`).FindAllStringSubmatch(out.String(), -1)
	if len(lines) != 5 {
		t.Fatalf("%d curl lines:\n%s", len(lines), out.String())
	}
	for i, line := range lines {
		body := get(t, line[1])
		if i == 0 && !regexp.MustCompile(`^m-\w+\n$`).MatchString(body) {
			t.Errorf("%s prints %q, not one image id", line[1], body)
		}
		if strings.Contains(line[1], "/v1/changes") && !strings.Contains(body, " removed ") {
			t.Errorf("%s shows nothing that was removed on a fresh run:\n%s", line[1], body)
		}
	}
	checkPastIsAnswered(t, &out)
	// The timer goes on, and a second run keeps off the directory.
	waitFor(t, &out, "scopes asked in 0s", nil, regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d \d+ scopes asked`))
	var other syncBuffer
	if code := run(ctx, []string{"-once", "-data", dir}, newProcess(nil, &other, &other, compileOnce(t))); code != 1 ||
		!strings.Contains(other.String(), "is in use by a local run") {
		t.Errorf("a second run on the directory: exit %d\n%s", code, other.String())
	}
	cancel()
	if code := <-ended; code != 0 || faults.String() != "" ||
		!strings.Contains(out.String(), "ended; the data stays in") {
		t.Errorf("exit %d after Ctrl-C\n%s%s", code, out.String(), faults.String())
	}
}

// TestShownPathsCanBePasted gives the shell a path with quotes, spaces and a
// dollar sign.
func TestShownPathsCanBePasted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), `it's a "test" $HOME`)
	if err := os.WriteFile(path, []byte("read"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", "cat "+shellQuote(path)).CombinedOutput(); err != nil ||
		string(out) != "read" {
		t.Errorf("%s: %v %s", shellQuote(path), err, out)
	}
}

// TestShownExamplesCarryTheToken runs with QUERY_TOKENS: without the header every
// example would be refused.
func TestShownExamplesCarryTheToken(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, faults syncBuffer
	ended := make(chan int)
	const token = "ci_0123456789abcdef"
	env := append(slices.Clone(fastSettings), fmt.Sprintf(`QUERY_TOKENS=[{"name":"me","sha256":"%x"}]`,
		sha256.Sum256([]byte(token))))
	go func() {
		ended <- run(ctx, []string{"-addr", "127.0.0.1:0", "-fresh", "-data", t.TempDir()},
			newProcess(env, &out, &faults, compileOnce(t)))
	}()
	waitFor(t, &out, "/v1/status'", ended)
	lines := regexp.MustCompile(`(?m)^  curl -H "(Authorization): (Bearer )\$TOKEN" '([^']+)'$`).FindAllStringSubmatch(
		out.String(), -1)
	if len(lines) != 5 {
		t.Fatalf("%d curl lines:\n%s", len(lines), out.String())
	}
	for _, line := range lines {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, line[3], nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(line[1], line[2]+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != 200 {
			t.Errorf("%s: %s", line[3], resp.Status)
		}
	}
	cancel()
	<-ended
}

// TestInterruptedWhileAdvancing presses Ctrl-C while the simulated E-HPC moves to
// a far tick, which takes long.
func TestInterruptedWhileAdvancing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tick"), []byte("999999999\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, faults syncBuffer
	build := func(ctx context.Context, dir string) (binaries, error) {
		built, err := compileOnce(t)(ctx, dir)
		time.AfterFunc(100*time.Millisecond, cancel) // the way to that tick takes minutes
		return built, err
	}
	code := run(ctx, []string{"-once", "-fresh", "-data", dir}, newProcess(fastSettings, &out, &faults, build))
	if code != 1 || !strings.Contains(faults.String(), "local: interrupted before the snapshot was done") {
		t.Errorf("exit %d\n%s%s", code, out.String(), faults.String())
	}
	if last, err := os.ReadFile(filepath.Join(dir, "tick")); err != nil || string(last) != "999999999\n" {
		t.Errorf("the tick is %q, %v", last, err)
	}
}

// waitFor waits until the output holds a text, or matches.
func waitFor(t *testing.T, out *syncBuffer, says string, ended <-chan int, or ...*regexp.Regexp) {
	t.Helper()
	deadline := time.After(5 * time.Minute) // the race detector makes seeding ten times as slow
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if strings.Contains(out.String(), says) || len(or) > 0 && or[0].MatchString(out.String()) {
			return
		}
		select {
		case <-tick.C:
		case code := <-ended:
			t.Fatalf("ended with %d before it said %q:\n%s", code, says, out.String())
		case <-deadline:
			t.Fatalf("never said %q:\n%s", says, out.String())
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 200 {
		t.Errorf("%s: %d %s", url, resp.StatusCode, body)
	}
	return string(body)
}

// Each row is a way to call it wrongly, the exit code and what is said.
func TestWrongInputIsRefused(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name  string
		args  []string
		env   []string
		code  int
		says  []string
		lines int // 0: any number
	}{
		{"a port in use", []string{"-addr", taken.Addr().String(), "-data", t.TempDir()}, nil, 1,
			[]string{"local: address " + taken.Addr().String() +
				" is in use; end what uses it, or choose another with -addr"}, 1},
		{"an address that is none", []string{"-addr", "nowhere", "-data", t.TempDir()}, nil, 1,
			[]string{"local: listening: "}, 1},
		{"an unknown flag", []string{"-frobnicate"}, nil, 2,
			[]string{"local: flag provided but not defined: -frobnicate\nlocal: run with -h for the flags\n"}, 2},
		{"an argument", []string{"once"}, nil, 2, []string{`unexpected argument "once": everything is a flag`}, 2},
		{"too fast a timer", []string{"-every", "10ms"}, nil, 2,
			[]string{"-every 10ms is too short; allowed are 1s and longer"}, 2},
		{"a file as the directory", []string{"-once", "-data", file}, nil, 1, []string{"making the data directory"}, 1},
		{"the cloud without anything", []string{"-once", "-cloud", "-data", t.TempDir()}, nil, 1,
			[]string{"-cloud needs OSS_BUCKET", "-cloud needs ALIBABA_CLOUD_ACCESS_KEY_ID",
				"-cloud needs ALIBABA_CLOUD_ACCESS_KEY_SECRET", "-cloud needs EHPC_REGIONS"}, 4},
		{"the cloud with a bad setting", []string{"-once", "-cloud", "-data", t.TempDir()},
			[]string{"OSS_BUCKET=b-1", "EHPC_REGIONS=cn-hangzhou", "ALIBABA_CLOUD_ACCESS_KEY_ID=a",
				"ALIBABA_CLOUD_ACCESS_KEY_SECRET=b", "SNAPSHOT_QPS=x"}, 1,
			[]string{`SNAPSHOT_QPS="x": is not a number in its range`}, 1},
		{"a fresh cloud", []string{"-once", "-cloud", "-fresh", "-data", t.TempDir()}, nil, 2,
			[]string{"-fresh is for the simulation: with -cloud nothing is ever seeded; use one of both"}, 2},
		{"help", []string{"-h"}, nil, 0, []string{"Usage: go run ./scripts/local", "-once", "-cloud", "-every",
			"-addr"}, 0},
	} {
		var out, faults syncBuffer
		code := run(t.Context(), row.args, newProcess(row.env, &out, &faults, nil))
		if code != row.code {
			t.Errorf("%s: exit %d, want %d", row.name, code, row.code)
		}
		for _, says := range row.says {
			if !strings.Contains(faults.String(), says) {
				t.Errorf("%s: does not say %q:\n%s", row.name, says, faults.String())
			}
		}
		if n := strings.Count(faults.String(), "\n"); row.lines > 0 && n != row.lines {
			t.Errorf("%s: %d lines:\n%s", row.name, n, faults.String())
		}
	}
}

func TestDamagedTickIsReported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tick"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, faults syncBuffer
	code := run(t.Context(), []string{"-once", "-fresh", "-data", dir},
		newProcess(fastSettings, &out, &faults, compileOnce(t)))
	if code != 1 || !strings.Contains(faults.String(), "remove the file to begin anew") {
		t.Errorf("exit %d\n%s", code, faults.String())
	}
}

func TestWarningsAreFormattedForAPerson(t *testing.T) {
	t.Parallel()
	log, err := openLog(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.close()
	log.addLine("FC Invoke Start RequestId: 1")
	log.addLine(`{"time":"t","level":"info","message":"snapshot done","functionName":"snapshot"}`)
	for range shownWarnings + 2 {
		log.addLine(`{"time":"t","level":"warn","message":"scope failed","functionName":"snapshot",` +
			`"requestId":"1","scope":"a/b","code":"Throttling"}`)
	}
	shown := log.takeWarnings()
	if len(shown) != shownWarnings+1 || shown[0] != `snapshot: warn: scope failed code="Throttling" scope="a/b"` ||
		!strings.HasPrefix(shown[shownWarnings], "and 2 more in ") {
		t.Errorf("shown: %q", shown)
	}
	if len(log.takeWarnings()) != 0 {
		t.Error("shown twice")
	}
}
