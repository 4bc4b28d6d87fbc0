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
	files := [][]byte{b.readObject(logKey11)}
	if next := b.mem.Objects()[logKey12]; next != nil {
		files = append(files, next)
	}
	checkChain(b.t, files...)
}

// brokenRun is a kind of run that is broken at each of its calls.
type brokenRun struct {
	name string
	// start is when the run before it was; the broken run comes an hour later.
	start time.Time
	// indexLag and checkpoints are as in SetDistances; 0 means the usual ones.
	indexLag, checkpoints int64
	// ends says that the broken run ends a scope, whose last content it reads.
	ends bool
}

var brokenRuns = []brokenRun{
	{name: "within a month", start: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)},
	{name: "a month begins", start: time.Date(2026, 11, 30, 22, 30, 0, 0, time.UTC)},
	{name: "each run indexes its month", start: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), indexLag: 1,
		checkpoints: 1},
	{name: "a scope ends", start: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), ends: true},
}

// newFixture returns what is stored before the broken run.
func (kind brokenRun) newFixture(t *testing.T) *fixture {
	b := newFixture(t)
	b.now = kind.start.Add(-time.Hour)
	b.writer = kind.newWriter(b, b.mem)
	if _, err := b.commitTwoScopes(b.writer, "v1"); err != nil {
		t.Fatal(err)
	}
	if kind.ends {
		base := b.loadBase()
		b.commit(base, b.newRun(b.newCheck(base, scopeOf("ehpc-2", ""), "x")))
	}
	return b
}

// newWriter returns a writer of this kind of run.
func (kind brokenRun) newWriter(b *fixture, bucket archive.Bucket) *archive.Writer {
	w := archive.NewWriter(bucket, b.keys, func() time.Time { return b.now })
	if kind.indexLag > 0 {
		w.SetDistances(kind.indexLag, kind.checkpoints)
	}
	return w
}

// commit makes the run with a writer whose calls may fail.
func (kind brokenRun) commit(b *fixture, ctx context.Context, w *archive.Writer) (archive.Result, error) {
	b.now = b.now.Add(time.Hour)
	base, err := w.Load(ctx, region)
	if err != nil {
		return archive.Result{}, err
	}
	run := b.newRun(b.newCheck(base, scopeOf("", ""), "a", "v2"), b.newCheck(base, scopeOf("ehpc-1", ""), "v2"))
	if kind.ends {
		run.Ended = append(run.Ended, scopeOf("ehpc-2", ""))
	}
	return w.Commit(ctx, base, run)
}

// checkNextRun makes the run after a broken one, and checks that everything is whole again.
func (kind brokenRun) checkNextRun(b *fixture, what string) {
	b.t.Helper()
	b.now = b.now.Add(time.Hour)
	base := b.loadBase()
	run := b.newRun(b.newCheck(base, scopeOf("", ""), "a", "v3"), b.newCheck(base, scopeOf("ehpc-1", ""), "v3"))
	if _, known := base.Scope(scopeOf("ehpc-2", "")); known {
		run.Ended = append(run.Ended, scopeOf("ehpc-2", ""))
	}
	b.commit(base, run)
	b.checkVersions("v3")
	a := archive.New(b.mem, b.keys)
	checkHistoryReaders(b.t, what, a, b.readNow(), b.readLog())
	if audit := b.verifyRegion(); len(audit.Findings) > 0 || len(audit.Orphans) > 2 {
		b.t.Errorf("%s: after the next run: %+v", what, audit)
	}
}

// TestEveryCallBrokenBothWays breaks each call of a run in turn, once so that
// it does not take place and once so that it does and says otherwise.
func TestEveryCallBrokenBothWays(t *testing.T) {
	t.Parallel()
	for _, kind := range brokenRuns {
		for _, applied := range []bool{false, true} {
			for k := 1; ; k++ {
				b := kind.newFixture(t)
				broken := ""
				faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
					if op.N != k {
						return nil
					}
					broken = op.Verb + " " + op.Key
					return &buckettest.Fault{Err: buckettest.ErrInjected, Applied: applied}
				})
				res, err := kind.commit(b, context.Background(), kind.newWriter(b, faulty))
				if broken == "" {
					if k < 8 {
						t.Errorf("%s: a run has only %d calls", kind.name, k-1)
					}
					break
				}
				what := fmt.Sprintf("%s: call %d, %s, applied %v: %v", kind.name, k, broken, applied, err)
				switch {
				case kind.ends: // the third scope may be there or not
				case err != nil && res.Commit == nil:
					b.checkVersions("v1", "v2") // not published, or not known to be
				case strings.HasPrefix(broken, "create") && res.Counts.Failed == 1: // its scope failed alone
				default:
					b.checkVersions("v2")
				}
				kind.checkNextRun(b, what)
			}
		}
	}
}

// TestRunThatDiesAtEveryCall stops a run for good at each of its calls, before
// and after it took place.
func TestRunThatDiesAtEveryCall(t *testing.T) {
	t.Parallel()
	for _, kind := range brokenRuns {
		for _, applied := range []bool{false, true} {
			for k := 1; ; k++ {
				b := kind.newFixture(t)
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
				_, _ = kind.commit(b, ctx, kind.newWriter(b, faulty))
				die()
				if !died {
					break
				}
				if !kind.ends {
					b.checkVersions("v1", "v2")
				}
				kind.checkNextRun(b, fmt.Sprintf("%s: died at call %d, applied %v", kind.name, k, applied))
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
