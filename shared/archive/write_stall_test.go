package archive_test

import (
	"context"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
)

// TestRunThatStallsAtEveryCall holds a run at each of its calls until another
// run has committed something newer of one of its scopes. The stalled run
// replaces nothing newer, and what the other did not publish still gets in.
func TestRunThatStallsAtEveryCall(t *testing.T) {
	t.Parallel()
	for k := 1; ; k++ {
		b := newFixture(t)
		if _, err := b.commitTwoScopes(b.writer, "v1"); err != nil {
			t.Fatal(err)
		}
		b.now = b.now.Add(time.Hour)
		gate := buckettest.NewGate()
		held := ""
		w := archive.NewWriter(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
			if op.N != k {
				return nil
			}
			held = op.Verb
			return &buckettest.Fault{Before: gate.Wait}
		}), b.keys, func() time.Time { return b.now })
		base := b.loadBase()
		stalled := b.newRun(b.newCheck(base, scopeOf("", ""), "old"), b.newCheck(base, scopeOf("ehpc-1", ""), "mine"))
		type outcome struct {
			res archive.Result
			err error
		}
		done := make(chan outcome, 1)
		go func() {
			res, err := w.Commit(context.Background(), base, stalled)
			done <- outcome{res, err}
		}()
		select {
		case <-gate.Reached:
		case out := <-done:
			if out.err != nil || k < 6 {
				t.Fatalf("a run has %d calls and ends with %v", k-1, out.err)
			}
			return
		}
		published := b.readNow().Sequence == 2 // the stalled run had got so far
		other := b.loadBase()
		b.commit(other, b.newRun(b.newCheck(other, scopeOf("", ""), "new")))
		gate.Open()
		out := <-done
		if out.err != nil || out.res.HeadError != nil {
			t.Errorf("held at call %d, %s: %v, %v", k, held, out.err, out.res.HeadError)
		}
		if lost := out.res.Counts.Lost; published && lost != 0 || !published && lost != 1 {
			t.Errorf("held at call %d, %s: lost %d scopes, published before: %v", k, held, lost, published)
		}
		b.wantContents(b.readNow(), "_any/_any ok new=\nehpc-1/_any ok mine=\n")
		if audit := b.verifyRegion(); len(audit.Findings) > 0 {
			t.Errorf("held at call %d, %s: %+v", k, held, audit.Findings)
		}
	}
}
