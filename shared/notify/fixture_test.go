package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/notify"
	"community-images/shared/notify/message"
	"community-images/shared/notify/notifytest"
	"community-images/shared/notify/receiver"
	"community-images/shared/notify/status"
	"community-images/shared/notify/subscription"
)

// recorder is a Sender that keeps what was sent, by subscription.
type recorder struct {
	mu       sync.Mutex
	messages map[string][]message.Message
	// answer decides about each message; nil: every one is taken.
	answer func(s *subscription.Subscription, m *message.Message) error
}

// Send implements notify.Sender. A message counts as sent if the answer is lost.
func (r *recorder) Send(_ context.Context, s *subscription.Subscription, m *message.Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answer != nil {
		if err := r.answer(s, m); err != nil && !errors.Is(err, errAnswerLost) {
			return err
		} else if err != nil {
			r.messages[s.Name] = append(r.messages[s.Name], *m)
			return &receiver.Error{Reason: "no answer in time"}
		}
	}
	r.messages[s.Name] = append(r.messages[s.Name], *m)
	return nil
}

// errAnswerLost makes a recorder take a message and answer with an error.
var errAnswerLost = errors.New("the answer is lost")

// drain returns the messages of a subscription since the last call.
func (r *recorder) drain(name string) []message.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.messages[name]
	delete(r.messages, name)
	return list
}

// fixture is an archive that drifts, and receivers.
type fixture struct {
	*notifytest.Drift
	t        *testing.T
	settings notify.Settings
	sent     *recorder
	bucket   archive.Sweeper
	sender   notify.Sender
	tidy     bool
}

// newFixture returns a region with one commit and subscriptions.
func newFixture(t *testing.T, entries ...string) *fixture {
	f := &fixture{Drift: notifytest.NewDrift(t, 1, 1), t: t, sent: &recorder{messages: map[string][]message.Message{}}}
	f.settings = notify.Settings{PublicURL: "https://images.example.com"}
	f.bucket, f.sender = f.Memory, f.sent
	f.subscribe(entries...)
	return f
}

// subscribe stores notify.json.
func (f *fixture) subscribe(entries ...string) {
	f.t.Helper()
	if err := f.Memory.Put(f.t.Context(), f.Keys.Notify(), notifytest.File(entries...)); err != nil {
		f.t.Fatal(err)
	}
}

// slack returns the entry of a subscription. more has further members, each with a comma
// in front.
func slack(name string, more string) string {
	return `{"Name":"` + name + `","Kind":"slack","Url":"https://hooks.example.com/services/T/B/keyOfSlack"` + more + `}`
}

// notifier returns that of a cold instance.
func (f *fixture) notifier() *notify.Notifier {
	return notify.New(f.settings, f.bucket, f.Keys, f.sender, func() time.Time { return f.Now })
}

// run is what a run does after its commits.
func (f *fixture) run() *notify.Report {
	f.t.Helper()
	state, err := archive.New(f.Memory, f.Keys).Now(f.t.Context(), archivetest.Hangzhou, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.notifier().Run(f.t.Context(), []*archive.Region{state}, f.tidy)
}

// mustRun is run without any problem.
func (f *fixture) mustRun() *notify.Report {
	f.t.Helper()
	report := f.run()
	if report == nil || report.Problem != "" {
		f.t.Fatalf("report is %+v", report)
	}
	for _, s := range report.Subscriptions {
		if s.Problem != "" {
			f.t.Fatalf("subscription %q: %s", s.Name, s.Problem)
		}
	}
	return report
}

// status returns what the query function reads.
func (f *fixture) status() *status.Status {
	f.t.Helper()
	data, _, err := f.Memory.Get(f.t.Context(), f.Keys.NotifyStatus(), "")
	if err != nil {
		f.t.Fatal(err)
	}
	s, err := status.Decode(data)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// jsonOf returns a value as JSON.
func jsonOf(v any) string {
	data, _ := json.Marshal(v)
	return string(data)
}
