package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"community-images/shared/jsonscan"
)

// MaxDepth bounds how deeply an image or cluster may be nested, itself included.
// Documented ones have two levels. Reading a value looks at each byte once for
// each level, so the ten thousand levels that json.Valid accepts would cost
// seconds for each megabyte.
const MaxDepth = 32

var (
	// errNotJSON is the error of bytes that json.Valid refuses.
	errNotJSON = errors.New("not valid JSON")
	// errTooDeep is the error of valid JSON that would take too long to read.
	errTooDeep = fmt.Errorf("nested more than %d levels deep", MaxDepth)
)

// Canonical rewrites a JSON value so that equal content has equal bytes. It
// removes white space, sorts members by name (the last of two members with one
// name wins), writes strings with the fewest escapes (RFC 8785), replaces invalid
// UTF-8 by U+FFFD, and keeps numbers as they were written. More than MaxDepth
// levels are an error.
func Canonical(raw []byte) (string, error) {
	if !json.Valid(raw) {
		return "", errNotJSON
	}
	value := replaceInvalidUTF8(string(raw)) // before names are compared
	if jsonscan.Depth(value) > MaxDepth {
		return "", errTooDeep
	}
	return string(appendCanonical(make([]byte, 0, len(raw)), value)), nil
}

// appendCanonical appends the canonical form of one valid JSON value.
func appendCanonical(dst []byte, value string) []byte {
	value = jsonscan.TrimSpace(value)
	switch value[0] {
	case '{':
		return appendObject(dst, value)
	case '[':
		dst = append(dst, '[')
		first := true
		for element := range jsonscan.Elements(value) {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = appendCanonical(dst, element)
		}
		return append(dst, ']')
	case '"':
		return AppendString(dst, jsonscan.Unquote(value))
	default:
		// A number stays as it was written: 1.0 and 1 differ. So do literals.
		return append(dst, value...)
	}
}

// appendObject appends the canonical form of an object.
func appendObject(dst []byte, value string) []byte {
	list := jsonscan.MemberList(value)
	slices.SortStableFunc(list, func(a, b jsonscan.Member) int { return strings.Compare(a.Name, b.Name) })
	dst = append(dst, '{')
	first := true
	for i, m := range list {
		if i+1 < len(list) && list[i+1].Name == m.Name {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = AppendString(dst, m.Name)
		dst = append(dst, ':')
		dst = appendCanonical(dst, m.Value)
	}
	return append(dst, '}')
}

// replaceInvalidUTF8 replaces each invalid byte by U+FFFD, as encoding/json does.
func replaceInvalidUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.Map(func(r rune) rune { return r }, s)
}

// hexDigits are the digits of \u escapes. RFC 8785 wants them in lower case.
const hexDigits = "0123456789abcdef"

// AppendString appends s as a canonical JSON string. Each invalid byte becomes
// U+FFFD.
func AppendString(dst []byte, s string) []byte {
	s = replaceInvalidUTF8(s)
	dst = append(dst, '"')
	// Runs of bytes that need no escape are copied whole; start is where the present
	// run begins.
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		// The short escapes of JSON come first, then \u for other control characters.
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
