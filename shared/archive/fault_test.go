package archive_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
)

// commitTwoScopes commits a run that changes two scopes, on top of what is stored.
func (b *fixture) commitTwoScopes(w *archive.Writer, version string) (archive.Result, error) {
	b.t.Helper()
	b.now = b.now.Add(time.Hour)
	ctx := context.Background()
	base, err := w.Load(ctx, region)
	if err != nil {
		return archive.Result{}, err
	}
	return w.Commit(ctx, base, b.newRun(b.newCheck(base, scopeOf("", ""), "a", version),
		b.newCheck(base, scopeOf("ehpc-1", ""), version)))
}

// checkVersions checks that a fresh reader sees one whole commit, with or
// without the head, and that the log keeps the law.
func (b *fixture) checkVersions(version ...string) {
	b.t.Helper()
	for range 2 {
		r, err := archive.New(b.bucket, b.keys).Now(context.Background(), region, nil)
		if err != nil {
			b.t.Fatal(err)
		}
		got, ok := b.renderContents(r), false
		for _, v := range version {
			ok = ok || got == fmt.Sprintf("_any/_any ok a= %s=\nehpc-1/_any ok %s=\n", v, v)
		}
		if !ok {
			b.t.Errorf("a reader sees\n%swant the whole of one of %q", got, version)
		}
		head := b.mem.Objects()[headKey]
		b.putObject(headKey, nil)
		defer b.putObject(headKey, head)
	}
	checkChain(b.t, b.readObject(logKey11))
}

// TestEveryCallBrokenBothWays breaks each call of a run in turn, once so that
// it does not take place and once so that it does and says otherwise.
func TestEveryCallBrokenBothWays(t *testing.T) {
	t.Parallel()
	for _, applied := range []bool{false, true} {
		for k := 1; ; k++ {
			b := newFixture(t)
			if _, err := b.commitTwoScopes(b.writer, "v1"); err != nil {
				t.Fatal(err)
			}
			broken := ""
			faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
				if op.N != k {
					return nil
				}
				broken = op.Verb + " " + op.Key
				return &buckettest.Fault{Err: buckettest.ErrInjected, Applied: applied}
			})
			res, err := b.commitTwoScopes(archive.NewWriter(faulty, b.keys, func() time.Time { return b.now }), "v2")
			if broken == "" {
				if k < 8 {
					t.Errorf("a run has only %d calls", k-1)
				}
				break
			}
			t.Logf("call %d, %s, applied %v: %v", k, broken, applied, err)
			switch {
			case err != nil && res.Commit == nil:
				b.checkVersions("v1", "v2") // not published, or not known to be
			case strings.HasPrefix(broken, "create"):
				if res.Counts.Failed == 1 { // its scope failed alone
					break
				}
				b.checkVersions("v2")
			default:
				b.checkVersions("v2")
			}
			if _, err := b.commitTwoScopes(b.writer, "v3"); err != nil {
				t.Errorf("call %d, %s: the next run: %v", k, broken, err)
			}
			b.checkVersions("v3")
			if audit := b.verifyRegion(); len(audit.Findings) > 0 || len(audit.Orphans) > 2 {
				t.Errorf("after the next run: %+v", audit)
			}
		}
	}
}

// TestRunThatDiesAtEveryCall stops a run for good at each of its calls, before
// and after it took place.
func TestRunThatDiesAtEveryCall(t *testing.T) {
	t.Parallel()
	for _, applied := range []bool{false, true} {
		for k := 1; ; k++ {
			b := newFixture(t)
			if _, err := b.commitTwoScopes(b.writer, "v1"); err != nil {
				t.Fatal(err)
			}
			ctx, die := context.WithCancel(context.Background())
			died := false
			faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
				if op.N < k {
					return nil
				}
				first := !died
				died = true
				die()
				return &buckettest.Fault{Err: buckettest.ErrInjected, Applied: applied && first}
			})
			w := archive.NewWriter(faulty, b.keys, func() time.Time { return b.now })
			b.now = b.now.Add(time.Hour)
			if base, err := w.Load(ctx, region); err == nil {
				run := b.newRun(b.newCheck(base, scopeOf("", ""), "a", "v2"),
					b.newCheck(base, scopeOf("ehpc-1", ""), "v2"))
				_, _ = w.Commit(ctx, base, run)
			}
			if !died {
				break
			}
			b.checkVersions("v1", "v2")
			if _, err := b.commitTwoScopes(b.writer, "v3"); err != nil {
				t.Errorf("died at call %d: the next run: %v", k, err)
			}
			b.checkVersions("v3")
			if audit := b.verifyRegion(); len(audit.Findings) > 0 || len(audit.Orphans) > 2 {
				t.Errorf("after the next run: %+v", audit)
			}
		}
	}
}

