// Package jsonscan reads JSON text without copying it. The functions walk values
// that are known to be valid: checked by json.Valid, or covered by a digest over
// bytes that were. Scanner also reads text that may be invalid.
package jsonscan

import (
	"encoding/json"
	"iter"
	"strconv"
	"strings"
)

// The functions of this file yield nonsense for invalid JSON, for example bytes
// whose digest is still being computed. They neither panic nor loop.

// Member is one member of an object.
type Member struct {
	Name  string // unquoted
	Value string // as written, without white space around it
}

// Members yields the members of a JSON object in order: the name, unquoted, and
// the value as written, trimmed. It yields nothing if the value is not an object.
func Members(object string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		rest := contents(object, '{')
		for rest != "" {
			end := stringLength(rest)
			name := rest[:end]
			// Invalid text may lack the colon; what follows is then taken for the value.
			rest = strings.TrimPrefix(trimLeft(rest[end:]), ":")
			rest = trimLeft(rest)
			end = valueLength(rest)
			if end == 0 || !yield(Unquote(name), TrimSpace(rest[:end])) {
				return
			}
			rest = skipComma(rest[end:])
		}
	}
}

// MemberList returns the members of a JSON object in order.
func MemberList(object string) []Member {
	var list []Member
	for name, value := range Members(object) {
		list = append(list, Member{name, value})
	}
	return list
}

// Elements yields the elements of a JSON array as written, trimmed. It yields
// nothing if the value is not an array.
func Elements(array string) iter.Seq[string] {
	return func(yield func(string) bool) {
		rest := contents(array, '[')
		for rest != "" {
			end := valueLength(rest)
			// Invalid text may have no value here. Stopping is what keeps this from looping.
			if end == 0 || !yield(TrimSpace(rest[:end])) {
				return
			}
			rest = skipComma(rest[end:])
		}
	}
}

// Depth returns how deeply the arrays and objects of a value are nested. It is 0
// for a string, number or literal.
func Depth(value string) (deepest int) {
	open := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '"':
			// Brackets within a string are text.
			i += stringLength(value[i:]) - 1
		case '{', '[':
			open++
			deepest = max(deepest, open)
		case '}', ']':
			open--
		}
	}
	return deepest
}

// HasLoneSurrogate reports whether a string in a JSON text has an escape for half of a
// surrogate pair without the other half, for example "\ud800". Decoders replace it, or
// refuse it, or keep it.
func HasLoneSurrogate(text string) bool {
	// Valid JSON has backslashes in strings only, and most texts have none.
	for {
		escape := strings.IndexByte(text, '\\')
		if escape < 0 || escape+1 == len(text) {
			return false
		}
		text = text[escape:]
		unit := surrogate(text)
		switch {
		case unit == 0:
			text = text[2:]
		case unit < lowSurrogates && surrogate(text[6:]) >= lowSurrogates:
			text = text[12:]
		default:
			return true
		}
	}
}

// Surrogates are the code units from highSurrogates on. A pair has a high one in front
// and a low one behind it.
const (
	highSurrogates = 0xD800
	lowSurrogates  = 0xDC00
	endSurrogates  = 0xE000
)

// surrogate returns the surrogate whose escape begins a text, or 0 if none does.
func surrogate(text string) uint64 {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0
	}
	unit, err := strconv.ParseUint(text[2:6], 16, 16)
	if err != nil || unit < highSurrogates || unit >= endSurrogates {
		return 0
	}
	return unit
}

// Text returns a value as a person would write it: a string without quotes, null
// as an empty text, everything else as it is written.
func Text(value string) string {
	switch {
	case value == "null":
		return "" // as if the member were absent
	case value != "" && value[0] == '"':
		return Unquote(value)
	}
	return value
}

// Unquote returns the text of a JSON string. Without escapes it shares memory with
// the argument.
func Unquote(quoted string) string {
	if len(quoted) < 2 {
		return ""
	}
	// Only escapes need decoding, and few strings have any.
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

// TrimSpace removes JSON's white space from both ends. strings.TrimSpace would remove
// more, and so take some invalid JSON for valid.
func TrimSpace(s string) string {
	s = trimLeft(s)
	for s != "" && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// trimLeft removes JSON's white space from the start.
func trimLeft(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	return s
}

// isSpace reports whether JSON allows a byte between tokens. It allows less than
// unicode.IsSpace.
func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// contents returns what stands between the brackets of an object or array. It is
// empty if the value does not begin with open. It takes the last byte for the closing
// bracket, whatever it is.
func contents(value string, open byte) string {
	value = TrimSpace(value)
	if len(value) < 2 || value[0] != open {
		return ""
	}
	return TrimSpace(value[1 : len(value)-1])
}

// skipComma removes the comma between two members or elements.
func skipComma(rest string) string {
	return trimLeft(strings.TrimPrefix(trimLeft(rest), ","))
}

// valueLength returns the length of the value at the beginning of s. It is 0 if there
// is none.
func valueLength(s string) int {
	if s == "" {
		return 0
	}
	switch s[0] {
	case '"':
		return stringLength(s)
	case '{', '[':
		return compositeLength(s)
	}
	// A number or a literal ends where something else begins.
	if i := strings.IndexAny(s, ",]} \t\r\n"); i >= 0 {
		return i
	}
	return len(s)
}

// compositeLength returns the length of the object or array at the beginning of s. It is
// the length of s if no bracket ends it.
func compositeLength(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i += stringLength(s[i:]) - 1
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

// stringLength returns the length of the quoted string at the beginning of s, quotes
// included. It is the length of s if no quote ends it.
func stringLength(s string) int {
	for i := 1; i < len(s); i++ {
		quote := strings.IndexByte(s[i:], '"')
		if quote < 0 {
			return len(s)
		}
		i += quote
		// The quote is escaped if the number of backslashes in front of it is odd.
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
