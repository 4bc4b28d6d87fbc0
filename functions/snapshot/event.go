package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"community-images/shared/capture"
	"community-images/shared/catalog"
)

// timerEvent is the event of FC's timer trigger. A member is nil if it is absent.
type timerEvent struct {
	// TriggerTime is when the run was due, in RFC 3339. A repeated event has the same.
	TriggerTime *string `json:"triggerTime"`
	// TriggerName is the name of the trigger. It only tells a timer's event from others.
	TriggerName *string `json:"triggerName"`
	// Payload is the text that was configured with the trigger.
	Payload *string `json:"payload"`
}

// parseEvent reads the event of an invocation. It may come from a timer, from
// EventBridge, or from a caller who wrote the request itself. An empty event asks
// for everything. An event of EventBridge without a time gets the time now.
func parseEvent(event []byte, now time.Time) (capture.Request, error) {
	event = bytes.TrimSpace(event)
	// Each kind of event has members that the others lack.
	events, err := parseCloudEvents(event, now)
	if err == nil {
		return capture.Request{Trigger: "event", Events: events}, nil
	}
	if !errors.Is(err, errNotCloudEvent) || bytes.HasPrefix(event, []byte("[")) {
		return capture.Request{}, fmt.Errorf("reading the event: %w", err)
	}
	// Any object with a trigger's time or name is a timer's event.
	var timer timerEvent
	if json.Unmarshal(event, &timer) == nil && (timer.TriggerTime != nil || timer.TriggerName != nil) {
		if _, err := catalog.Canonical(event); err != nil {
			return capture.Request{}, fmt.Errorf("reading the timer event: %w", err)
		}
		return timer.request()
	}
	// What is left was written by a person. Unknown members are errors there.
	req, err := capture.ParseRequest(event)
	if err != nil {
		return req, fmt.Errorf("reading the event: %w", err)
	}
	req.Trigger = "direct"
	return req, nil
}

// request reads the request in the payload. An empty payload asks for everything.
func (e timerEvent) request() (capture.Request, error) {
	req := capture.Request{}
	if e.Payload != nil && strings.TrimSpace(*e.Payload) != "" {
		var err error
		if req, err = capture.ParseRequest([]byte(*e.Payload)); err != nil {
			return req, fmt.Errorf("reading the payload of the timer event: %w", err)
		}
	}
	req.Trigger = "timer"
	// FC may deliver an event twice. A run that is due at the same time as an earlier
	// one is recognised by that. Nothing is asked if an answer is accepted. A time that
	// cannot be parsed is zero: then nothing counts as handled before.
	if e.TriggerTime != nil && len(req.Accept) == 0 {
		req.Due, _ = time.Parse(time.RFC3339, *e.TriggerTime)
	}
	return req, nil
}
