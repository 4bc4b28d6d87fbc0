package status

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"time"

	"community-images/shared/metrics"
	notify "community-images/shared/notify/status"
	"community-images/shared/query/render"
)

// Subscriptions reads how the subscriptions to messages stand. It is safe for concurrent
// use. Only callers who may see everything may be shown what it returns.
type Subscriptions struct {
	// Get returns the stored object, or nil if it has not changed since the one with the
	// entity tag. A missing object is fs.ErrNotExist.
	Get func(ctx context.Context, etag string) (data []byte, current string, err error)
	// TTL is how long an object that was read is used without asking.
	TTL time.Duration

	mu     sync.Mutex // guards what follows
	tag    string
	last   *render.Notify
	readAt time.Time // zero: never
}

// Read returns how the subscriptions stand at a time; nil: there are none.
func (s *Subscriptions) Read(ctx context.Context, now time.Time) (*render.Notify, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if age := now.Sub(s.readAt); !s.readAt.IsZero() && age >= 0 && age < s.TTL {
		return s.last, nil
	}
	data, current, err := s.Get(ctx, s.tag)
	switch {
	case errors.Is(err, fs.ErrNotExist): // there are no subscriptions
		s.tag, s.last, s.readAt = "", nil, now
		return nil, nil
	case err != nil:
		return nil, err
	case data == nil:
		s.readAt = now
		return s.last, nil
	}
	stored, err := notify.Decode(data)
	if err != nil {
		return nil, err
	}
	n := &render.Notify{Problem: stored.Problem, Subscriptions: []render.Subscription{}}
	for _, sub := range stored.Subscriptions {
		n.Subscriptions = append(n.Subscriptions, render.Subscription(sub))
	}
	s.tag, s.last, s.readAt = current, n, now
	return n, nil
}

// StoreAnswers reports whether the store has answered for at least one region just now. If
// not, nothing else should be asked of it.
func StoreAnswers(list []Region) bool {
	for _, r := range list {
		if r.Error == nil && r.outageSince.IsZero() {
			return true
		}
	}
	return false
}

// SubscriptionMetrics returns the gauges of subscriptions. n is nil if there are none.
func SubscriptionMetrics(n *render.Notify) []*metrics.Family {
	if n == nil {
		return nil
	}
	problem := metrics.New(metrics.Gauge, "community_images_notify_file_problem", "",
		"1: the last run could not use notify.json. 0: it could.")
	pending := metrics.New(metrics.Gauge, "community_images_subscription_pending", "",
		"Commits that the receiver of a subscription has not been told of.")
	failing := metrics.New(metrics.Gauge, "community_images_subscription_failing", "",
		"1: the receiver of a subscription did not take the last message. 0: it did.")
	problem.Set(boolToFloat(n.Problem != ""))
	for _, s := range n.Subscriptions {
		pending.Set(float64(s.Pending), "subscription", s.Name)
		failing.Set(boolToFloat(s.FailingSince != nil), "subscription", s.Name)
	}
	return []*metrics.Family{problem, pending, failing}
}

// boolToFloat returns 1 for true and 0 for false.
func boolToFloat(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
