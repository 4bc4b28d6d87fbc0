package fcrun

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
)

// httpEvent is the part of an FC 3.0 HTTP trigger event that makes a request.
// Absent parts are empty. Source: the HTTP trigger page of FC's documentation.
type httpEvent struct {
	rawPath   string // still URL-encoded
	body      string
	base64    bool // body is
	headers   []pair
	query     []pair // as FC gives it: one string per key, repeats joined by commas
	host      string // requestContext.domainName
	requestID string
	method    string
	path      string // decoded
	protocol  string
	sourceIP  string
}

// pair is a key with its value. Keys are unique, in the order of the event.
type pair struct{ key, value string }

// set gives the last of several equal keys the say, as a JSON object does.
func set(pairs []pair, key, value string) []pair {
	for i := range pairs {
		if pairs[i].key == key {
			pairs[i].value = value
			return pairs
		}
	}
	return append(pairs, pair{key, value})
}

var errNotHTTP = errors.New("the event is not that of an HTTP trigger: it is no JSON object with rawPath or requestContext.http.method")

// decodeHTTP reads an event. Nearly every event takes the quick way; whatever
// surprises it, such as a list where a string belongs, goes to the tolerant one.
func decodeHTTP(event []byte) (httpEvent, error) {
	e, ok := scanHTTP(string(event))
	if !ok {
		var err error
		if e, err = tolerateHTTP(event); err != nil {
			return httpEvent{}, err
		}
	}
	if e.rawPath == "" && e.method == "" {
		return httpEvent{}, errNotHTTP
	}
	return e, nil
}

// tolerateHTTP reads an event whose values may have any type.
func tolerateHTTP(event []byte) (httpEvent, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(event, &top); err != nil {
		return httpEvent{}, errNotHTTP
	}
	context := object(top["requestContext"])
	http := object(context["http"])
	e := httpEvent{
		rawPath:   text(top["rawPath"]),
		body:      text(top["body"]),
		base64:    text(top["isBase64Encoded"]) == "true",
		host:      text(context["domainName"]),
		requestID: text(context["requestId"]),
		method:    text(http["method"]),
		path:      text(http["path"]),
		protocol:  text(http["protocol"]),
		sourceIP:  text(http["sourceIp"]),
	}
	e.headers = texts(top["headers"])
	e.query = texts(top["queryParameters"])
	return e, nil
}

// texts are the members of an object, by key.
func texts(raw json.RawMessage) (pairs []pair) {
	members := object(raw)
	for _, key := range slices.Sorted(maps.Keys(members)) {
		pairs = append(pairs, pair{key, text(members[key])})
	}
	return pairs
}

// object is the members of a value, none if it is not an object.
func object(raw json.RawMessage) (members map[string]json.RawMessage) {
	if json.Unmarshal(raw, &members) != nil {
		return nil
	}
	return members
}

// text is a string's content, a list's elements joined as FC joins repeats,
// nothing for null, and anything else as it is written.
func text(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		_ = json.Unmarshal(raw, &s) // a part of a valid value
		return s
	case '[':
		var elements []json.RawMessage
		_ = json.Unmarshal(raw, &elements)
		parts := make([]string, len(elements))
		for i, element := range elements {
			if len(element) > 0 && element[0] == '[' {
				parts[i] = string(element) // no deeper: a list of lists is nobody's query
				continue
			}
			parts[i] = text(element)
		}
		return strings.Join(parts, ",")
	case 'n':
		return ""
	}
	return string(raw)
}
