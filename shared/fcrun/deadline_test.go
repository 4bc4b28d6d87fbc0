package fcrun

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestDeadlineWithoutATimer(t *testing.T) {
	t.Parallel()
	type key struct{}
	for _, row := range []struct {
		about string
		do    func(d *deadline, cancel func())
		left  time.Duration
		want  error
	}{
		{"nothing has happened", func(*deadline, func()) {}, time.Hour, nil},
		{"its time has come", func(*deadline, func()) {}, -time.Second, context.DeadlineExceeded},
		{"its time comes while it is waited for", func(d *deadline, _ func()) { <-d.Done() }, time.Millisecond, context.DeadlineExceeded},
		{"its time has come before it is waited for", func(d *deadline, _ func()) { <-d.Done() }, -time.Second, context.DeadlineExceeded},
		{"its parent ends", func(_ *deadline, cancel func()) { cancel() }, time.Hour, context.Canceled},
		{"its parent ends while it is waited for", func(d *deadline, cancel func()) { done := d.Done(); cancel(); <-done }, time.Hour, context.Canceled},
		{"it is ended", func(d *deadline, _ func()) { d.end() }, time.Hour, context.Canceled},
		{"it is ended while it is waited for", func(d *deadline, _ func()) { done := d.Done(); d.end(); <-done }, time.Hour, context.Canceled},
		{"it is waited for after its end", func(d *deadline, _ func()) { d.end(); <-d.Done() }, time.Hour, context.Canceled},
		{"a child ends by it", func(d *deadline, _ func()) {
			child, cancel := context.WithTimeout(d, time.Hour)
			defer cancel()
			<-child.Done()
		}, time.Millisecond, context.DeadlineExceeded},
	} {
		parent, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "v"))
		d := &deadline{Context: parent, at: time.Now().Add(row.left)}
		row.do(d, cancel)
		if err := d.Err(); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", row.about, err, row.want)
		}
		if at, ok := d.Deadline(); !ok || !at.Equal(d.at) || d.Value(key{}) != "v" {
			t.Errorf("%s: deadline %v, %v, value %v", row.about, at, ok, d.Value(key{}))
		}
		d.end()
		cancel()
	}
}
