package fcrun

import (
	"context"
	"os"
	"runtime"
	"sync"
)

// calm is how many invocations in a row have to be alone before the function
// goes back to one CPU. Each change stops the program for some microseconds.
const calm = 8

// OneCPU keeps a function to one CPU while it has one invocation at a time, as
// it always has unless FC's instanceConcurrency is raised. The SDK hands each
// invocation through six goroutines; with more CPUs every hand-over wakes a
// thread that looks for work, which costs a lookup a third of its CPU time and
// a sixth of its answer time. When invocations overlap, the function gets all
// the CPUs that Go would give it, until they have stopped overlapping. The
// operator's GOMAXPROCS goes before. It changes a process-wide setting: for
// Main only, and for a function that works on one thing at a time.
func OneCPU(h Handler) Handler {
	if os.Getenv("GOMAXPROCS") != "" {
		return h
	}
	c := &crowd{}
	return func(ctx context.Context, event []byte) (any, error) {
		c.enter()
		defer c.leave()
		return h(ctx, event)
	}
}

// crowd counts the invocations in flight.
type crowd struct {
	mu     sync.Mutex
	inside int
	alone  int  // invocations in a row that were
	narrow bool // the process is kept to one CPU
}

func (c *crowd) enter() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inside++; c.inside == 1 {
		c.alone++
		return
	}
	c.alone = 0
	if c.narrow {
		c.narrow = false
		runtime.SetDefaultGOMAXPROCS()
	}
}

func (c *crowd) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inside--; c.inside == 0 && !c.narrow && c.alone >= calm {
		c.narrow = true
		runtime.GOMAXPROCS(1)
	}
}
