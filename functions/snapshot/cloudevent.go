package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"community-images/shared/capture"
	"community-images/shared/catalog"
)

// maxSearchDepth is how many levels below the data of an event names are looked
// for.
const maxSearchDepth = 3

// errNotCloudEvent says that an element of a list is neither an event of EventBridge nor
// a record of ActionTrail.
var errNotCloudEvent = errors.New(`it is no CloudEvents object ("specversion" or "source", with "type" and ` +
	`"data") and no ActionTrail record ("serviceName", "eventName")`)

// isCloudEvent reports whether an object is an event of EventBridge, or a record of
// ActionTrail without its envelope.
func isCloudEvent(event map[string]json.RawMessage) bool {
	return isTrailRecord(event) || event["specversion"] != nil || event["source"] != nil
}

// parseBatch reads a list of events of EventBridge, as an event stream sends it. The
// elements are read one by one, so that one that is broken does not stop the others: it
// becomes an event with the outcome "refused". It is an error only if no element can be
// read.
func parseBatch(data []byte, now time.Time) ([]capture.Event, error) {
	var batch []json.RawMessage
	if err := json.Unmarshal(data, &batch); err != nil {
		return nil, fmt.Errorf("reading a batch of events: %w", err)
	}
	var events []capture.Event
	var faults []error
	for i, raw := range batch {
		e, err := capture.Event{}, errNotCloudEvent
		if isCloudEvent(parseObject(raw)) {
			e, err = parseCloudEvent(raw, now)
		}
		if err != nil {
			err = fmt.Errorf("element %d of %d in the batch of events: %w", i+1, len(batch), err)
			faults = append(faults, err)
			e.Outcome, e.Reason = capture.EventRefused, err.Error()
		}
		events = append(events, e)
	}
	if len(batch) == 0 {
		return nil, errors.New("the batch of events is empty")
	}
	// If nothing can be read, the sender should know.
	if len(faults) == len(batch) {
		return nil, errors.Join(faults...)
	}
	return events, nil
}

// parseCloudEvent reads one event that isCloudEvent. The payload of E-HPC's own events is not
// documented, so the cluster and the region are searched by the names of members.
// An event that cannot change what is captured has the outcome "ignored" and a
// reason.
func parseCloudEvent(raw json.RawMessage, now time.Time) (capture.Event, error) {
	event := parseObject(raw)
	// First decide what the object is, and where its data are.
	kind, data := parseString(event["type"]), parseObject(event["data"])
	switch {
	case isTrailRecord(event):
		kind, data = ":ActionTrail:", event
	case kind == "":
		return capture.Event{}, errors.New(`the event has no "type"`)
	}
	// json.Unmarshal would take the last of two members, and other encodings for UTF-8.
	if _, err := catalog.Canonical(raw); err != nil {
		return capture.Event{}, fmt.Errorf("the event cannot be read in one way only: %w", err)
	}
	// The data say more than the subject, and the subject more than the region in which
	// the event bus is.
	subjectRegion, subjectCluster := parseSubject(parseString(event["subject"]))
	e := capture.Event{
		ID: parseString(event["id"]), Type: kind,
		At:        eventTime(now, parseString(data["eventTime"]), parseString(event["time"])),
		ClusterID: cmp.Or(findString(data, maxSearchDepth, "ClusterId"), referencedCluster(data), subjectCluster),
		RegionID: cmp.Or(findString(data, maxSearchDepth, "acsRegion", "RegionId", "Region"), subjectRegion,
			parseString(event["aliyunregionid"])),
	}
	ignoreIfIrrelevant(&e, data)
	return e, nil
}

// ignoreIfIrrelevant sets the outcome of an event that can change nothing that is
// captured, with the reason. It also completes the id and type of a record of
// ActionTrail, whose data they are in.
func ignoreIfIrrelevant(e *capture.Event, data map[string]json.RawMessage) {
	// A record of ActionTrail tells of any call of any service; E-HPC's own events are
	// told apart by their type.
	if strings.Contains(e.Type, ":ActionTrail:") {
		e.ID = cmp.Or(e.ID, parseString(data["eventId"]))
		e.Type = strings.TrimPrefix(e.Type+" ", ":ActionTrail: ") + parseString(data["eventName"])
		e.Reason = reasonToIgnore(data, e.ClusterID)
	} else if !strings.HasPrefix(e.Type, "ehpc:ClusterOperation:") {
		e.Reason = fmt.Sprintf("events of type %q change no cluster", e.Type)
	}
	if e.Reason != "" {
		e.Outcome = capture.EventIgnored
	}
}

// parseSubject reads the region and the cluster out of an event's subject, which
// has the form acs:ehpc:<region>:<account>:<resource>. What it does not name is
// empty.
func parseSubject(subject string) (regionID, clusterID string) {
	parts := strings.Split(subject, ":")
	// The resource is the last part, for example cluster/ehpc-hz-x.
	resource := parts[len(parts)-1]
	id := resource[strings.LastIndex(resource, "/")+1:]
	if strings.HasPrefix(id, "ehpc-") || strings.HasPrefix(resource, "cluster/") {
		clusterID = id
	}
	if len(parts) > 4 {
		regionID = parts[2]
	}
	return regionID, clusterID
}

// eventTime returns the first of the texts that is an RFC 3339 time. It returns
// now if there is none, or if the time is in the future. A time in whole seconds
// counts as the end of its second: a check in the same second may have come
// before the event, and must not count as newer than it.
func eventTime(now time.Time, texts ...string) catalog.Time {
	for _, text := range texts {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			continue
		}
		if t.Nanosecond() == 0 {
			t = t.Add(time.Second - time.Millisecond)
		}
		if t.Before(now) {
			return catalog.At(t)
		}
		// A clock is wrong. A time in the future would let no check count as newer.
		break
	}
	return catalog.At(now)
}
