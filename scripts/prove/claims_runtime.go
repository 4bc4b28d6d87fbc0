package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"community-images/scripts/prove/probeapi"
)

// limitSource is where the vendor describes the runtime.
const limitSource = "Function Compute, runtime go1"

// runtimeClaims are about what a function sees of its runtime.
func (p *prover) runtimeClaims() []claim {
	return []claim{{
		// shared/config takes the region and the size from here, and the first credentials of an instance.
		id: "runtime/environment", text: "the environment names the region, the memory and an access key with a token",
		source: "Function Compute, environment variables", try: "GET /see",
		check: p.checkEnvironment,
	}, {
		// Those of the environment expire after 36 hours. A long-lived instance must get new ones with each
		// invocation.
		id: "runtime/credentials", text: "each invocation brings an access key of the role with a token",
		source: limitSource, try: "GET /see",
		check: func(ctx context.Context) (string, bool, error) {
			seen, _, err := p.see(ctx, request{target: probeapi.PathSee})
			return fmt.Sprint(seen.HasCredentials), seen.HasCredentials, err
		},
	}, {
		// Both functions stop shortly before it: a run commits what it has, a lookup answers with an error.
		id: "runtime/deadline", text: "the deadline of an invocation is the time-out of the function", source: limitSource,
		try: "GET /see",
		check: func(ctx context.Context) (string, bool, error) {
			seen, _, err := p.see(ctx, request{target: probeapi.PathSee})
			return fmt.Sprintf("%.1f s are left", seen.SecondsLeft),
				seen.SecondsLeft > p.queryTimeout.Seconds()-2 && seen.SecondsLeft <= p.queryTimeout.Seconds(), err
		},
	}, {
		// The query function runs on one CPU for this reason.
		id: "runtime/one-at-a-time", text: "an instance gets one invocation at a time", source: limitSource,
		try: "3 requests at once that sleep for half a second", check: p.countAtOnce,
	}, {
		// Work behind an answer, such as reading a newer head, makes no progress then. The code does not rely on
		// either.
		id: "runtime/frozen", text: "between two invocations an instance is frozen", source: "Function Compute, lifecycle",
		try: fmt.Sprintf("GET /see twice, %s apart, with a goroutine that counts", p.idle), check: p.countTicks,
	}, {
		// The last defence against a request that hangs. It must end as an error, not as an empty answer.
		id: "runtime/time-out", text: "a request that takes longer than the time-out fails with an error of Function Compute",
		source: limitSource, try: "GET " + probeapi.PathSleep + "10m", check: p.overstay,
	}}
}

// checkEnvironment looks for the variables that the project uses.
func (p *prover) checkEnvironment(ctx context.Context) (string, bool, error) {
	seen, _, err := p.see(ctx, request{target: probeapi.PathSee})
	// Values of secrets do not arrive here: the probe replaces them.
	complete := true
	for _, name := range []string{"FC_REGION", "FC_FUNCTION_MEMORY_SIZE", "FC_FUNCTION_NAME", "FC_INSTANCE_ID",
		"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"} {
		complete = complete && seen.Environment[name] != ""
	}
	names := strings.Join(slices.Sorted(maps.Keys(seen.Environment)), " ")
	return fmt.Sprintf("FC_REGION %q, memory %q MB; all names: %s", seen.Environment["FC_REGION"],
		seen.Environment["FC_FUNCTION_MEMORY_SIZE"], names), complete && seen.Environment["FC_REGION"] == p.region, err
}

// countAtOnce sends requests at the same time.
func (p *prover) countAtOnce(ctx context.Context) (string, bool, error) {
	var mu sync.Mutex
	instances, most := map[string]bool{}, 0
	// Function Compute may start an instance for each request, or let them wait.
	// Both are right, as long as none has two at a time.
	requests, within := errgroup.WithContext(ctx)
	for range 3 {
		requests.Go(func() error {
			seen, _, err := p.see(within, request{target: probeapi.PathSleep + "500ms"})
			mu.Lock()
			defer mu.Unlock()
			instances[seen.Instance], most = true, max(most, seen.InFlight)
			return err
		})
	}
	err := requests.Wait()
	return fmt.Sprintf("%d instances, at most %d at a time in one", len(instances), most), most == 1, err
}

