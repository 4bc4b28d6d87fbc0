package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"community-images/shared/capture"
)

// timerEvent is what FC's timer trigger sends: three strings.
type timerEvent struct {
	TriggerTime *string `json:"triggerTime"`
	TriggerName *string `json:"triggerName"`
	Payload     *string `json:"payload"`
}

// parseEvent reads the event of an invocation: of a timer, of EventBridge, or
// direct. An empty one captures everything. now dates what has no date.
func parseEvent(event []byte, now time.Time) (capture.Request, error) {
	event = bytes.TrimSpace(event)
	events, err := parseCloudEvents(event, now)
	if err == nil {
		return capture.Request{Trigger: "event", Events: events}, nil
	}
	if !errors.Is(err, errNoEvent) || bytes.HasPrefix(event, []byte("[")) {
		return capture.Request{}, fmt.Errorf("reading the event: %w", err)
	}
	var timer timerEvent
	if json.Unmarshal(event, &timer) == nil && (timer.TriggerTime != nil || timer.TriggerName != nil) {
		req := capture.Request{}
		if timer.Payload != nil && strings.TrimSpace(*timer.Payload) != "" {
			var err error
			if req, err = capture.ParseRequest([]byte(*timer.Payload)); err != nil {
				return req, fmt.Errorf("reading the payload of the timer event: %w", err)
			}
		}
		req.Trigger = "timer"
		if timer.TriggerTime != nil && len(req.Accept) == 0 { // an operator's word is not a repetition
			req.Due, _ = time.Parse(time.RFC3339, *timer.TriggerTime) // none: everything is asked
		}
		return req, nil
	}
	req, err := capture.ParseRequest(event)
	if err != nil {
		return req, fmt.Errorf("reading the event: %w", err)
	}
	req.Trigger = "direct"
	return req, nil
}
