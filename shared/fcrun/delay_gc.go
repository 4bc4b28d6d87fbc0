package fcrun

import (
	"context"
	"os"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// delayedGCPercent delays the first collection until 32 MB have been allocated,
	// eight times as much as Go's default.
	delayedGCPercent = 800
	// defaultGCPercent is Go's own setting: collect when the heap has doubled.
	defaultGCPercent = 100
	// gcPause is the time between the first response and the first collection, which
	// would delay the response.
	gcPause = 50 * time.Millisecond
)

// DelayFirstGC delays the first garbage collection until the first invocation has
// been answered. A cold instance keeps what it reads for the first invocation, so
// collecting meanwhile finds nothing. With half a CPU that saves 5 % of the CPU of a
// cold start to an answer over all lists, and nothing of one to a one-cluster answer
// (BENCH_CPU=0.5, 3 x 30 starts, relative to the constant function). It changes
// process-wide settings, so it is for Main only. It does nothing if the operator has
// set GOGC.
func DelayFirstGC(h Handler) Handler {
	if os.Getenv("GOGC") != "" {
		return h
	}
	debug.SetGCPercent(delayedGCPercent)
	var once sync.Once
	return func(ctx context.Context, event []byte) (any, error) {
		// The first response counts, even if it is an error.
		defer once.Do(func() {
			time.AfterFunc(gcPause, func() {
				debug.SetGCPercent(defaultGCPercent)
				debug.FreeOSMemory()
			})
		})
		return h(ctx, event)
	}
}
