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

// errNotCloudEvent says that an object is neither an event of EventBridge nor a
// record of ActionTrail.
var errNotCloudEvent = errors.New(`it is no CloudEvents object ("specversion" or "source", with "type" and ` +
	`"data") and no ActionTrail record ("serviceName", "eventName")`)

// maxSearchDepth is how many levels below the data of an event names are looked
// for.
const maxSearchDepth = 3

// parseCloudEvents reads an event of EventBridge, or a list of events. It returns
// errNotCloudEvent if data is a single object of another kind. An element of a
// list that cannot be read becomes an event with the outcome "refused"; it is an
// error only if no element can be read.
func parseCloudEvents(data []byte, now time.Time) ([]capture.Event, error) {
	if !bytes.HasPrefix(data, []byte("[")) {
		e, err := parseCloudEvent(data, now)
		return []capture.Event{e}, err
	}
	// A list comes from an event stream. Its elements are read one by one, so that one
	// that is broken does not stop the others.
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
	// If nothing can be read, the sender should know.
	if len(faults) == len(batch) {
		return nil, errors.Join(faults...)
	}
	return events, nil
}

// parseCloudEvent reads one event. The payload of E-HPC's own events is not
// documented, so the cluster and the region are searched by the names of members.
// An event that cannot change what is captured has the outcome "ignored" and a
// reason.
func parseCloudEvent(raw json.RawMessage, now time.Time) (capture.Event, error) {
	event := parseObject(raw)
	// First decide what the object is, and where its data are.
	kind, data := parseString(event["type"]), parseObject(event["data"])
	switch {
	case parseString(event["eventName"]) != "" && parseString(event["serviceName"]) != "":
		// A record of ActionTrail without its envelope.
		kind, data = ":ActionTrail:", event
	case event["specversion"] == nil && event["source"] == nil:
		return capture.Event{}, errNotCloudEvent
	case kind == "":
		return capture.Event{}, errors.New(`the event has no "type"`)
	}
	// The data say more than the subject, and the subject more than the region in which
	// the event bus is.
	// json.Unmarshal would take the last of two members, and other encodings for UTF-8.
	if _, err := catalog.Canonical(raw); err != nil {
		return capture.Event{}, fmt.Errorf("the event cannot be read in one way only: %w", err)
	}
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

// referencedCluster returns the cluster among the resources that a record of
// ActionTrail names, or "". referencedResources has lists of ids by type;
// resourceName has the same as text: ids joined by commas, types by semicolons. The
// types of E-HPC are not documented, so an id counts by its own form, too. A call of
// E-HPC concerns one cluster.
func referencedCluster(record map[string]json.RawMessage) string {
	byType := map[string][]string{}
	for kind, raw := range parseObject(record["referencedResources"]) {
		var ids []string
		_ = json.Unmarshal(raw, &ids) // anything else names nothing
		byType[kind] = ids
	}
	kinds := strings.Split(parseString(record["resourceType"]), ";")
	for i, names := range strings.Split(parseString(record["resourceName"]), ";") {
		kind := ""
		if i < len(kinds) {
			kind = kinds[i]
		}
		byType[kind] = append(byType[kind], strings.Split(names, ",")...)
	}
	// In the order of the types, so that the same record always gives the same cluster.
	for _, kind := range slices.Sorted(maps.Keys(byType)) {
		isCluster := strings.EqualFold(kind, "ACS::EHPC::Cluster")
		for _, id := range byType[kind] {
			if id = strings.TrimSpace(id); id != "" && (isCluster || strings.HasPrefix(id, "ehpc-")) {
				return id
			}
		}
	}
	return ""
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

// reasonToIgnore says why a call in a record of ActionTrail changes nothing that
// is captured. It is empty if the call may change something.
func reasonToIgnore(record map[string]json.RawMessage, clusterID string) string {
	name, service := parseString(record["eventName"]), parseString(record["serviceName"])
	errorCode := parseString(record["errorCode"])
	// Not every record has eventRW, so the verb in the name counts as well.
	onlyReads := parseString(record["eventRW"]) == "Read"
	for _, verb := range []string{"List", "Describe", "Get"} {
		onlyReads = onlyReads || strings.HasPrefix(name, verb)
	}
	switch {
	case !strings.EqualFold(service, "ehpc"):
		return fmt.Sprintf("%s is a call of the service %q, not of Ehpc", name, service)
	case errorCode != "":
		return fmt.Sprintf("the call of %s failed: %s", name, errorCode)
	case onlyReads:
		return name + " only reads"
	case strings.Contains(name, "Job"), clusterID == "" && !strings.Contains(name, "Cluster"):
		return name + " changes no cluster"
	}
	return ""
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

// parseObject reads a JSON object, or a JSON string that holds one. It returns nil
// for anything else, and for a string that has a member twice.
func parseObject(raw json.RawMessage) (members map[string]json.RawMessage) {
	if inner := parseString(raw); inner != "" {
		raw = json.RawMessage(inner)
		if _, err := catalog.Canonical(raw); err != nil {
			return nil
		}
	}
	_ = json.Unmarshal(raw, &members)
	return members
}

// parseString reads a JSON string. It returns "" for anything else.
func parseString(raw json.RawMessage) (s string) {
	_ = json.Unmarshal(raw, &s)
	return s
}

// findString returns the string under the first of the names that an object has,
// without regard to case. If it has none of them, the objects within it are
// searched, down to the given depth. Members are searched in the order of their
// names, so that the same event always gives the same result.
func findString(members map[string]json.RawMessage, depth int, names ...string) string {
	keys := slices.Sorted(maps.Keys(members))
	// What stands at this level counts more than what is nested.
	for _, name := range names {
		for _, key := range keys {
			if s := parseString(members[key]); s != "" && strings.EqualFold(key, name) {
				return s
			}
		}
	}
	for _, key := range keys {
		if depth > 0 {
			if s := findString(parseObject(members[key]), depth-1, names...); s != "" {
				return s
			}
		}
	}
	return ""
}
