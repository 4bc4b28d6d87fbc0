package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"community-images/shared/capture"
	"community-images/shared/catalog"
)

// parseEvent reads the event of an invocation. Each kind of event has members that the
// others lack. An empty event asks for everything. An event of EventBridge without a
// time gets the time now.
func parseEvent(event []byte, now time.Time) (req capture.Request, err error) {
	event = bytes.TrimSpace(event)
	switch members := parseObject(event); {
	case isTimerEvent(members):
		return parseTimerEvent(event)
	case isCloudEvent(members):
		var e capture.Event
		e, err = parseCloudEvent(event, now)
		req = capture.Request{Trigger: "event", Events: []capture.Event{e}}
	case bytes.HasPrefix(event, []byte("[")):
		req.Trigger = "event"
		req.Events, err = parseBatch(event, now)
	default:
		// What is left was written by a person. Unknown members are errors there.
		req, err = capture.ParseRequest(event)
		req.Trigger = "direct"
	}
	if err != nil {
		return capture.Request{}, fmt.Errorf("reading the event: %w", err)
	}
	return req, nil
}

// timerEvent is the event of FC's timer trigger. A member is empty if it is absent.
type timerEvent struct {
	// TriggerTime is when the run was due, in RFC 3339. A repeated event has the same.
	TriggerTime string `json:"triggerTime"`
	// Payload is the text that was configured with the trigger.
	Payload string `json:"payload"`
}

// isTimerEvent reports whether an object has a trigger's time or name.
func isTimerEvent(event map[string]json.RawMessage) bool {
	return parseString(event["triggerTime"]) != "" || parseString(event["triggerName"]) != ""
}

// parseTimerEvent reads the request in the payload of a timer's event. An empty payload
// asks for everything.
func parseTimerEvent(event []byte) (req capture.Request, err error) {
	var timer timerEvent
	// The decoder takes the last of two members.
	if _, err := catalog.Canonical(event); err != nil {
		return req, fmt.Errorf("reading the timer event: %w", err)
	}
	if err := json.Unmarshal(event, &timer); err != nil {
		return req, fmt.Errorf("reading the timer event: %w", err)
	}
	if strings.TrimSpace(timer.Payload) != "" {
		if req, err = capture.ParseRequest([]byte(timer.Payload)); err != nil {
			return req, fmt.Errorf("reading the payload of the timer event: %w", err)
		}
	}
	req.Trigger = "timer"
	// FC may deliver an event twice. A run that is due at the same time as an earlier
	// one is recognised by that. Nothing is asked if an answer is accepted. A time that
	// cannot be parsed is zero: then nothing counts as handled before.
	if len(req.Accept) == 0 {
		req.Due, _ = time.Parse(time.RFC3339, timer.TriggerTime)
	}
	return req, nil
}
