package catalog

import (
	"encoding/json"
	"iter"
	"strings"
)

// The scanner below walks JSON that is known to be valid: checked by
// json.Valid, or covered by a digest over bytes that were. On other input, such
// as bytes whose digest is still being worked out, it yields nonsense but neither
// panics nor loops.

// members yields the members of a JSON object in order: the name unquoted, the
// value as written, trimmed.
func members(object string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		rest := inside(object)
		for rest != "" {
			end := stringEnd(rest)
			name := rest[:end]
			rest = strings.TrimPrefix(trimLeft(rest[end:]), ":")
			rest = trimLeft(rest)
			end = valueEnd(rest)
			if end == 0 || !yield(unquote(name), trimSpace(rest[:end])) {
				return
			}
			rest = next(rest[end:])
		}
	}
}

// member is one name and its value as written.
type member struct{ name, value string }

// memberList collects the members of a JSON object.
func memberList(object string) []member {
	var list []member
	for name, value := range members(object) {
		list = append(list, member{name, value})
	}
	return list
}

// elements yields the elements of a JSON array as written, trimmed.
func elements(array string) iter.Seq[string] {
	return func(yield func(string) bool) {
		rest := inside(array)
		for rest != "" {
			end := valueEnd(rest)
			if end == 0 || !yield(trimSpace(rest[:end])) {
				return
			}
			rest = next(rest[end:])
		}
	}
}

// inside strips the brackets of an object or array and the space within.
func inside(value string) string {
	value = trimSpace(value)
	if len(value) < 2 {
		return ""
	}
	return trimSpace(value[1 : len(value)-1])
}

// next skips the comma that separates two members or elements.
func next(rest string) string {
	return trimLeft(strings.TrimPrefix(trimLeft(rest), ","))
}

// valueEnd is the length of the JSON value at the start of s.
func valueEnd(s string) int {
	if s == "" {
		return 0
	}
	switch s[0] {
	case '"':
		return stringEnd(s)
	case '{', '[':
		return compositeEnd(s)
	}
	if i := strings.IndexAny(s, ",]} \t\r\n"); i >= 0 {
		return i
	}
	return len(s)
}

func compositeEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i += stringEnd(s[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// depth is how deep the arrays and objects of a JSON value are nested.
func depth(s string) (most int) {
	open := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i += stringEnd(s[i:]) - 1
		case '{', '[':
			open++
			most = max(most, open)
		case '}', ']':
			open--
		}
	}
	return most
}

// stringEnd is the length of the quoted string at the start of s.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		next := strings.IndexByte(s[i:], '"')
		if next < 0 {
			return len(s)
		}
		i += next
		backslashes := 0
		for s[i-1-backslashes] == '\\' && i-1-backslashes > 0 {
			backslashes++
		}
		if backslashes%2 == 0 {
			return i + 1
		}
	}
	return len(s)
}

// unquote returns the text of a JSON string; without escapes it shares memory.
func unquote(quoted string) string {
	if len(quoted) < 2 {
		return ""
	}
	inner := quoted[1 : len(quoted)-1]
	if strings.IndexByte(inner, '\\') < 0 {
		return inner
	}
	var text string
	if json.Unmarshal([]byte(quoted), &text) != nil {
		return ""
	}
	return text
}

func trimSpace(s string) string {
	s = trimLeft(s)
	for s != "" && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func trimLeft(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	return s
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
