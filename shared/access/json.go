package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// split returns the elements of a JSON array, of which there is at least one.
func split(text string) ([]json.RawMessage, error) {
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

// members takes an object apart. It is stricter than encoding/json: a member
// that is written twice or in another case could say less than it seems to.
// With an error the members that were read are returned if it is an object.
func members(raw json.RawMessage, allowed string) (map[string]json.RawMessage, error) {
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
		case !contains(allowed, name):
			fault = errors.New("has a member that is not known; allowed: " + allowed)
		case found[name] != nil:
			fault = fmt.Errorf("has %s more than once", name)
		default:
			found[name] = value
		}
	}
	return found, fault
}

func contains(list, name string) bool {
	for one := range strings.SplitSeq(list, ", ") {
		if one == name {
			return true
		}
	}
	return false
}
