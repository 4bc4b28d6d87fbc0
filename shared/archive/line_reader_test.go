package archive_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
	"community-images/shared/archive/fsck"
)

const wholeFile = 1 << 30 // is a piece that no log here fills

// newPiecedArchive returns an archive that reads the log so many bytes at a time.
func newPiecedArchive(bucket archive.Reader, keys archive.Keys, piece int64) *archive.Archive {
	return setPieceSize(archive.New(bucket, keys), piece)
}

func setPieceSize(a *archive.Archive, piece int64) *archive.Archive {
	return archive.InPieces(a, piece, wholeFile)
}

// readEverything renders all that a reader finds, also with an error.
func readEverything(a *archive.Archive, known *archive.Region) string {
	ctx := context.Background()
	var out strings.Builder
	show := func(what string, r *archive.Region, err error) {
		text, _ := json.Marshal(r)
		fmt.Fprintf(&out, "%s: %s %v\n", what, text, err)
	}
	lines := func(what string, l *format.Commit, err error) {
		text, _ := json.Marshal(l)
		fmt.Fprintf(&out, "%s: %s %v\n", what, text, err)
	}
	now, err := a.Now(ctx, region, nil)
	show("now", now, err)
	since, err := a.Now(ctx, region, known)
	show("since", since, err)
	audit, err := fsck.Verify(ctx, a, region)
	fmt.Fprintf(&out, "verify: %+v %v\n", audit, err)
	if now == nil {
		return out.String()
	}
	for n := max(0, now.Sequence-20); n < now.Sequence; n++ { // a log may say that it begins with any number
		r, err := a.AtSequence(ctx, now, n)
		show(fmt.Sprint("commit ", n), r, err)
		for l, err := range a.Commits(ctx, now, n) {
			lines(fmt.Sprint("from ", n), l, err)
		}
	}
	r, err := a.At(ctx, now, now.CommittedAt.Add(-time.Millisecond))
	show("before", r, err)
	return out.String()
}

// damages are what may have become of a log of three lines.
var damages = map[string]func(log []byte) []byte{
	"it is sound":                  func(log []byte) []byte { return log },
	"it is gone":                   func([]byte) []byte { return nil },
	"it is empty":                  func([]byte) []byte { return []byte{} },
	"a torn line":                  func(log []byte) []byte { return append(log, `{"Sequence":3,"Prev`...) },
	"a torn line with its end":     func(log []byte) []byte { return append(log, "{\"Sequence\":3,\n"...) },
	"torn lines after the last":    func(log []byte) []byte { return append(log, "{\n\n{\n{"...) },
	"a second copy of everything":  func(log []byte) []byte { return append(log, log...) },
	"a last line without its end":  func(log []byte) []byte { return log[:len(log)-1] },
	"a last line without its half": func(log []byte) []byte { return log[:len(log)-200] },
	"blank lines within": func(log []byte) []byte {
		return bytes.ReplaceAll(log, []byte("\n"), []byte("\n\n\n"))
	},
	"bytes before the first":    func(log []byte) []byte { return append([]byte("{\"Seq\n"), log...) },
	"a bit is flipped":          func(log []byte) []byte { log[len(log)/2] ^= 1; return log },
	"a line end is flipped":     func(log []byte) []byte { log[bytes.IndexByte(log, '\n')] ^= 1; return log },
	"the first line is missing": func(log []byte) []byte { return log[bytes.IndexByte(log, '\n')+1:] },
	"it is cut in the middle":   func(log []byte) []byte { return log[:len(log)/2] },
	"it is something else":      func([]byte) []byte { return bytes.Repeat([]byte{'x'}, 2000) },
}

// TestPiecesReadAsAWhole: in whatever pieces a log is read, all that is found is
// the same, errors too.
func TestPiecesReadAsAWhole(t *testing.T) {
	t.Parallel()
	var known *archive.Region
	sound := newHistory(t, func(b *fixture) {
		if known == nil {
			known = b.readNow()
		}
	})
	for name, spoil := range damages {
		for _, key := range []string{logKey11, logKey12} {
			for _, withHead := range []bool{true, false} {
				b := sound.clone()
				b.putObject(key, spoil(b.readObject(key)))
				if !withHead {
					b.putObject(headKey, nil)
				}
				size := int64(len(b.mem.Objects()[key]))
				want := readEverything(newPiecedArchive(b.mem, b.keys, wholeFile), known)
				for _, piece := range []int64{1, 7, 64, 701, size/2 + 1, size - 1, size, size + 1} {
					if piece < 1 || piece == 1 && raceEnabled {
						continue
					}
					if diff := cmp.Diff(want, readEverything(newPiecedArchive(b.mem, b.keys, piece),
						known)); diff != "" {
						t.Errorf("%s: %s, head %v, in pieces of %d bytes (-whole +pieces):\n%s", key[len(key)-14:],
							name, withHead, piece, diff)
						break
					}
				}
			}
		}
	}
}

