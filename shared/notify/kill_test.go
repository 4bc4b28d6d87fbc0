package notify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/archive"
	"community-images/shared/notify/message"
	"community-images/shared/notify/receiver"
	"community-images/shared/notify/subscription"
)

// fault is what goes wrong with one request of a run, to the bucket or to a receiver.
type fault struct {
	at      int  // the number of the request
	applied bool // it takes effect
	dies    bool // the run dies with it: no later request is made

	mu     sync.Mutex
	count  int
	struck bool
}

var errFault = errors.New("a fault of the test")

// do makes a request, or has it fail. Reads have no effect.
func (f *fault) do(request func() error) error {
	f.mu.Lock()
	f.count++
	isDead, strikes := f.struck && f.dies, f.count == f.at
	f.struck = f.struck || strikes
	f.mu.Unlock()
	switch {
	case isDead:
		return errFault
	case strikes && f.applied:
		_ = request()
		return errFault
	case strikes:
		return errFault
	}
	return request()
}

// faultyBucket is a bucket with a fault.
type faultyBucket struct {
	archive.Sweeper
	fault *fault
}

func (b faultyBucket) Get(ctx context.Context, key, etag string) (data []byte, tag string, err error) {
	err = b.fault.do(func() (err error) { data, tag, err = b.Sweeper.Get(ctx, key, etag); return err })
	return data, tag, err
}

func (b faultyBucket) GetFrom(ctx context.Context, key string, offset, limit int64) (data []byte, err error) {
	err = b.fault.do(func() (err error) { data, err = b.Sweeper.GetFrom(ctx, key, offset, limit); return err })
	return data, err
}

func (b faultyBucket) Put(ctx context.Context, key string, data []byte) error {
	return b.fault.do(func() error { return b.Sweeper.Put(ctx, key, data) })
}

func (b faultyBucket) Delete(ctx context.Context, key string) error {
	return b.fault.do(func() error { return b.Sweeper.Delete(ctx, key) })
}

// faultySender is a recorder with a fault.
type faultySender struct {
	*recorder
	fault *fault
}

func (s faultySender) Send(ctx context.Context, sub *subscription.Subscription, m *message.Message) error {
	if s.fault.do(func() error { return s.recorder.Send(ctx, sub, m) }) != nil {
		return &receiver.Error{Reason: "the connection failed"}
	}
	return nil
}

// runWith is run with a fault.
func (f *fixture) runWith(fault *fault) {
	bucket, sent := f.bucket, f.sent
	f.bucket, f.sender = faultyBucket{f.Memory, fault}, faultySender{f.sent, fault}
	f.run()
	f.bucket, f.sender = bucket, sent
}

// idsBySubscription returns the ids of the messages since the last call.
func (f *fixture) idsBySubscription(names []string) map[string][]string {
	all := map[string][]string{}
	for _, name := range names {
		for _, m := range f.sent.drain(name) {
			all[name] = append(all[name], m.ID)
		}
	}
	return all
}

// TestFaultAtEveryRequest has each request of a delivery fail, applied and not, alone and with
// the death of the run. The runs after it deliver everything: nothing is lost, messages keep
// their order, and what comes twice has the same id.
func TestFaultAtEveryRequest(t *testing.T) {
	t.Parallel()
	for _, applied := range []bool{false, true} {
		for _, dies := range []bool{false, true} {
			t.Run(fmt.Sprintf("applied %v, dies %v", applied, dies), func(t *testing.T) {
				t.Parallel()
				faults := 0
				for at := 1; ; at++ {
					fault := &fault{at: at, applied: applied, dies: dies}
					deliverWithFault(t, fault)
					if !fault.struck {
						break
					}
					faults++
				}
				if faults < 15 {
					t.Errorf("only %d requests could fail", faults)
				}
			})
		}
	}
}

// deliverWithFault lets three commits be delivered to two subscriptions by a run with a fault
// and by the runs after it.
func deliverWithFault(t *testing.T, fault *fault) {
	names := []string{"all", "a"}
	entries := []string{slack("all", ""), slack("a", `,"Filter":{"ClusterId":["ehpc-a","_any"]}`)}
	want := newFixture(t, entries...)
	f := newFixture(t, entries...)
	for _, x := range []*fixture{want, f} {
		x.mustRun()
		for range 3 {
			x.Next()
		}
	}
	want.mustRun()
	f.runWith(fault)
	for range 3 { // pauses after a failure are at most a few minutes
		f.Now = f.Now.Add(10 * time.Minute)
		f.mustRun()
	}
	expected := want.idsBySubscription(names)
	for name, ids := range f.idsBySubscription(names) {
		var once []string
		for _, id := range ids {
			if !slices.Contains(once, id) {
				once = append(once, id)
			}
		}
		if diff := cmp.Diff(expected[name], once); diff != "" {
			t.Errorf("request %d, %s (-without the fault +with it):\n%s", fault.at, name, diff)
		}
		if extra := len(ids) - len(once); extra > 1 {
			t.Errorf("request %d, %s: %d messages came twice", fault.at, name, extra)
		}
	}
	for _, s := range f.status().Subscriptions {
		if s.Pending != 0 || s.Problem != "" {
			t.Errorf("request %d: in the end the status is %s", fault.at, jsonOf(s))
		}
	}
}

// TestSummaryWithFaultAtEveryRequest does the same for the summary after a day of failure: all
// tries of it have one id.
func TestSummaryWithFaultAtEveryRequest(t *testing.T) {
	t.Parallel()
	for _, applied := range []bool{false, true} {
		struck := true
		for at := 1; struck; at++ {
			f := newFixture(t, slack("all", ""))
			f.mustRun()
			f.failForADay()
			f.sent.answer = nil
			fault := &fault{at: at, applied: applied, dies: true}
			f.runWith(fault)
			struck = fault.struck
			last := len(f.States)
			for range 4 {
				f.Next() // the summary does not grow
				f.Now = f.Now.Add(2 * time.Hour)
				f.run()
			}
			f.Add("m-new") // other commits may have nothing to tell
			f.run()
			messages := f.sent.drain("all")
			ids := map[string]bool{}
			for _, m := range messages {
				if m.Type == message.Summary {
					ids[m.ID] = true
				}
			}
			if len(ids) != 1 {
				t.Fatalf("request %d, applied %v: %d summaries: %s", at, applied, len(ids), jsonOf(messages))
			}
			if got := messages[0].Regions[0]; got.From != 2 || got.To > int64(last) {
				t.Errorf("the summary is of commits %d to %d", got.From, got.To)
			}
			final := messages[len(messages)-1].Regions[0]
			if int(final.To) != len(f.States)-1 {
				t.Errorf("request %d: the last message is of commit %d of %d", at, final.To, len(f.States)-1)
			}
		}
	}
}

// failForADay lets a receiver fail for 25 hours, in which there are commits.
func (f *fixture) failForADay() {
	f.sent.answer = func(*subscription.Subscription, *message.Message) error {
		return &receiver.Error{Reason: "answered 503"}
	}
	for end := f.Now.Add(25 * time.Hour); f.Now.Before(end); {
		f.Next()
		f.run()
	}
}
