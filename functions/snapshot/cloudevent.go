package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"community-images/shared/capture"
	"community-images/shared/catalog"
)

// errNoEvent means that JSON is neither an event of EventBridge nor a record
// of ActionTrail.
var errNoEvent = errors.New(`it is no CloudEvents object ("specversion" or "source", with "type" and "data") and no ActionTrail record ("serviceName", "eventName")`)

// parseCloudEvents reads what EventBridge delivers: one event, or a batch of
// them in a list. The error is errNoEvent for a single object of another kind;
// of a batch, only if it holds nothing that can be read.
func parseCloudEvents(data []byte, now time.Time) ([]capture.Event, error) {
	if !bytes.HasPrefix(data, []byte("[")) {
		e, err := parseCloudEvent(data, now)
		return []capture.Event{e}, err
	}
	var batch []json.RawMessage
	if err := json.Unmarshal(data, &batch); err != nil {
		return nil, fmt.Errorf("reading a batch of events: %w", err)
	}
	var events []capture.Event
	var faults []error
	for i, raw := range batch {
		e, err := parseCloudEvent(raw, now)
		if err != nil {
			err = fmt.Errorf("element %d of %d in the batch of events: %w", i+1, len(batch), err)
			faults = append(faults, err)
			e.Outcome, e.Reason = "refused", err.Error()
		}
		events = append(events, e)
	}
	if len(batch) == 0 {
		return nil, errors.New("the batch of events is empty")
	}
	if len(faults) == len(batch) {
		return nil, errors.Join(faults...)
	}
	return events, nil
}

// parseCloudEvent reads one event. The payload of E-HPC's own events is not
// documented, so that the cluster and the region are looked for by name.
func parseCloudEvent(raw json.RawMessage, now time.Time) (capture.Event, error) {
	event := object(raw)
	kind, data := text(event["type"]), object(event["data"])
	switch {
	case text(event["eventName"]) != "" && text(event["serviceName"]) != "": // a record without its envelope
		kind, data = ":ActionTrail:", event
	case event["specversion"] == nil && event["source"] == nil:
		return capture.Event{}, errNoEvent
	case kind == "":
		return capture.Event{}, errors.New(`the event has no "type"`)
	}
	e := capture.Event{ID: text(event["id"]), Type: kind, At: happened(now, text(data["eventTime"]), text(event["time"]))}
	subject := strings.Split(text(event["subject"]), ":") // acs:ehpc:<region>:<account>:<resource>
	last := subject[len(subject)-1]
	e.ClusterID = find(data, 3, "ClusterId")
	if id := last[strings.LastIndex(last, "/")+1:]; e.ClusterID == "" && (strings.HasPrefix(id, "ehpc-") || strings.HasPrefix(last, "cluster/")) {
		e.ClusterID = id
	}
	if e.RegionID = find(data, 3, "acsRegion", "RegionId", "Region"); e.RegionID == "" && len(subject) > 4 {
		e.RegionID = subject[2]
	}
	if e.RegionID == "" {
		e.RegionID = text(event["aliyunregionid"])
	}
	if strings.Contains(kind, ":ActionTrail:") {
		e.ID, e.Type = cmp.Or(e.ID, text(data["eventId"])), strings.TrimPrefix(kind+" ", ":ActionTrail: ")+text(data["eventName"])
		e.Reason = uselessCall(data, e.ClusterID)
	} else if !strings.HasPrefix(kind, "ehpc:ClusterOperation:") {
		e.Reason = fmt.Sprintf("events of type %q change no cluster", kind)
	}
	if e.Reason != "" {
		e.Outcome = "ignored"
	}
	return e, nil
}

// uselessCall says why a call that ActionTrail has recorded changes nothing
// that is captured; empty if it may.
func uselessCall(record map[string]json.RawMessage, cluster string) string {
	name, service, fault := text(record["eventName"]), text(record["serviceName"]), text(record["errorCode"])
	reads := text(record["eventRW"]) == "Read"
	for _, verb := range []string{"List", "Describe", "Get"} {
		reads = reads || strings.HasPrefix(name, verb)
	}
	switch {
	case !strings.EqualFold(service, "ehpc"):
		return fmt.Sprintf("%s is a call of the service %q, not of Ehpc", name, service)
	case fault != "":
		return fmt.Sprintf("the call of %s failed: %s", name, fault)
	case reads:
		return name + " only reads"
	case strings.Contains(name, "Job"), cluster == "" && !strings.Contains(name, "Cluster"):
		return name + " changes no cluster"
	}
	return ""
}

// happened is the first time that is one. A time in whole seconds means the
// end of its second, for a check in the same second may have come before; one
// that is missing or in the future means now.
func happened(now time.Time, times ...string) catalog.Time {
	for _, s := range times {
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			if t.Nanosecond() == 0 {
				t = t.Add(time.Second - time.Millisecond)
			}
			if t.Before(now) {
				now = t
			}
			break
		}
	}
	return catalog.At(now)
}

// object reads a JSON object, or a string that holds one; nil: it is neither.
func object(raw json.RawMessage) (members map[string]json.RawMessage) {
	if inner := text(raw); inner != "" {
		raw = json.RawMessage(inner)
	}
	_ = json.Unmarshal(raw, &members) // anything else has no members
	return members
}

// text reads a JSON string; anything else is empty.
func text(raw json.RawMessage) (s string) {
	_ = json.Unmarshal(raw, &s)
	return s
}

// find looks for the first of the names, without regard to case, in an object
// and the objects within it, so many levels deep.
func find(members map[string]json.RawMessage, depth int, names ...string) string {
	keys := slices.Sorted(maps.Keys(members))
	for _, name := range names {
		for _, key := range keys {
			if s := text(members[key]); s != "" && strings.EqualFold(key, name) {
				return s
			}
		}
	}
	for _, key := range keys {
		if depth > 0 {
			if s := find(object(members[key]), depth-1, names...); s != "" {
				return s
			}
		}
	}
	return ""
}
