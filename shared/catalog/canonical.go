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
	// errNotUTF8 is the error of bytes in another encoding. encoding/json would read each
	// as U+FFFD, and so take different ids for one.
	errNotUTF8 = errors.New("not UTF-8")
	// errSurrogate is the error of an escape such as \ud800 without its other half.
	errSurrogate = errors.New("a string has half of a surrogate pair")
	// errNotCanonical is the error of stored JSON that Canonical did not write.
	errNotCanonical = errors.New("not in canonical form")
)

// Canonical rewrites a JSON value so that equal content has equal bytes. It removes
// white space, sorts members by name, writes strings with the fewest escapes (RFC
// 8785), and keeps numbers as they were written.
//
// It returns an error for what JSON decoders read in different ways: bytes that are not
// UTF-8, half of a surrogate pair, and a member that an object has twice. More than
// MaxDepth levels are an error too.
func Canonical(raw []byte) (string, error) {
	if !json.Valid(raw) {
		return "", errNotJSON
	}
	value := string(raw)
	if !utf8.ValidString(value) {
		return "", errNotUTF8
	}
	if jsonscan.Depth(value) > MaxDepth {
		return "", errTooDeep
	}
	if jsonscan.HasLoneSurrogate(value) {
		return "", errSurrogate
	}
	canonical, err := appendCanonical(make([]byte, 0, len(raw)), value)
	return string(canonical), err
}

// appendCanonical appends the canonical form of one valid JSON value. After an error
// the result is nil.
func appendCanonical(dst []byte, value string) ([]byte, error) {
	value = jsonscan.TrimSpace(value)
	switch value[0] {
	case '{':
		return appendObject(dst, value)
	case '[':
		return appendArray(dst, value)
	case '"':
		return AppendString(dst, jsonscan.Unquote(value)), nil
	default:
		// A number stays as it was written: 1.0 and 1 differ. So do literals.
		return append(dst, value...), nil
	}
}

// appendArray appends the canonical form of an array.
func appendArray(dst []byte, value string) (_ []byte, err error) {
	dst = append(dst, '[')
	first := true
	for element := range jsonscan.Elements(value) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if dst, err = appendCanonical(dst, element); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// appendObject appends the canonical form of an object.
func appendObject(dst []byte, value string) (_ []byte, err error) {
	// A name is compared by its meaning: "a" and "\u0061" are one.
	list := jsonscan.MemberList(value)
	slices.SortFunc(list, func(a, b jsonscan.Member) int { return strings.Compare(a.Name, b.Name) })
	dst = append(dst, '{')
	for i, m := range list {
		if i > 0 {
			// Equal names stand side by side now. The sender may have meant either value.
			if list[i-1].Name == m.Name {
				return nil, errTwice(m.Name)
			}
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, m.Name), ':')
		if dst, err = appendCanonical(dst, m.Value); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// errTwice returns the error of an object that has a member twice.
func errTwice(name string) error { return fmt.Errorf("member %q is there twice", shorten(name)) }

// checkCanonical returns an error for valid JSON that Canonical would refuse, or whose
// members are not sorted. It costs less than a comparison with Canonical's result.
func checkCanonical(value string) error {
	switch {
	case !utf8.ValidString(value):
		return errNotUTF8
	case jsonscan.Depth(value) > MaxDepth:
		return errTooDeep
	case jsonscan.HasLoneSurrogate(value):
		return errSurrogate
	}
	return checkMembers(value)
}

// checkMembers returns an error if the members of an object, or of one within the
// value, do not ascend.
func checkMembers(value string) error {
	// Only objects and arrays have members.
	switch value[0] {
	case '{':
		last, first := "", true
		for name, member := range jsonscan.Members(value) {
			switch {
			case !first && name == last:
				return errTwice(name)
			case !first && name < last:
				return errNotCanonical
			}
			last, first = name, false
			if err := checkMembers(member); err != nil {
				return err
			}
		}
	case '[':
		for element := range jsonscan.Elements(value) {
			if err := checkMembers(element); err != nil {
				return err
			}
		}
	}
	return nil
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
