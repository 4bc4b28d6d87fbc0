package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// splitArray returns the elements of a JSON array. An empty array is an error.
func splitArray(text string) ([]json.RawMessage, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	var list []json.RawMessage
	if err := dec.Decode(&list); err != nil {
		var syntax *json.SyntaxError
		switch {
		case errors.As(err, &syntax): // its text may hold what was written
			return nil, fmt.Errorf("is not JSON from byte %d on", syntax.Offset)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errors.New("is not JSON: it ends too early")
		}
		return nil, errors.New("is not a JSON array")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("goes on after the end of the JSON array")
	}
	if len(list) == 0 {
		return nil, errors.New("is an empty array; unset it to check nobody")
	}
	return list, nil
}

// parseMembers returns the members of an object. It is stricter than
// encoding/json: repeated and unknown members are errors. If the text is an
// object, it returns the members that were read even with an error.
func parseMembers(raw json.RawMessage, allowed string) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("is not an object with the members " + allowed)
	}
	found := map[string]json.RawMessage{}
	var fault error
	for dec.More() {
		key, err := dec.Token()
		name, _ := key.(string)
		var value json.RawMessage
		if err == nil {
			err = dec.Decode(&value)
		}
		if err != nil {
			return nil, errors.New("is not an object with the members " + allowed)
		}
		switch {
		case !listContains(allowed, name):
			fault = errors.New("has a member that is not known; allowed: " + allowed)
		case found[name] != nil:
			fault = fmt.Errorf("has %s more than once", name)
		default:
			found[name] = value
		}
	}
	return found, fault
}

// listContains reports whether a name is in a list that is separated by ", ".
func listContains(list, name string) bool {
	for one := range strings.SplitSeq(list, ", ") {
		if one == name {
			return true
		}
	}
	return false
}
