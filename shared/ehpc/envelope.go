package ehpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// This file finds the Images part of an answer without parsing it. Most answers hold
// what the last one held, so most need no parsing.
//
// An answer has one of two ordinary forms, with any white space between the tokens:
//
//	{"RequestId":"<plain text>","Images":<part>}
//	{"Images":<part>,"RequestId":"<plain text>"}
//
// Its part is cut out by the beginning and the end of the body alone. This is sound for
// the following reasons. A plain text has no quote, backslash or control character, so
// it is always one whole JSON string. Hence, within one form, the part alone decides
// whether the body is valid JSON, and what it means apart from the request id. That is
// true even if the part is not one JSON value, for example because another member
// follows it. So if one body was decoded and is good, every body of that form with an
// equal part is good, and has the same images. The form does not matter either. In a
// valid body the text before the part ends, and the text after it begins, at the top
// level of the object, so the part adds the same members in both forms.
//
// Any other body is parsed as a whole. Its part is exactly the value of Images, and an
// error elsewhere in the body is found at once. It can equal a part that was cut out
// only if that was one JSON value too.
//
// Equal SHA-256 sums mean equal parts. So an answer with the fingerprint of a body that
// was decoded before need not be decoded. An answer with a new fingerprint may not even
// be JSON.

// cutImages returns the Images part and the request id of a body. It returns false if
// the body does not have an ordinary form, or if the part does not start and end like
// {"ImageInfo":[…]}.
func cutImages(body []byte) (part []byte, requestID string, ok bool) {
	// The first form has the request id in front. Its end is the next quote, because a
	// plain text has none.
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
		// The second form is cut from its end.
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

// cutArray cuts the array out of {"ImageInfo":[…]} without parsing it. It returns false
// for a part of another form.
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

// space is the white space of JSON.
const space = " \t\r\n"

// cutTokens cuts tokens, and the white space before each, from the start of s. It
// returns false if s does not start with them.
func cutTokens(s []byte, tokens ...string) (rest []byte, ok bool) {
	for _, token := range tokens {
		if s, ok = bytes.CutPrefix(bytes.TrimLeft(s, space), []byte(token)); !ok {
			return nil, false
		}
	}
	return s, true
}

// cutTokensBack cuts tokens, and the white space after each, from the end of s. The
// tokens are in the order in which they are written.
func cutTokensBack(s []byte, tokens ...string) (rest []byte, ok bool) {
	for _, token := range slices.Backward(tokens) {
		if s, ok = bytes.CutSuffix(bytes.TrimRight(s, space), []byte(token)); !ok {
			return nil, false
		}
	}
	return s, true
}

// isPlainText reports whether a text has only printable ASCII characters and needs no
// escape in a JSON string.
func isPlainText(s []byte) bool {
	for _, c := range s {
		if c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// parseObject reads a JSON object that fills raw. It returns an error if a name occurs
// twice, because E-HPC may have meant either value.
func parseObject(raw []byte) (map[string]json.RawMessage, error) {
	if !json.Valid(raw) {
		return nil, errors.New("not valid JSON")
	}
	// A map of json.Unmarshal would keep the last of two values without a word.
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

// parseAnswer reads an answer: an object that has no error code.
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

// findArray returns the array doc.<outer>.<inner>. It returns an error if it is missing,
// null or of another type: E-HPC writes an empty list as [].
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

// parseRequestID returns the request id of an answer, or "" if it is not a string.
func parseRequestID(doc map[string]json.RawMessage) string {
	var id string
	_ = json.Unmarshal(doc["RequestId"], &id) // the id is only for people
	return clipText(id, maxShort)
}
