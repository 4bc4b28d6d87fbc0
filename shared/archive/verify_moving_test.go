package archive_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/fsck"
)

// TestVerifyWhileRunsGoOn: before each call of an audit, and before all, other
// runs commit: what they do is no fault.
func TestVerifyWhileRunsGoOn(t *testing.T) {
	t.Parallel()
	calls := 1
	for k := 0; k <= calls; k++ {
		b := newHistory(t)
		n := 0
		commit := func() {
			n++
			b.now = b.now.Add(time.Hour)
			base := b.loadBase()
			b.commit(base, b.newRun(b.newCheck(base, scopeOf("", ""), fmt.Sprint("new", n)),
				b.newCheck(base, scopeOf("ehpc-2", ""), fmt.Sprint("more", n))))
		}
		faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
			if calls = max(calls, op.N); k != op.N && (k > 0 || n == 2) {
				return nil
			}
			return &buckettest.Fault{Before: commit}
		})
		audit, err := fsck.Verify(context.Background(), archive.New(faulty, b.keys), region)
		if err != nil || len(audit.Findings) > 0 {
			t.Errorf("a run before call %d: %v, %v", k, audit, err)
		}
	}
	if calls < 10 {
		t.Errorf("an audit makes %d calls", calls)
	}
}

// TestVerifyBesideARunThatIsAtItsHead: a run has committed before the log is
// read and puts the head after that was read.
func TestVerifyBesideARunThatIsAtItsHead(t *testing.T) {
	t.Parallel()
	b := newHistory(t)
	base, gate, done := b.loadBase(), buckettest.NewGate(), make(chan error, 1)
	run := b.newRun(b.newCheck(base, scopeOf("", ""), "new"))
	writer := archive.NewWriter(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if op.Verb != "put" || op.Key != headKey {
			return nil
		}
		return &buckettest.Fault{Before: gate.Wait}
	}), b.keys, func() time.Time { return b.now })
	go func() {
		_, err := writer.Commit(context.Background(), base, run)
		done <- err
	}()
	<-gate.Reached
	read := false
	faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if op.Key == headKey || !read {
			read = read || op.Key == headKey
			return nil
		}
		read = false
		return &buckettest.Fault{Before: func() {
			gate.Open()
			if err := <-done; err != nil {
				t.Error(err)
			}
			done <- nil
		}}
	})
	audit, err := fsck.Verify(context.Background(), archive.New(faulty, b.keys), region)
	if err != nil || len(audit.Findings) > 0 {
		t.Errorf("%v, %v", audit, err)
	}
}

// TestVerifyOfARegionThatNeverRests: a fault that is one is told, however many
// runs go on.
func TestVerifyOfARegionThatNeverRests(t *testing.T) {
	t.Parallel()
	b := newHistory(t)
	key, _ := b.keys.Snapshot(scopeOf("ehpc-1", ""), b.readNow().ScopesOf("ehpc-1")[0].Digest)
	b.mem.Spoil(key, []byte("{}"))
	n := 0
	faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if op.Key != headKey {
			return nil
		}
		return &buckettest.Fault{Before: func() {
			n++
			b.now = b.now.Add(time.Hour)
			base := b.loadBase()
			b.commit(base, b.newRun(b.newCheck(base, scopeOf("", ""), fmt.Sprint("new", n))))
		}}
	})
	audit, err := fsck.Verify(context.Background(), archive.New(faulty, b.keys), region)
	if err != nil || len(audit.Findings) == 0 || audit.Findings[0].Key != key || n > 20 {
		t.Errorf("after %d runs: %v, %v", n, audit, err)
	}
}

// TestVerifyBesideASweep: a month of the log that retention removes meanwhile
// is not asked for again.
func TestVerifyBesideASweep(t *testing.T) {
	t.Parallel()
	for k, hit := 1, true; hit; k++ {
		b := newHistory(t)
		hit = false
		faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
			if op.N != k {
				return nil
			}
			hit = true
			return &buckettest.Fault{Before: func() {
				if err := b.mem.Delete(context.Background(), logKey11); err != nil {
					t.Error(err)
				}
			}}
		})
		audit, err := fsck.Verify(context.Background(), archive.New(faulty, b.keys), region)
		if err != nil || len(audit.Findings) > 0 {
			t.Errorf("a sweep before call %d: %v, %v", k, audit, err)
		}
	}
}

// TestVerifyBesideTheFirstRun: there was no log when the objects were listed.
func TestVerifyBesideTheFirstRun(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	first := true
	faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if op.Key != headKey || !first {
			return nil
		}
		first = false
		return &buckettest.Fault{Before: func() { b.commitStep("a") }}
	})
	audit, err := fsck.Verify(context.Background(), archive.New(faulty, b.keys), region)
	if err != nil || len(audit.Findings) > 0 || audit.Commits != 1 {
		t.Errorf("%+v, %v", audit, err)
	}
}