// TestAppendThatArrivesLate: the first append is reported failed and takes
// place only after its line has been looked for and not found.
func TestAppendThatArrivesLate(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	if _, err := b.commitTwoScopes(b.writer, "v1"); err != nil {
		t.Fatal(err)
	}
	late := &lateAppendBucket{Memory: b.mem}
	if _, err := b.commitTwoScopes(archive.NewWriter(late, b.keys, func() time.Time {
		return b.now
	}), "v2"); err != nil {
		t.Fatal(err)
	}
	b.checkVersions("v2")
	if r := b.readNow(); r.Sequence != 2 || late.appends != 2 {
		t.Errorf("two runs made %d commits, the second with %d appends", r.Sequence, late.appends)
	}
}

// lateAppendBucket holds its first append back until the second comes.
type lateAppendBucket struct {
	*buckettest.Memory
	appends int
	held    func()
}

func (l *lateAppendBucket) Append(ctx context.Context, key string, position int64, data []byte) (int64, error) {
	if l.appends++; l.appends == 1 {
		l.held = func() { _, _ = l.Memory.Append(ctx, key, position, data) }
		return 0, buckettest.ErrInjected
	}
	l.held()
	return l.Memory.Append(ctx, key, position, data)
}

// TestExactRequests pins what a first, an unchanged and a changed run cost.
func TestExactRequests(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	for _, step := range []struct {
		name  string
		specs []string
		want  string
	}{
		{"a first run", []string{"a"}, `
get HEAD: missing
list LOG: 0 keys
create SNAPSHOT
append LOG at 0
put INDEX
get HEAD: missing
put HEAD
get LOG from end: 1 bytes`},
		{"an unchanged run", []string{"a"}, `
get HEAD
get LOG from end: 1 bytes
get HEAD if changed: not modified
put HEAD
get LOG from end: 1 bytes`},
		{"a changed run", []string{"a", "b"}, `
get HEAD
get LOG from end: 1 bytes
get SNAPSHOT
create SNAPSHOT
append LOG at end
get INDEX
put INDEX
get HEAD if changed: not modified
put HEAD
get LOG from end: 1 bytes`},
	} {
		b.mem.Requests()
		b.commitStep(step.specs...)
		if got, want := abbreviateRequests(b.mem.Requests()), strings.TrimPrefix(step.want, "\n"); got != want {
			t.Errorf("%s makes the requests\n%s\nwant\n%s", step.name, got, want)
		}
	}
}

// abbreviateRequests names objects by their kind and leaves out sizes.
func abbreviateRequests(requests string) string {
	var out []string
	for line := range strings.SplitSeq(requests, "\n") {
		words := strings.Split(strings.ReplaceAll(line, ": ", " : "), " ")
		for i, w := range words {
			switch {
			case strings.HasSuffix(w, "head.json"):
				words[i] = "HEAD"
			case strings.HasSuffix(w, "index.ndjson"):
				words[i] = "INDEX"
			case strings.HasSuffix(w, ".ndjson") || strings.HasSuffix(w, "/log/"):
				words[i] = "LOG"
			case strings.Contains(w, "/clusters/"):
				words[i] = "SNAPSHOT"
			case i > 0 && (words[i-1] == "from" || words[i-1] == "at") && w != "0":
				words[i] = "end"
			}
		}
		s := strings.ReplaceAll(strings.Join(words, " "), " : ", ": ")
		if i := strings.LastIndex(s, ": "); strings.HasSuffix(s, " bytes") && !strings.Contains(s, "from") {
			s = s[:i]
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}
