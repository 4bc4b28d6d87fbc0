package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"community-images/shared/notify/status"
	"community-images/shared/notify/subscription"
)

// maxParallel is how many cursors are read or stored at a time.
const maxParallel = 16

// file is notify.json.
type file struct {
	tag           string
	isMissing     bool
	subscriptions []subscription.Subscription
	err           error // says what is wrong with it
}

// readFile reads notify.json, or takes it from memory if it has not changed.
func (n *Notifier) readFile(ctx context.Context) (file, error) {
	n.mu.Lock()
	known := n.file
	n.mu.Unlock()
	data, tag, err := n.bucket.Get(ctx, n.keys.Notify(), known.tag)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		known = file{isMissing: true}
	case err != nil:
		return file{}, fmt.Errorf("reading notify.json: %w", err)
	case data != nil:
		known = file{tag: tag}
		options := subscription.Options{AllowPrivate: n.settings.AllowPrivate}
		known.subscriptions, known.err = subscription.Parse(data, options)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.file = known
	return known, nil
}

// load reads the status, and the cursor of each subscription.
func (r *run) load(ctx context.Context) (err error) {
	if r.stored, err = r.readStatus(ctx); err != nil {
		return err
	}
	if r.file.err != nil {
		return nil
	}
	var group errgroup.Group
	group.SetLimit(maxParallel)
	for i := range r.file.subscriptions {
		d := &delivery{Subscription: &r.file.subscriptions[i]}
		r.deliveries = append(r.deliveries, d)
		group.Go(func() error {
			r.loadCursor(ctx, d)
			return nil
		})
	}
	_ = group.Wait() // the errors are in the deliveries
	return r.removeCursors(ctx)
}

// loadCursor reads the cursor of a subscription. Without one the subscription begins now. A
// damaged one is replaced: then nothing is told twice, and what was not told is lost, so the
// problem says it.
func (r *run) loadCursor(ctx context.Context, d *delivery) {
	d.cursor = newCursor(d.Name)
	key, err := r.keys.NotifyCursor(d.Name)
	if err != nil {
		d.isWaiting, d.problem = true, err.Error()
		return
	}
	data, _, err := r.bucket.Get(ctx, key, "")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		d.isWaiting, d.problem = true, fmt.Sprintf("reading the cursor: %s", err)
		return
	}
	c, err := decodeCursor(d.Name, data)
	if err != nil {
		d.problem = fmt.Sprintf("%s; it begins anew", err)
		return
	}
	d.cursor = c
	f := c.Failing
	d.isWaiting = f != nil && f.FileTag == r.file.tag && r.now().Before(f.RetryAt.Time)
}

// readStatus reads the stored status. It is nil if there is none, or a damaged one.
func (n *Notifier) readStatus(ctx context.Context) (*status.Status, error) {
	data, _, err := n.bucket.Get(ctx, n.keys.NotifyStatus(), "")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the status of subscriptions: %w", err)
	}
	s, err := status.Decode(data)
	if err != nil {
		return nil, nil // it is written anew
	}
	return s, nil
}

// removeCursors removes the cursors of subscriptions that are no longer in the file. If such a
// subscription comes again, it begins anew.
func (r *run) removeCursors(ctx context.Context) error {
	names, err := r.storedNames(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		isNamed := func(d *delivery) bool { return d.Name == name }
		if slices.ContainsFunc(r.deliveries, isNamed) {
			continue
		}
		if err := r.removeCursor(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// storedNames returns the names of the subscriptions that have a cursor: those of the status, or
// of the bucket if there is no status.
func (r *run) storedNames(ctx context.Context) (names []string, err error) {
	if r.stored != nil {
		for _, s := range r.stored.Subscriptions {
			names = append(names, s.Name)
		}
		return names, nil
	}
	keys, err := r.bucket.List(ctx, r.keys.NotifyCursors())
	if err != nil {
		return nil, fmt.Errorf("listing %q: %w", r.keys.NotifyCursors(), err)
	}
	for _, key := range keys {
		name, _ := strings.CutSuffix(strings.TrimPrefix(key, r.keys.NotifyCursors()), ".json")
		names = append(names, name)
	}
	return names, nil
}

// removeCursor removes the cursor of a subscription.
func (n *Notifier) removeCursor(ctx context.Context, name string) error {
	key, err := n.keys.NotifyCursor(name)
	if err != nil {
		return err
	}
	if err := n.bucket.Delete(ctx, key); err != nil {
		return fmt.Errorf("removing the cursor of %q: %w", name, err)
	}
	return nil
}

// removeAll removes the cursors and the status that are left of a notify.json that is gone.
// Without tidy it does nothing.
func (n *Notifier) removeAll(ctx context.Context, tidy bool) *Report {
	if !tidy {
		return nil
	}
	stored, err := n.readStatus(ctx)
	if err == nil && stored == nil {
		return nil
	}
	if err == nil {
		err = (&run{Notifier: n, stored: stored}).removeCursors(ctx)
	}
	if err == nil {
		err = n.bucket.Delete(ctx, n.keys.NotifyStatus())
	}
	if err != nil {
		return &Report{Problem: err.Error()}
	}
	return nil
}

// storeStatus stores how the subscriptions stand, if that has changed.
func (r *run) storeStatus(ctx context.Context) {
	s := &status.Status{Format: status.Version, Subscriptions: []status.Subscription{}}
	if r.file.err != nil {
		s.Problem = r.file.err.Error()
		if r.stored != nil {
			s.Subscriptions = r.stored.Subscriptions
		}
	}
	for _, d := range r.deliveries {
		row := status.Subscription{
			Name: d.Name, Kind: string(d.Kind), DeliveredAt: timeOrNil(d.cursor.DeliveredAt), Pending: d.pending,
			Problem: d.reason(),
		}
		if f := d.cursor.Failing; f != nil {
			row.FailingSince, row.RetryAt = timeOrNil(f.Since), timeOrNil(f.RetryAt)
		}
		s.Subscriptions = append(s.Subscriptions, row)
	}
	data, err := s.Encode()
	if err == nil && r.stored != nil {
		if before, err := r.stored.Encode(); err == nil && bytes.Equal(before, data) {
			return
		}
	}
	if err == nil {
		err = r.bucket.Put(ctx, r.keys.NotifyStatus(), data)
	}
	if err != nil {
		r.problem = fmt.Sprintf("storing the status of subscriptions: %s", err)
	}
}
