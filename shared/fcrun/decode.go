package fcrun

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
)

// httpEvent is the part of an event of FC 3.0's HTTP trigger that describes the
// request. Absent parts are empty. Source: the HTTP trigger page of FC.
type httpEvent struct {
	rawPath string // still URL-encoded
	// body is empty, plain text, or base64 text if base64 is true.
	body   string
	base64 bool // body is encoded
	// headers has one value for each name, in the order of the event.
	headers []pair
	query   []pair // one string for each key; FC joins repeats by commas
	host    string // requestContext.domainName
	// requestID is FC's id in requestContext. It is not trusted; see beginInvocation.
	requestID string
	// method is empty in a hand-written test event: then it is GET.
	method string
	path   string // decoded
	// protocol is for example "HTTP/1.1".
	protocol string
	// sourceIP has no port. Behind a custom domain it may be that of a proxy.
	sourceIP string
}

// pair is a key and its value. Keys are unique and in the order of the event.
type pair struct{ key, value string }

// setPair sets the value of a key. The last of several equal keys wins, as in a JSON
// object.
func setPair(pairs []pair, key, value string) []pair {
	for i := range pairs {
		if pairs[i].key == key {
			pairs[i].value = value
			return pairs
		}
	}
	return append(pairs, pair{key, value})
}

// errNotHTTP is the error for any event that is not a request, for example the event
// of a timer or the payload of a test call from the console.
var errNotHTTP = errors.New("the event is not one of an HTTP trigger: " +
	"it is not a JSON object with rawPath or requestContext.http.method")

// decodeHTTP decodes an event. decodeFast decodes nearly every event. decodeSlow
// decodes unusual ones, for example with a list instead of a string.
func decodeHTTP(event []byte) (httpEvent, error) {
	e, ok := decodeFast(string(event))
	if !ok {
		var err error
		if e, err = decodeSlow(event); err != nil {
			return httpEvent{}, err
		}
	}
	// Valid JSON of another kind, for example {"triggerName":"x"}.
	if e.rawPath == "" && e.method == "" {
		return httpEvent{}, errNotHTTP
	}
	return e, nil
}

// decodeSlow decodes an event whose values may have any type.
func decodeSlow(event []byte) (httpEvent, error) {
	// Decode one level at a time: a member of an unexpected type must not fail the rest.
	var top map[string]json.RawMessage
	if err := json.Unmarshal(event, &top); err != nil {
		return httpEvent{}, errNotHTTP
	}
	context := membersOf(top["requestContext"])
	http := membersOf(context["http"])
	e := httpEvent{
		rawPath:   textOf(top["rawPath"]),
		body:      textOf(top["body"]),
		base64:    textOf(top["isBase64Encoded"]) == "true",
		host:      textOf(context["domainName"]),
		requestID: textOf(context["requestId"]),
		method:    textOf(http["method"]),
		path:      textOf(http["path"]),
		protocol:  textOf(http["protocol"]),
		sourceIP:  textOf(http["sourceIp"]),
	}
	e.headers = pairsOf(top["headers"])
	e.query = pairsOf(top["queryParameters"])
	return e, nil
}

// pairsOf returns the members of an object as texts, sorted by key.
func pairsOf(raw json.RawMessage) (pairs []pair) {
	members := membersOf(raw)
	for _, key := range slices.Sorted(maps.Keys(members)) {
		pairs = append(pairs, pair{key, textOf(members[key])})
	}
	return pairs
}

// membersOf returns the members of a value, or none if it is not an object.
func membersOf(raw json.RawMessage) (members map[string]json.RawMessage) {
	if json.Unmarshal(raw, &members) != nil {
		return nil
	}
	return members
}

// textOf returns the content of a string, the elements of a list joined by commas as
// FC joins repeats, an empty text for null, and anything else as it is written.
func textOf(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		_ = json.Unmarshal(raw, &s) // always valid
		return s
	case '[':
		var elements []json.RawMessage
		_ = json.Unmarshal(raw, &elements)
		parts := make([]string, len(elements))
		for i, element := range elements {
			if len(element) > 0 && element[0] == '[' {
				parts[i] = string(element) // a list of lists is not a query
				continue
			}
			parts[i] = textOf(element)
		}
		return strings.Join(parts, ",")
	case 'n':
		return ""
	}
	return string(raw)
}
