package archive_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
)

// hidingBucket lists nothing, as if it were empty.
type hidingBucket struct{ *buckettest.Memory }

func (hidingBucket) List(context.Context, string) ([]string, error) { return nil, nil }

// TestHiddenLogIsAnErrorAtOnce: the head is lost and the listing does not show the log.
// The run would begin the log anew, is refused, and says why instead of trying again
// until its time is over.
func TestHiddenLogIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t)
		b.commitStep("a")
		b.putObject(headKey, nil)
		before := string(b.readObject(logKey11))
		w := archive.NewWriter(hidingBucket{b.mem}, b.keys, func() time.Time { return b.now })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		base, err := w.Load(ctx, region)
		if err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		_, err = w.Commit(ctx, base, b.newRun(b.newCheck(base, scopeOf("", ""), "b")))
		var damaged *format.DamagedError
		if !errors.As(err, &damaged) || damaged.Key != logKey11 || !strings.Contains(err.Error(), "list") {
			t.Errorf("the run ends with %v", err)
		}
		if took := time.Since(started); took > 5*time.Second {
			t.Errorf("that takes %s", took)
		}
		if string(b.readObject(logKey11)) != before {
			t.Error("the log has changed")
		}
	})
}
