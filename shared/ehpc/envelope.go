package ehpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// What follows finds the Images part of an answer without reading it.
//
// An answer in one of the two ordinary forms,
//
//	{"RequestId":"<plain>","Images":<part>}
//	{"Images":<part>,"RequestId":"<plain>"}
//
// with any white space between, is cut by its beginning and its end alone. Why
// that is sound: a plain text has no quote, backslash or control character, so
// whatever it is, it is a whole JSON string. Hence, in a given form, the part
// alone decides whether the body is valid JSON and, apart from the request id,
// what it means. That holds even where the part is not one JSON value (because
// another member follows it, say). So if one body was decoded and found good,
// any other body of the same form with the same part is good too and has the
// same images. Nor does the form matter: in a valid body the text before the
// part ends, and the text after it begins, at the top level of the object, so
// the part brings the same members in either form.
//
// Any other body is parsed whole. Its part is exactly the value of Images, and
// a fault elsewhere in the body is found right away. It can equal a part that
// was cut only if that, too, was one JSON value.
//
// Equal SHA-256 sums of two parts mean equal parts. So an answer whose
// fingerprint is that of a body that was decoded before needs no decoding.
// An answer with any other fingerprint is not known to be even JSON.

// cutImages returns the Images part and the request id of a body in one of the
// ordinary forms. The part has at least the outline of {"ImageInfo":[…]}.
func cutImages(body []byte) (part []byte, requestID string, ok bool) {
	var id []byte
	if rest, found := cutTokens(body, `{`, `"RequestId"`, `:`, `"`); found {
		end := bytes.IndexByte(rest[:min(len(rest), maxShort+1)], '"')
		if end < 0 {
			return nil, "", false
		}
		id = rest[:end]
		rest, ok = cutTokens(rest[end+1:], `,`, `"Images"`, `:`)
		if ok {
			part, ok = cutTokensBack(rest, `}`)
		}
	} else if rest, found := cutTokens(body, `{`, `"Images"`, `:`); found {
		rest, found = cutTokensBack(rest, `"`, `}`)
		start := bytes.LastIndexByte(rest[max(0, len(rest)-maxShort-1):], '"')
		if !found || start < 0 {
			return nil, "", false
		}
		start += max(0, len(rest)-maxShort-1)
		id = rest[start+1:]
		part, ok = cutTokensBack(rest[:start], `,`, `"RequestId"`, `:`)
	}
	part = bytes.Trim(part, space)
	_, outline := cutArray(part)
	return part, string(id), ok && outline && isPlainText(id)
}

// outlined cuts the array out of {"ImageInfo":[…]} without reading it.
func cutArray(part []byte) (array []byte, ok bool) {
	rest, ok := cutTokens(part, `{`, `"ImageInfo"`, `:`)
	if !ok {
		return nil, false
	}
	if array, ok = cutTokensBack(rest, `}`); !ok {
		return nil, false
	}
	array = bytes.Trim(array, space)
	return array, len(array) >= 2 && array[0] == '[' && array[len(array)-1] == ']'
}

// space is what JSON takes for white space.
const space = " \t\r\n"

// eat takes tokens, and the space before each, from the start of s.
func cutTokens(s []byte, tokens ...string) (rest []byte, ok bool) {
	for _, token := range tokens {
		if s, ok = bytes.CutPrefix(bytes.TrimLeft(s, space), []byte(token)); !ok {
			return nil, false
		}
	}
	return s, true
}

// eatBack takes tokens, and the space after each, from the end of s. They are
// named in the order in which they are written.
func cutTokensBack(s []byte, tokens ...string) (rest []byte, ok bool) {
	for _, token := range slices.Backward(tokens) {
		if s, ok = bytes.CutSuffix(bytes.TrimRight(s, space), []byte(token)); !ok {
			return nil, false
		}
	}
	return s, true
}

// plain reports whether a text may stand between quotes as it is.
func isPlainText(s []byte) bool {
	for _, c := range s {
		if c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// members reads a JSON object that fills raw. Every name may occur once: of
// two values nobody can say which upstream meant.
func parseObject(raw []byte) (map[string]json.RawMessage, error) {
	if !json.Valid(raw) {
		return nil, errors.New("not valid JSON")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	doc := map[string]json.RawMessage{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		if _, twice := doc[name]; twice {
			return nil, fmt.Errorf("%q is there twice", clipText(name, maxShort))
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		doc[name] = value
	}
	return doc, nil
}

// object reads an answer: an object without an error code.
func parseAnswer(body []byte) (map[string]json.RawMessage, error) {
	doc, err := parseObject(body)
	if err != nil {
		return nil, fmt.Errorf("the answer is %w", err)
	}
	if _, failed := doc["Code"]; failed {
		return nil, errors.New("the answer carries an error code")
	}
	return doc, nil
}

// list returns the array doc.<outer>.<inner>. Missing, null and anything else
// are errors: upstream writes an empty list as [].
func findArray(doc map[string]json.RawMessage, outer, inner string) (json.RawMessage, error) {
	part, found := doc[outer]
	if !found {
		return nil, fmt.Errorf("the answer has no %s", outer)
	}
	within, err := parseObject(part)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", outer, err)
	}
	array, found := within[inner]
	if !found {
		return nil, fmt.Errorf("%s has no %s", outer, inner)
	}
	if array[0] != '[' {
		return nil, fmt.Errorf("%s.%s is not an array", outer, inner)
	}
	return array, nil
}

// requestIDOf is the request id of an answer; empty if it is not a string.
func parseRequestID(doc map[string]json.RawMessage) string {
	var id string
	_ = json.Unmarshal(doc["RequestId"], &id) // the id is only for people
	return clipText(id, maxShort)
}
