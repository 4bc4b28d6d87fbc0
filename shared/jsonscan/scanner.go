package jsonscan

import (
	"encoding/json"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting that a Scanner accepts. It calls itself for each level,
// so hostile text must not choose how deep.
const maxDepth = 32

// Scanner reads JSON text from front to back. It does not copy strings without
// escapes. After something unexpected it has failed: it stands still, and every
// method returns a zero value at once. The zero value reads empty text.
type Scanner struct {
	rest    string // what has not been read yet
	failed  bool   // something unexpected stood there; rest is empty then
	depth   int    // of the arrays and objects that are open
	trusted bool   // strings are known to be valid
}

// NewScanner returns a scanner of text that may be anything.
func NewScanner(text string) Scanner { return Scanner{rest: text} }

// NewTrustedScanner returns a scanner of text that a digest covers. It does not
// check that strings are valid.
func NewTrustedScanner(text string) Scanner { return Scanner{rest: text, trusted: true} }

// Fail makes the scanner fail.
func (s *Scanner) Fail() { s.failed, s.rest = true, "" }

// Failed reports whether the scanner has failed.
func (s *Scanner) Failed() bool { return s.failed }

// AtEnd reports whether everything has been read without a failure.
func (s *Scanner) AtEnd() bool { return !s.failed && s.rest == "" }

// Remaining returns how many bytes have not been read. It is 0 after a failure.
func (s *Scanner) Remaining() int { return len(s.rest) }

// SkipSpace skips white space.
func (s *Scanner) SkipSpace() { s.rest = trimLeft(s.rest) }

// Has consumes text if it stands next, and reports whether it did. It skips no
// white space.
func (s *Scanner) Has(text string) bool {
	if !strings.HasPrefix(s.rest, text) {
		return false
	}
	s.rest = s.rest[len(text):]
	return true
}

// Expect consumes text, or fails if it does not stand next. It skips no white space.
func (s *Scanner) Expect(text string) {
	if !s.Has(text) {
		s.Fail()
	}
}

// Until consumes everything up to text, and text, and returns what stood before it. It fails
// if text does not follow.
func (s *Scanner) Until(text string) string {
	before, rest, found := strings.Cut(s.rest, text)
	if !found {
		s.Fail()
		return ""
	}
	s.rest = rest
	return before
}

// token is Has after white space.
func (s *Scanner) token(text string) bool {
	s.SkipSpace()
	return s.Has(text)
}

// Null consumes null and reports whether it stood next. White space before it is
// skipped, even if it does not.
func (s *Scanner) Null() bool { return s.token("null") }

// Bool reads true or false. It reads null as false, as encoding/json leaves a false
// variable for it.
func (s *Scanner) Bool() bool {
	if s.token("true") {
		return true
	}
	if !s.token("false") && !s.Null() {
		s.Fail()
	}
	return false
}

// Int reads an integer. It fails for one that an int cannot hold. The caller must check
// what follows: a fraction is left unread.
func (s *Scanner) Int() int {
	s.SkipSpace()
	// A fraction or an exponent stays unread, so that whatever is read next fails.
	end := 0
	if strings.HasPrefix(s.rest, "-") {
		end = 1
	}
	for end < len(s.rest) && '0' <= s.rest[end] && s.rest[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(s.rest[:end])
	if err != nil {
		s.Fail()
		return 0
	}
	s.rest = s.rest[end:]
	return n
}

// Text reads a string. It reads null as an empty one. The result may share memory with
// the whole text.
func (s *Scanner) Text() string {
	s.SkipSpace()
	if s.Has("null") {
		return ""
	}
	if s.rest == "" || s.rest[0] != '"' {
		s.Fail()
		return ""
	}
	// Most strings have no escapes: then the next quote is the end, and the text is a
	// part of the input.
	end := strings.IndexByte(s.rest[1:], '"') + 1
	if end > 0 && (s.trusted && strings.IndexByte(s.rest[:end], '\\') < 0 || !s.trusted && isPlain(s.rest[1:end])) {
		text := s.rest[1:end]
		s.rest = s.rest[end+1:]
		return text
	}
	return s.decodeText()
}

// isPlain reports whether a text is ASCII without escapes and control characters.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c >= 0x80 || c == '\\' {
			return false
		}
	}
	return true
}

// decodeText reads a string that encoding/json has to decode.
func (s *Scanner) decodeText() (text string) {
	end := stringLength(s.rest)
	if json.Unmarshal([]byte(s.rest[:end]), &text) != nil {
		s.Fail()
		return ""
	}
	s.rest = s.rest[end:]
	return text
}

// Object reads an object. It calls member after each name; member must read the
// value. Object reads null as an empty object.
func (s *Scanner) Object(member func(name string)) {
	if s.Null() {
		return
	}
	s.list("{", "}", func() {
		// Text would read null as a name.
		if s.SkipSpace(); s.rest == "" || s.rest[0] != '"' {
			s.Fail()
			return
		}
		name := s.Text()
		if !s.token(":") {
			s.Fail()
			return
		}
		member(name)
	})
}

// Array reads an array. It calls element before each element; element must read it.
func (s *Scanner) Array(element func()) { s.list("[", "]", element) }

// list reads a list between two brackets with commas between its items.
func (s *Scanner) list(open, end string, item func()) {
	if s.depth++; s.depth > maxDepth || !s.token(open) {
		s.Fail()
	}
	if !s.failed && !s.token(end) {
		// A scanner that has failed has no text left, so the loop ends.
		for item(); s.token(","); item() {
		}
		if !s.token(end) {
			s.Fail()
		}
	}
	s.depth--
}

// Skip reads a value of any type. It checks the value as thoroughly as the other methods
// do.
func (s *Scanner) Skip() {
	s.SkipSpace()
	// The first byte tells the type.
	switch {
	case s.rest == "":
		s.Fail()
	case s.rest[0] == '"':
		s.Text()
	case s.rest[0] == '{':
		s.Object(func(string) { s.Skip() })
	case s.rest[0] == '[':
		s.Array(s.Skip)
	case s.rest[0] == '-' || '0' <= s.rest[0] && s.rest[0] <= '9':
		s.skipNumber()
	default:
		s.Bool()
	}
}

// Value reads a value of any type and returns its text. White space before it is left
// out.
func (s *Scanner) Value() string {
	s.SkipSpace()
	before := s.rest
	if s.Skip(); s.failed {
		return ""
	}
	return before[:len(before)-len(s.rest)]
}

// skipNumber reads a number. JSON forbids some that look like one, such as 01 and 1.,
// so encoding/json decides.
func (s *Scanner) skipNumber() {
	end := valueLength(s.rest)
	if !json.Valid([]byte(s.rest[:end])) {
		s.Fail()
		return
	}
	s.rest = s.rest[end:]
}
