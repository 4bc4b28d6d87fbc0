package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/errgroup"

	"community-images/shared/catalog"
	"community-images/shared/notify/message"
	"community-images/shared/notify/receiver"
)

const (
	// maxTries bounds the requests of a run for one message. Each can take seconds.
	maxTries = 3
	// firstPause and maxPause are the pauses between runs that try to reach a receiver: the
	// pause doubles from try to try.
	firstPause, maxPause = time.Minute, 2 * time.Hour
)

// deliver sends the messages of all subscriptions at once, and stores the cursors. ctx bounds
// the sending; store has time to store what was delivered.
func (r *run) deliver(ctx, store context.Context) {
	var group errgroup.Group
	for _, d := range r.deliveries {
		group.Go(func() error {
			r.deliverAll(ctx, store, d)
			d.pending = r.countPending(d)
			return nil
		})
	}
	_ = group.Wait() // the errors are in the deliveries
}

// deliverAll sends the messages of a subscription, one after the other. The cursor is stored
// after each, before the next is sent, so that few come twice if the run dies.
func (r *run) deliverAll(ctx, store context.Context, d *delivery) {
	for i, o := range d.outbox {
		if o.message != nil {
			if ctx.Err() != nil || !r.send(ctx, d, o.message) {
				break
			}
		}
		o.move(d.cursor)
		d.isDirty = true
		if o.message == nil || i == len(d.outbox)-1 {
			continue
		}
		if err := r.saveCursor(store, d); err != nil {
			d.problem = err.Error()
			return
		}
	}
	if !d.isDirty {
		return
	}
	if err := r.saveCursor(store, d); err != nil {
		d.problem = err.Error()
	}
}

// send sends a message and notes in the cursor whether the receiver took it.
func (r *run) send(ctx context.Context, d *delivery, m *message.Message) bool {
	m.SetText(d.Language)
	err := r.trySend(ctx, d, m)
	now := r.now()
	switch {
	case err == nil:
		d.sent++
		d.cursor.DeliveredAt, d.cursor.Failing = catalog.At(now), nil
		return true
	case errors.Is(err, receiver.ErrNoTime): // the receiver is not to blame
		return false
	}
	f := d.cursor.Failing
	if f == nil {
		f = &failing{Since: catalog.At(now)}
		d.cursor.Failing = f
	}
	f.Tries++
	pause := pauseAfter(f.Tries)
	var failed *receiver.Error
	if errors.As(err, &failed) {
		pause = max(pause, failed.RetryAfter)
	}
	f.Problem, f.FileTag, f.RetryAt = err.Error(), r.file.tag, catalog.At(now.Add(pause))
	d.isDirty = true
	return false
}

// trySend sends a message, several times if that can help. A receiver that failed before gets
// one try.
func (r *run) trySend(ctx context.Context, d *delivery, m *message.Message) error {
	tries := uint(maxTries)
	if d.cursor.Failing != nil {
		tries = 1
	}
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = 200*time.Millisecond, time.Second
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := r.sender.Send(ctx, d.Subscription, m)
		var failed *receiver.Error
		if err != nil && (!errors.As(err, &failed) || !failed.IsTransient) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pauses), backoff.WithMaxTries(tries))
	var failed *receiver.Error
	if err == nil || errors.As(err, &failed) {
		return err
	}
	return receiver.ErrNoTime // ctx ended between two tries, or under the rate limit
}

// pauseAfter returns the pause after a number of tries in a row.
func pauseAfter(tries int) time.Duration {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.Multiplier, b.MaxInterval, b.RandomizationFactor = firstPause, 2, maxPause, 0
	pause := firstPause
	for range min(tries, 20) {
		pause = b.NextBackOff()
	}
	return pause
}

// saveCursor stores the cursor of a subscription.
func (r *run) saveCursor(ctx context.Context, d *delivery) error {
	key, err := r.keys.NotifyCursor(d.Name)
	if err != nil {
		return err
	}
	data, err := d.cursor.encode()
	if err != nil {
		return err
	}
	if err := r.bucket.Put(ctx, key, data); err != nil {
		return fmt.Errorf("storing the cursor: %w", err)
	}
	d.isDirty = false
	return nil
}

// countPending returns the number of commits that a receiver has not been told of.
func (r *run) countPending(d *delivery) (pending int64) {
	for _, state := range r.states {
		if p, known := d.cursor.Regions[state.RegionID]; known {
			pending += max(0, state.Sequence-p.Sequence)
		}
	}
	return pending
}
