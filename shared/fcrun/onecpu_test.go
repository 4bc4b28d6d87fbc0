package fcrun

import (
	"context"
	"runtime"
	"testing"
)

// It is not parallel to other tests: the number of CPUs is the process's.
func TestOneCPU(t *testing.T) {
	runtime.SetDefaultGOMAXPROCS()
	many := runtime.GOMAXPROCS(0)
	if many == 1 {
		t.Skip("this machine has one CPU; those of CI have more")
	}
	t.Setenv("GOMAXPROCS", "")
	defer runtime.SetDefaultGOMAXPROCS()
	var inner func()
	f := OneCPU(func(context.Context, []byte) (any, error) {
		if inner != nil {
			inner()
		}
		return runtime.GOMAXPROCS(0), nil
	})
	invoke := func() int {
		n, err := f(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return n.(int)
	}
	settle := func(why string) {
		t.Helper()
		for range calm {
			if n := invoke(); n != many {
				t.Fatalf("%s: %d CPUs while it may be crowded, want %d", why, n, many)
			}
		}
		if n := invoke(); n != 1 {
			t.Fatalf("%s: %d CPUs after %d invocations that were alone, want 1", why, n, calm)
		}
	}
	settle("at the start")
	inner = func() {
		inner = nil
		if n := invoke(); n != many {
			t.Errorf("%d CPUs with two invocations in flight, want %d", n, many)
		}
	}
	invoke()
	settle("after a crowd")
}

func TestOneCPULeavesTheOperatorsChoice(t *testing.T) {
	t.Setenv("GOMAXPROCS", "3")
	before := runtime.GOMAXPROCS(0)
	f := OneCPU(func(context.Context, []byte) (any, error) { return runtime.GOMAXPROCS(0), nil })
	for range 2 * calm {
		if n, _ := f(t.Context(), nil); n != before {
			t.Fatalf("%v CPUs, want %d as before", n, before)
		}
	}
}