// TestRequestsOfPieces pins that a log which is smaller than a piece takes one
// request, and that no piece is asked for that is not needed.
func TestRequestsOfPieces(t *testing.T) {
	t.Parallel()
	b := newHistory(t)
	now := b.readNow()
	size := len(b.readObject(logKey11))
	first := bytes.IndexByte(b.readObject(logKey11), '\n') + 1
	second := first + bytes.IndexByte(b.readObject(logKey11)[first:], '\n') + 1
	for name, c := range map[string]struct {
		piece int
		upTo  int64 // the commit; the third is the last, a seal
		want  []int // the bytes of each request
	}{
		"a piece that is larger":        {size + 1, 3, []int{size}},
		"its end is not looked for":     {size + 1, 99, []int{size}},
		"a piece that is the log":       {size, 3, []int{size}},
		"its end is known":              {size, 99, []int{size}},
		"a piece that is smaller":       {size - 1, 99, []int{size - 1, 1}},
		"the first line is a piece":     {first, 1, []int{first}},
		"the second is in the next":     {first, 2, []int{first, size - first}},
		"the second ends with a piece":  {second, 2, []int{second}},
		"the second ends behind one":    {second - 1, 2, []int{second - 1, size - second + 1}},
		"the first line ends behind it": {first - 1, 1, []int{first - 1, min(first-1, size-first+1)}},
	} {
		b.mem.Requests()
		for l, err := range newPiecedArchive(b.mem, b.keys, int64(c.piece)).Commits(context.Background(), now, 1) {
			if err != nil {
				t.Fatal(err)
			}
			if l.Sequence == c.upTo {
				break
			}
		}
		var got, want []string
		for request := range strings.Lines(b.mem.Requests()) {
			if strings.Contains(request, logKey11) {
				got = append(got, strings.TrimSpace(request))
			}
		}
		at := 0
		for _, n := range c.want {
			want = append(want, fmt.Sprintf("get %s from %d: %d bytes", logKey11, at, n))
			at += n
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestLineThatIsTooLong: neither is one read nor written.
func TestLineThatIsTooLong(t *testing.T) {
	t.Parallel()
	b := newHistory(t)
	longest := 0
	for line := range bytes.Lines(b.readObject(logKey11)) {
		longest = max(longest, len(line))
	}
	ctx := context.Background()
	for piece := range map[int64]bool{100: true, wholeFile: true} {
		now, err := archive.InPieces(archive.New(b.mem, b.keys), piece, longest).Now(ctx, region, nil)
		if err != nil || now.Sequence != 5 {
			t.Fatal(now, err)
		}
		if r, err := archive.InPieces(archive.New(b.mem, b.keys), piece, longest).AtSequence(ctx, now, 2); err != nil ||
			r.Sequence != 2 {
			t.Errorf("in pieces of %d bytes a line of just the limit: %v", piece, err)
		}
		strict := archive.InPieces(archive.New(b.mem, b.keys), piece, longest-1)
		var damaged *format.DamagedError
		if _, err := strict.AtSequence(ctx, now, 2); !errors.As(err, &damaged) || damaged.Key != logKey11 ||
			!strings.Contains(err.Error(), fmt.Sprintf("a line of more than %d bytes", longest-1)) {
			t.Errorf("in pieces of %d bytes: %v", piece, err)
		}
		if audit, err := fsck.Verify(ctx, strict, region); err != nil || len(audit.Findings) == 0 ||
			!strings.Contains(audit.Findings[0].String(), "line 1: it has a line of more than") &&
				!strings.Contains(audit.Findings[0].String(), "line 2: it has a line of more than") {
			t.Errorf("in pieces of %d bytes verify finds %v, %v", piece, audit, err)
		}
	}
	before := b.readObject(logKey12)
	archive.InPieces(b.writer.Archive, wholeFile, 600)
	base := b.loadBase()
	_, err := b.writer.Commit(ctx, base, b.newRun(b.newCheck(base, scopeOf("", ""), strings.Repeat("x", 600))))
	if err == nil || !strings.Contains(err.Error(), "a line of the log may have 600") ||
		!bytes.Equal(before, b.readObject(logKey12)) {
		t.Errorf("committing a line that is too long: %v", err)
	}
}

// TestCommitsAreYieldedWhileTheLogIsRead: with the first line no more than its
// piece has been read, and who wants no more reads no more.
func TestCommitsAreYieldedWhileTheLogIsRead(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	for i := range 40 {
		b.commitStep(fmt.Sprint("v", i))
	}
	now, a := b.readNow(), newPiecedArchive(b.mem, b.keys, 4000)
	b.mem.Requests()
	n := 0
	for l, err := range a.Commits(context.Background(), now, 1) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 2 {
			break
		}
		if read := strings.Count(b.mem.Requests(), "\n") + 1; read > 1 {
			t.Errorf("%d requests before commit %d", read, l.Sequence)
		}
	}
	if rest := b.mem.Requests(); n != 2 || rest != "" {
		t.Errorf("after %d lines it reads on: %s", n, rest)
	}
}

// checkPrefix reads the lines of a region and demands that they are those of the
// truth, in order and without a gap, to the last or up to an error.
func checkPrefix(t *testing.T, what string, truth []string, lines func(yield func(*format.Commit, error) bool)) (n int,
	err error) {
	t.Helper()
	last := int64(0)
	for l, err := range lines {
		if err != nil {
			return n, err
		}
		if l.Sequence > int64(len(truth)) || renderCommit(l) != truth[l.Sequence-1] || n > 0 && l.Sequence != last+1 {
			t.Errorf("%s: after commit %d another one than there was: %s", what, last, renderCommit(l))
		}
		last = l.Sequence
		n++
	}
	if last < int64(len(truth)) {
		t.Errorf("%s: the last commit is %d, not %d, and there is no error", what, last, len(truth))
	}
	return n, nil
}

// renderCommit renders what a commit says. Whether it states a digest only the line after it
// proves: a line of an earlier program has none.
func renderCommit(l *format.Commit) string {
	bare := *l
	bare.Digest = ""
	text, _ := json.Marshal(bare)
	return string(text)
}

// renderHistory returns the lines of a region as they are stored.
func (b *fixture) renderHistory(now *archive.Region) (truth []string) {
	b.t.Helper()
	for l, err := range archive.New(b.mem, b.keys).Commits(context.Background(), now, 1) {
		if err != nil {
			b.t.Fatal(err)
		}
		truth = append(truth, renderCommit(l))
	}
	return truth
}

// TestEveryPieceDamaged meets each piece of a month in turn with each fault.
func TestEveryPieceDamaged(t *testing.T) {
	t.Parallel()
	b := newHistory(t)
	now := b.readNow()
	truth := b.renderHistory(now)
	size := len(b.readObject(logKey11))
	const piece = 300
	faults := map[string]buckettest.Fault{
		"it is not answered": {Err: buckettest.ErrInjected},
		"it is slow":         {Hang: true},
		"it is empty":        {Change: buckettest.Cut(0)},
		"it is cut":          {Change: buckettest.Cut(150)},
		"its last is cut":    {Change: buckettest.Cut(piece - 1)},
	}
	for at := range 10 {
		faults[fmt.Sprint("byte ", at*30, " is flipped")] = buckettest.Fault{Change: buckettest.Flip(at * 30)}
	}
	for name, fault := range faults {
		for k := 0; k*piece < size; k++ {
			faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
				if op.Key != logKey11 || op.At != int64(k*piece) {
					return nil
				}
				return &fault
			})
			what := fmt.Sprintf("piece %d: %s", k, name)
			a := newPiecedArchive(faulty, b.keys, piece)
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			if fault.Hang {
				cancel()
				ctx, cancel = context.WithTimeout(context.Background(), 5*time.Millisecond)
			}
			_, err := checkPrefix(t, what, truth, a.Commits(ctx, now, 1))
			checkFaultError(t, what, fault, err)
			r, err := a.AtSequence(ctx, now, 3)
			if err == nil && (r.Sequence != 3 || r.CommittedAt.IsZero()) {
				t.Errorf("%s: commit 3 is %d", what, r.Sequence)
			}
			checkFaultError(t, what, fault, err)
			if audit, err := fsck.Verify(ctx, a, region); err == nil && len(audit.Findings) == 0 && fault.Change != nil &&
				audit.Commits != 5 {
				t.Errorf("%s: verify finds %+v", what, audit)
			}
			cancel()
		}
	}
}

// checkFaultError demands the error that a fault must end in. What arrives otherwise
// than it is stored is damaged, unless it arrives so where it does not matter.
func checkFaultError(t *testing.T, what string, fault buckettest.Fault, err error) {
	t.Helper()
	var damaged *format.DamagedError
	switch {
	case fault.Err != nil && !errors.Is(err, fault.Err),
		fault.Hang && !errors.Is(err, context.DeadlineExceeded),
		fault.Change != nil && err != nil && !errors.As(err, &damaged):
		t.Errorf("%s: error %v", what, err)
	}
}
