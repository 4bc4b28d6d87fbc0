package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
)

// TestLogAlteredBetweenPieces lets something happen to a month just before each
// of its pieces is read. What is read is what was committed, or an error that
// says what is wrong; nothing is left out without one.
func TestLogAlteredBetweenPieces(t *testing.T) {
	t.Parallel()
	sound := newHistory(t)
	now := sound.readNow()
	truth := sound.renderHistory(now)
	log := sound.readObject(logKey11)
	const piece = 300
	for name, c := range map[string]struct {
		change func(b *fixture)
		may    string // what it may be found to be, and whether a month that does not begin may be passed over
	}{
		"nothing happens":         {func(*fixture) {}, ""},
		"retention removes it":    {func(b *fixture) { b.putObject(logKey11, nil) }, "gone passed over"},
		"it is cut within a line": {func(b *fixture) { b.putObject(logKey11, log[:1000]) }, "damaged"},
		"it is cut at a line end": {func(b *fixture) {
			b.putObject(logKey11, log[:bytes.IndexByte(log, '\n')+1])
		}, "damaged"},
		"it is emptied": {func(b *fixture) { b.putObject(logKey11, []byte{}) }, "damaged"},
		"another log takes its place": {func(b *fixture) {
			b.putObject(logKey11, bytes.ReplaceAll(log, []byte("run-"), []byte("ran-")))
		}, "damaged"},
		"a later one takes its place": {func(b *fixture) { b.putObject(logKey11, b.readObject(logKey12)) }, "damaged"},
		"zeros take its place":        {func(b *fixture) { b.putObject(logKey11, make([]byte, len(log))) }, "damaged"},
		"a torn line comes": {func(b *fixture) {
			b.putObject(logKey11, append(bytes.Clone(log), "{\"Seq"...))
		}, ""},
		"it is written twice": {func(b *fixture) { b.putObject(logKey11, append(bytes.Clone(log), log...)) }, ""},
	} {
		for k := 0; k*piece <= len(log); k++ {
			for verb, read := range map[string]func(*archive.Archive) error{
				"Lines": func(a *archive.Archive) error {
					n, err := checkPrefix(t, name, truth, a.Commits(context.Background(), now, 1))
					var early *archive.TooEarlyError
					if errors.As(err, &early) && (n == 0 || early.FirstSequence != 4) || err == nil && n < 5 &&
						!strings.Contains(c.may, "passed over") {
						t.Errorf("%s: after %d commits: %v", name, n, err)
					}
					return err
				},
				"AtSequence": func(a *archive.Archive) error {
					r, err := a.AtSequence(context.Background(), now, 2)
					if err == nil && r.Sequence != 2 {
						t.Errorf("%s: commit 2 is %d", name, r.Sequence)
					}
					return err
				},
			} {
				b := sound.clone()
				a := newPiecedArchive(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
					if op.Key != logKey11 || op.At != int64(k*piece) {
						return nil
					}
					return &buckettest.Fault{Before: func() { c.change(b) }}
				}), b.keys, piece)
				err := read(a)
				var damaged *format.DamagedError
				var early *archive.TooEarlyError
				if err != nil && !(strings.Contains(c.may, "damaged") && errors.As(err, &damaged)) &&
					!(strings.Contains(c.may, "gone") && errors.As(err, &early)) {
					t.Errorf("%s of a month of which %s before piece %d: %v", verb, name, k, err)
				}
			}
		}
	}
}

// TestMonthRemovedBeforeItsFirstLineIsRead: it is passed over like one that was
// gone before.
func TestMonthRemovedBeforeItsFirstLineIsRead(t *testing.T) {
	t.Parallel()
	b := newHistory(t)
	now := b.readNow()
	a := newPiecedArchive(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if op.Key != logKey11 || op.At == 0 {
			return nil
		}
		return &buckettest.Fault{Before: func() { b.putObject(logKey11, nil) }}
	}), b.keys, 100)
	var sequences []int64
	for l, err := range a.Commits(context.Background(), now, 1) {
		if err != nil {
			t.Fatal(err)
		}
		sequences = append(sequences, l.Sequence)
	}
	if fmt.Sprint(sequences) != "[4 5]" {
		t.Errorf("the lines are %v", sequences)
	}
}

// TestLogGrowsBetweenPieces commits a line before each piece but the first:
// who reads up to a state reads that, who reads the end reads it.
func TestLogGrowsBetweenPieces(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	for i := range 5 {
		b.commitStep(fmt.Sprint("v", i))
	}
	now := b.readNow()
	truth := b.renderHistory(now)
	grows := 0
	a := newPiecedArchive(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if op.Key != logKey11 || op.At == 0 || grows == 20 {
			return nil
		}
		grows++
		return &buckettest.Fault{Before: func() { b.commitStep(fmt.Sprint("w", grows)) }}
	}), b.keys, 400)
	if n, err := checkPrefix(t, "up to a state", truth, a.Commits(context.Background(), now, 1)); n != 5 ||
		err != nil || grows == 0 {
		t.Errorf("%d lines, %v, and the log grew %d times", n, err, grows)
	}
	b.putObject(headKey, nil)
	r, err := a.Now(context.Background(), region, nil)
	if err != nil || r.Sequence != 25 || grows != 20 {
		t.Errorf("the end is %+v, %v, and the log grew %d times", r, err, grows)
	}
	if r, err = a.Now(context.Background(), region, now); err != nil || r.Sequence != 25 {
		t.Errorf("a reader that knew commit %d sees %+v, %v", now.Sequence, r, err)
	}
}