// countTicks compares how often a goroutine of the probe woke with the time that
// passed.
func (p *prover) countTicks(ctx context.Context) (string, bool, error) {
	for range 5 { // until the same instance answers twice
		first, _, err := p.see(ctx, request{target: probeapi.PathSee})
		if err != nil {
			return "", false, err
		}
		sleep(ctx, p.idle)
		second, _, err := p.see(ctx, request{target: probeapi.PathSee})
		if err != nil {
			return "", false, err
		}
		if first.Instance != second.Instance {
			continue
		}
		// A few ticks may happen before the instance is frozen.
		expected := float64(second.IdleMillis) / probeapi.TickMillis
		return fmt.Sprintf("awake for %.0f %% of the time between", 100*float64(second.Ticks)/max(expected, 1)),
			float64(second.Ticks) < expected/4, nil
	}
	return "", false, errors.New("no two requests reached the same instance")
}

// overstay sends a request that takes too long.
func (p *prover) overstay(ctx context.Context) (string, bool, error) {
	begun := time.Now()
	response, err := p.send(ctx, request{target: probeapi.PathSleep + "10m"})
	if err != nil {
		return "", false, err
	}
	// The header tells an error of Function Compute from one of the function.
	kind := response.header.Get("X-Fc-Error-Type")
	return fmt.Sprintf("%d with X-Fc-Error-Type %q after %s", response.status, kind, time.Since(begun).Round(time.Second)),
		response.status != http.StatusOK && kind != "", nil
}

// roleClaims are about what the roles of the functions may do in the bucket.
func (p *prover) roleClaims() []claim {
	const source = "RAM, and OSS: GetObject without ListObjects may give 403"
	return []claim{{
		// The query function must not be able to change anything.
		id: "role/query", text: "the role of the query function reads and lists the archive and does nothing else",
		source: source, try: "requests of the probe in the query function",
		check: func(ctx context.Context) (string, bool, error) {
			s, err := p.seeStore(ctx)
			return fmt.Sprintf("%+v", s), isMissing(s.Missing) && s == probeapi.StoreSeen{
				Missing: s.Missing, MissingOutside: probeapi.Refused, List: probeapi.Allowed, ListOutside: probeapi.Refused,
				Put: probeapi.Refused, PutOutside: probeapi.Refused, Append: probeapi.Refused, Delete: probeapi.Refused,
			}, err
		},
	}, {
		// The bucket may hold other things than the archive. The role must not reach them.
		id: "role/snapshot", text: "the role of the snapshot function reads, writes, deletes and lists the archive only",
		source: source, try: "requests of the probe in the snapshot function",
		check: func(ctx context.Context) (string, bool, error) {
			var s probeapi.StoreSeen
			err := p.ask(ctx, "snapshot", probeapi.PathStore, &s)
			return fmt.Sprintf("%+v", s), isMissing(s.Missing) && s == probeapi.StoreSeen{
				Missing: s.Missing, MissingOutside: probeapi.Refused, List: probeapi.Allowed, ListOutside: probeapi.Refused,
				Put: probeapi.Allowed, PutOutside: probeapi.Refused, Append: probeapi.Allowed, Delete: probeapi.Allowed,
			}, err
		},
	}, {
		// If it is 403, a reader lists the key to learn that the object is missing, which costs one more request.
		id: "role/missing", text: "under a role that may list below a prefix only, a missing object gives 404",
		source: source, try: "a read of the probe in the query function",
		check: func(ctx context.Context) (string, bool, error) {
			s, err := p.seeStore(ctx)
			return s.Missing, s.Missing == probeapi.NotFound, err
		},
	}}
}

// seeStore asks the probe in the query function what its role may do.
func (p *prover) seeStore(ctx context.Context) (s probeapi.StoreSeen, err error) {
	response, err := p.send(ctx, request{target: probeapi.PathStore})
	if err == nil {
		err = decodeReply(response, &s)
	}
	return s, err
}

// isMissing reports whether the outcome tells that an object does not exist.
func isMissing(outcome string) bool {
	return outcome == probeapi.NotFound || outcome == probeapi.Hidden
}
