package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"community-images/shared/capture"
)

// payload is what a direct invocation sends, or a timer trigger in its
// payload. All of it is optional.
type payload struct {
	Regions       []string `json:"regions"`
	Clusters      []string `json:"clusters"`
	InstanceTypes []string `json:"instanceTypes"`
	Shard         string   `json:"shard"`
	Accept        []string `json:"accept"`
}

// timerEvent is what FC's timer trigger sends: three strings.
type timerEvent struct {
	TriggerTime *string `json:"triggerTime"`
	TriggerName *string `json:"triggerName"`
	Payload     *string `json:"payload"`
}

const allowed = `allowed are "regions", "clusters", "instanceTypes", "accept" (lists of strings) and "shard" ("i/n")`

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
			if req, err = parsePayload([]byte(*timer.Payload)); err != nil {
				return req, fmt.Errorf("reading the payload of the timer event: %w", err)
			}
		}
		req.Trigger = "timer"
		if timer.TriggerTime != nil && len(req.Accept) == 0 { // an operator's word is not a repetition
			req.Due, _ = time.Parse(time.RFC3339, *timer.TriggerTime) // none: everything is asked
		}
		return req, nil
	}
	req, err := parsePayload(event)
	if err != nil {
		return req, fmt.Errorf("reading the event: %w", err)
	}
	req.Trigger = "direct"
	return req, nil
}

func parsePayload(data []byte) (capture.Request, error) {
	var p payload
	data = bytes.TrimSpace(data)
	if len(data) == 0 || string(data) == "null" {
		return capture.Request{}, nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return capture.Request{}, fmt.Errorf("%w; %s", err, allowed)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return capture.Request{}, fmt.Errorf("more follows after the JSON object; %s", allowed)
	}
	req := capture.Request{Regions: p.Regions, Clusters: p.Clusters, InstanceTypes: p.InstanceTypes, Accept: p.Accept}
	if p.Shard != "" {
		var err error
		if req.Shard, err = capture.ParseShard(p.Shard); err != nil {
			return req, err
		}
	}
	return req, nil
}
