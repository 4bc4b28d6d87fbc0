package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"community-images/scripts/prove/probeapi"
)

// timerClaims are about events that arrive without HTTP.
func (p *prover) timerClaims() []claim {
	const source = "Function Compute, timer trigger"
	return []claim{{
		// The snapshot function tells events apart by their members. An event of another form would be taken for a
		// direct invocation.
		id: "timer/event", text: "an event of the timer has triggerTime, triggerName and payload, and nothing else",
		source: source, try: "waiting for the first event of @every 1m",
		check: func(ctx context.Context) (string, bool, error) {
			seen, members, err := p.waitForEvent(ctx, p.timerWait, func(s probeapi.Seen, m map[string]any) bool {
				return m["triggerName"] != nil
			})
			if err != nil {
				return err.Error(), false, nil
			}
			names := slices.Sorted(maps.Keys(members))
			return fmt.Sprintf("members %q, retry count %d", names, seen.RetryCount),
				slices.Equal(names, []string{"payload", "triggerName", "triggerTime"}) && members["payload"] == payload, nil
		},
	}, {
		// A run that committed nothing is tried once more. Redelivered events are recognised by their request id.
		id: "timer/retry", text: "an event for which the function fails comes a second time, with the retry count 1",
		source: "Function Compute, asynchronous invocation", try: "waiting, while the probe fails each first try",
		check: func(ctx context.Context) (string, bool, error) {
			seen, _, err := p.waitForEvent(ctx, p.timerWait, func(s probeapi.Seen, m map[string]any) bool {
				return s.RetryCount > 0
			})
			if err != nil {
				return err.Error(), false, nil
			}
			return fmt.Sprintf("retry count %d", seen.RetryCount), seen.RetryCount == 1, nil
		},
	}, {
		// The vendor documents samples of the payload; we have not seen one. The cluster is looked for by name in it.
		id:     "events/cluster",
		text:   "EventBridge delivers an event of E-HPC as a CloudEvent with the source acs.ehpc",
		source: "EventBridge, E-HPC events", try: "waiting, while somebody starts, stops, creates or deletes a cluster",
		check: p.waitForClusterEvent,
	}}
}

// waitForClusterEvent waits for an event of E-HPC.
func (p *prover) waitForClusterEvent(ctx context.Context) (string, bool, error) {
	if p.eventWait == 0 {
		return "", false, errNotTried("it needs -events and a cluster that changes meanwhile")
	}
	fmt.Fprintf(p.stdout, "waiting up to %s for an event: start, stop, create or delete a cluster now\n", p.eventWait)
	_, members, err := p.waitForEvent(ctx, p.eventWait, func(_ probeapi.Seen, m map[string]any) bool {
		return m["specversion"] != nil || m["source"] != nil
	})
	if errors.Is(err, errNoEvent) {
		return "", false, err
	}
	if err != nil {
		return err.Error(), false, nil
	}
	// The names of the members are shown, and no values: they hold ids.
	data, _ := members["data"].(map[string]any)
	return fmt.Sprintf("source %v, type %v, members %q, of data %q", members["source"], members["type"],
			slices.Sorted(maps.Keys(members)), slices.Sorted(maps.Keys(data))),
		members["source"] == "acs.ehpc" && strings.HasPrefix(fmt.Sprint(members["type"]), "ehpc:"), nil
}

// errNoEvent says that no event came in time.
var errNoEvent = errors.New("no such event came")

// waitForEvent waits for an event that the probe in the snapshot function has
// stored. It returns the event's members, too.
func (p *prover) waitForEvent(
	ctx context.Context, wait time.Duration, isWanted func(probeapi.Seen, map[string]any) bool,
) (probeapi.Seen, map[string]any, error) {
	// The probe stores each event in the bucket of the deployment. Nothing else tells
	// what arrived there: the timer has no caller.
	for deadline := time.Now().Add(wait); ; sleep(ctx, p.pollInterval) {
		keys, err := p.data.List(ctx, prefix+probeapi.EventsBelow)
		if err != nil {
			return probeapi.Seen{}, nil, err
		}
		for _, key := range keys {
			data, _, err := p.data.Get(ctx, key, "")
			var seen probeapi.Seen
			if err == nil {
				err = json.Unmarshal(data, &seen)
			}
			if err != nil {
				return seen, nil, err
			}
			members := map[string]any{}
			_ = json.Unmarshal([]byte(seen.Event), &members) // another form has no members
			if isWanted(seen, members) {
				return seen, members, nil
			}
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return probeapi.Seen{}, nil, fmt.Errorf("%w within %s; there are %d others", errNoEvent, wait, len(keys))
		}
	}
}

// prefix is that of the objects of a deployment.
const prefix = "community-images"