// TestEndOfTheLogRemovedWhileItIsRead: the file that the head names is never
// removed, so that is damage.
func TestEndOfTheLogRemovedWhileItIsRead(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("a")
	known, head := b.readNow(), b.readObject(headKey)
	for i := range 5 {
		b.commitStep(fmt.Sprint("v", i))
	}
	b.putObject(headKey, head) // so that the log beyond it has several pieces
	for at := range 2 {        // of the pieces
		c := b.clone()
		reads := 0
		a := newPiecedArchive(buckettest.NewFaulty(c.mem, func(op buckettest.Op) *buckettest.Fault {
			if op.Key != logKey11 {
				return nil
			}
			if reads++; reads != at+1 {
				return nil
			}
			return &buckettest.Fault{Before: func() { c.putObject(logKey11, nil) }}
		}), c.keys, 1000)
		_, err := a.Now(context.Background(), region, known)
		var damaged *format.DamagedError
		if !errors.As(err, &damaged) {
			t.Errorf("gone before piece %d: %v", at, err)
		}
	}
}

// slowBucket takes its time for each piece, and notes how much.
type slowBucket struct {
	*buckettest.Memory
	takes  time.Duration
	each   func()
	waited *time.Duration
}

func (s slowBucket) GetFrom(ctx context.Context, key string, offset, limit int64) ([]byte, error) {
	s.each()
	began := time.Now()
	select {
	case <-ctx.Done():
	case <-time.After(s.takes):
	}
	*s.waited += time.Since(began)
	return s.Memory.GetFrom(ctx, key, offset, limit)
}

// TestReadersDeadlineCountsTheStoreOnly: who takes long over the lines is not told
// that the store does not answer.
func TestReadersDeadlineCountsTheStoreOnly(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	for i := range 5 {
		b.commitStep(fmt.Sprint("v", i))
	}
	now := b.readNow()
	const piece, deadline = 200, 2 * time.Second
	reads := time.Duration(len(b.readObject(logKey11))/piece + 1)
	for name, c := range map[string]struct {
		line, takes time.Duration // each line, each piece
		leaves      int           // with this piece, from 1
		want        error
		waited      time.Duration // for the store
	}{
		"the lines take long":  {time.Hour, 0, 0, nil, 0},
		"the store takes long": {0, time.Second, 0, context.DeadlineExceeded, deadline},
		"both take long":       {time.Hour, 150 * time.Millisecond, 0, context.DeadlineExceeded, deadline},
		"the store takes not quite so long": {time.Hour, deadline / (reads + 1), 0, nil,
			deadline / (reads + 1) * reads},
		"the caller leaves at once":      {0, time.Millisecond, 1, context.Canceled, 0},
		"the caller leaves after a line": {deadline / 4, time.Millisecond, 7, context.Canceled, 6 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(context.Background(), deadline)
				defer cancel()
				n, waited := 0, time.Duration(0)
				slow := slowBucket{b.mem, c.takes, func() {
					if n++; n == c.leaves {
						cancel()
						synctest.Wait()
					}
				}, &waited}
				var last error
				for _, err := range newPiecedArchive(slow, b.keys, piece).Commits(ctx, now, 1) {
					if last = err; err == nil {
						time.Sleep(c.line)
					}
				}
				if !errors.Is(last, c.want) || waited != c.waited {
					t.Errorf("after %d pieces and %s for the store: %v", n, waited, last)
				}
			})
		})
	}
}

// TestWritersDeadlineCountsEverything: what a run has to do after its reading needs the time
// that its deadline leaves, however long it takes over the lines.
func TestWritersDeadlineCountsEverything(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	for i := range 5 {
		b.commitStep(fmt.Sprint("v", i))
	}
	now := b.readNow()
	synctest.Test(t, func(t *testing.T) {
		const deadline, line = 2 * time.Second, 750 * time.Millisecond
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		defer cancel()
		w := archive.NewWriter(b.mem, b.keys, time.Now)
		began := time.Now()
		var last error
		for _, err := range setPieceSize(w.Archive, 300).Commits(ctx, now, 1) {
			if last = err; err == nil {
				time.Sleep(line)
			}
		}
		if took := time.Since(began); !errors.Is(last, context.DeadlineExceeded) || took >= deadline+line {
			t.Errorf("after %s: %v", took, last)
		}
	})
}

// TestPrefetchForADamagedHeadIsDropped: of a head that then turns out altered nothing is left
// behind, though the log beyond the place that it named is not answered.
func TestPrefetchForADamagedHeadIsDropped(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("a")
	head, place := b.readObject(headKey), int64(len(b.readObject(logKey11)))
	b.commitStep("b")
	b.mem.Spoil(headKey, bytes.Replace(head, []byte(`"ImageCount":1`), []byte(`"ImageCount":2`), 1))
	synctest.Test(t, func(t *testing.T) { // which fails if something still waits
		a := archive.New(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
			return &buckettest.Fault{Hang: op.Key == logKey11 && op.At == place-1}
		}), b.keys)
		r, err := a.Now(context.Background(), region, nil)
		if err != nil || r.Sequence != 2 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}
