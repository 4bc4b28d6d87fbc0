package main

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"time"

	"community-images/scripts/prove/probeapi"
	"community-images/shared/fcrun"
)

// observer counts what happens in the process.
type observer struct {
	// instance is random. It tells processes apart.
	instance string
	// environment is Seen.Environment, made once.
	environment map[string]string

	mu sync.Mutex // guards the rest
	// inFlight is the number of invocations at the moment.
	inFlight int
	// maxInFlight is the largest inFlight since the start.
	maxInFlight int
	// ticks counts how often tick woke since the last invocation ended.
	ticks int
	// ended is when the last invocation ended.
	ended time.Time
}

// newObserver starts to count.
func newObserver(environ []string) *observer {
	o := &observer{instance: rand.Text(), environment: map[string]string{}, ended: time.Now()}
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if !isPublic(name) {
			value = "-"
		}
		o.environment[name] = value
	}
	go o.tick()
	return o
}

// isPublic reports whether the value of a variable may be shown.
func isPublic(name string) bool {
	return slices.Contains([]string{"FC_REGION", "FC_FUNCTION_HANDLER", "FC_FUNCTION_MEMORY_SIZE", "FC_FUNC_CODE_PATH",
		"TZ", "LANG", "PATH"}, name)
}

// tick counts as long as the process runs. While Function Compute freezes the
// instance, it does not count.
func (o *observer) tick() {
	// A sleeping process misses ticks: the channel of a ticker holds one.
	for range time.Tick(probeapi.TickMillis * time.Millisecond) {
		o.mu.Lock()
		o.ticks++
		o.mu.Unlock()
	}
}

// begin returns what is seen of an invocation. end must be called at its end.
func (o *observer) begin(ctx context.Context, event []byte) (seen probeapi.Seen, end func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inFlight++
	o.maxInFlight = max(o.maxInFlight, o.inFlight)
	inv := fcrun.InvocationFrom(ctx)
	seen = probeapi.Seen{
		Event: string(event), RequestID: inv.RequestID, RetryCount: inv.RetryCount,
		HasCredentials: inv.Credentials.Usable() && inv.Credentials.SecurityToken != "",
		Instance:       o.instance, InFlight: o.maxInFlight, Ticks: o.ticks,
		IdleMillis: time.Since(o.ended).Milliseconds(), Environment: o.environment,
	}
	if deadline, ok := ctx.Deadline(); ok {
		seen.SecondsLeft = time.Until(deadline).Seconds()
	}
	return seen, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.inFlight--
		o.ticks, o.ended = 0, time.Now()
	}
}
