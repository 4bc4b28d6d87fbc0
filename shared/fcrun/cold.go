package fcrun

import (
	"context"
	"os"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// coldPercent puts the first collection off until 32 MB have been allocated,
	// eight times as much as Go would.
	coldPercent = 800
	usedPercent = 100 // as Go has it
	// coldRest is how long after the first answer its garbage goes: collecting
	// while the answer leaves would delay it.
	coldRest = 50 * time.Millisecond
)

// HoldCollector holds the garbage collector back until the first invocation
// has been answered. What a cold instance reads for it, it keeps, and looking
// it over while it grows takes as long as reading it. The operator's GOGC goes
// before. It changes process-wide settings: for Main only, and not for a
// function whose first invocation is as large as any other.
func HoldCollector(h Handler) Handler {
	if os.Getenv("GOGC") != "" {
		return h
	}
	debug.SetGCPercent(coldPercent)
	var once sync.Once
	return func(ctx context.Context, event []byte) (any, error) {
		defer once.Do(func() {
			time.AfterFunc(coldRest, func() {
				debug.SetGCPercent(usedPercent)
				debug.FreeOSMemory()
			})
		})
		return h(ctx, event)
	}
}
