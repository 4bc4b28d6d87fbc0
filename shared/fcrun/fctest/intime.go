package fctest

import "testing"

// InTime tries what depends on time until it is well, five times at the most,
// and reports the last error. A machine that is busy with other things holds
// a process up for a second now and then; what is wrong with a program is
// wrong each time. A try begins anew, and fails the test itself for whatever
// no delay explains.
func InTime(t testing.TB, try func() error) {
	t.Helper()
	var err error
	for range 5 {
		if err = try(); err == nil {
			return
		}
		t.Log("trying again:", err)
	}
	t.Error(err)
}
