package query_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"community-images/shared/archive"
)

// patientLog is a bucket whose log answers once a snapshot has been asked for.
type patientLog struct {
	archive.Bucket
	once  sync.Once
	asked chan struct{}
}

func (b *patientLog) Get(ctx context.Context, key, etag string) ([]byte, string, error) {
	if strings.Contains(key, "/clusters/") {
		b.once.Do(func() { close(b.asked) })
	}
	return b.Bucket.Get(ctx, key, etag)
}

func (b *patientLog) GetFrom(ctx context.Context, key string, offset int64) ([]byte, error) {
	select {
	case <-b.asked:
		return b.Bucket.GetFrom(ctx, key, offset)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// TestColdLookupReadsListAndLogTogether: the log of a cold instance need not
// have answered before the list of the one scope is asked for.
func TestColdLookupReadsListAndLogTogether(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/v1/images?ClusterId=ehpc-a", "/v1/images?ClusterId=ehpc-a&InstanceType=ecs.c7.large", "/v1/images"} {
		w := small(t)
		w.bucket = &patientLog{Bucket: w.memory, asked: make(chan struct{})}
		if got := ask(w.handler(), "GET", target, nil); got.Code != 200 {
			t.Errorf("%s is answered %d %s", target, got.Code, got.Body)
		}
	}
}

// TestListThatWasReadTooEarly: what the head names may have been replaced; the
// answer is what the log says.
func TestListThatWasReadTooEarly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(hangzhou, content{"ehpc-a/_any": images(t, sample)})
	const head = "community-images/v1/cn-hangzhou/head.json"
	old := w.memory.Objects()[head]
	w.now = w.now.Add(time.Hour)
	w.run(hangzhou, content{"ehpc-a/_any": images(t, ubuntu)})
	w.memory.Spoil(head, old)
	got := ask(w.handler(), "GET", "/v1/images?ClusterId=ehpc-a&format=ids", nil)
	if got.Code != 200 || got.Body.String() != "m-ubuntu\n" || got.Header().Get("X-Snapshot-Sequence") != "2" {
		t.Errorf("answered %d %s of %s", got.Code, got.Body, got.Header().Get("X-Snapshot-Sequence"))
	}
}
