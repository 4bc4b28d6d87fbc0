package fctest

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// witness is a test that is told of an error and goes on.
type witness struct {
	testing.TB
	failed []string
}

func (w *witness) Helper()             {}
func (w *witness) Logf(string, ...any) {}
func (w *witness) Errorf(format string, args ...any) {
	w.failed = append(w.failed, fmt.Sprintf(format, args...))
}

func TestInTime(t *testing.T) {
	t.Parallel()
	calm, late := 2*time.Millisecond, time.Second
	for name, row := range map[string]struct {
		machine []time.Duration // by how much it was late, in each try
		wrong   []bool          // each try
		fails   bool
	}{
		"what is well is tried once":                {[]time.Duration{calm}, []bool{false}, false},
		"one error on a calm machine is enough":     {[]time.Duration{calm}, []bool{true}, true},
		"a machine that was late gives another try": {[]time.Duration{late, calm}, []bool{true, false}, false},
		"an error once the machine is calm counts":  {[]time.Duration{late, calm}, []bool{true, true}, true},
		"five errors are enough on any machine": {
			[]time.Duration{late, late, late, late, late}, []bool{true, true, true, true, true}, true},
		"what is well at last on a late machine was well": {
			[]time.Duration{late, late, late, late, late}, []bool{true, true, true, true, false}, false},
	} {
		w, n := &witness{TB: t}, 0
		watch := func() func() time.Duration { return func() time.Duration { return row.machine[n-1] } }
		inTime(w, watch, func() error {
			if n++; row.wrong[n-1] {
				return errors.New("too late")
			}
			return nil
		})
		if n != len(row.wrong) || len(w.failed) > 0 != row.fails {
			t.Errorf("%s: %d tries, failed with %q", name, n, w.failed)
		}
	}
}
