package fcrun

import (
	"encoding/json"
	"strings"
)

// scanHTTP reads an event of the documented types without copying its strings.
// encoding/json takes a tenth of the time of a whole small invocation for the
// same. ok is false if anything is unusual; the event may then still be valid.
// What it accepts it reads as tolerateHTTP does: a fuzz test compares the two.
func scanHTTP(event string) (e httpEvent, ok bool) {
	s := scanner{rest: event}
	s.object(func(key string) {
		switch key {
		case "rawPath":
			e.rawPath = s.text()
		case "body":
			e.body = s.text()
		case "isBase64Encoded":
			e.base64 = s.bool()
		case "headers":
			e.headers = s.pairs(16)
		case "queryParameters":
			e.query = s.pairs(8)
		case "requestContext":
			e.host, e.requestID, e.method, e.path, e.protocol, e.sourceIP = "", "", "", "", "", ""
			s.context(&e)
		default:
			s.skip()
		}
	})
	s.space()
	return e, !s.failed && s.rest == ""
}

func (s *scanner) context(e *httpEvent) {
	s.object(func(key string) {
		switch key {
		case "domainName":
			e.host = s.text()
		case "requestId":
			e.requestID = s.text()
		case "http":
			e.method, e.path, e.protocol, e.sourceIP = "", "", "", ""
			s.http(e)
		default:
			s.skip()
		}
	})
}

func (s *scanner) http(e *httpEvent) {
	s.object(func(key string) {
		switch key {
		case "method":
			e.method = s.text()
		case "path":
			e.path = s.text()
		case "protocol":
			e.protocol = s.text()
		case "sourceIp":
			e.sourceIP = s.text()
		default:
			s.skip()
		}
	})
}

// maxPairs is more than a caller needs. As set looks at all that are there, more
// of them are for the tolerant way.
const maxPairs = 500

func (s *scanner) pairs(room int) []pair {
	if s.null() {
		return nil
	}
	list := make([]pair, 0, room)
	s.object(func(key string) {
		if list = set(list, key, s.text()); len(list) > maxPairs {
			s.fail()
		}
	})
	return list
}

// scanner reads the objects, strings and literals of JSON. After a failure it
// stands still and every method returns at once.
type scanner struct {
	rest   string
	failed bool
	depth  int
}

func (s *scanner) fail() { s.failed, s.rest = true, "" }

func (s *scanner) space() {
	for s.rest != "" && (s.rest[0] == ' ' || s.rest[0] == '\n' || s.rest[0] == '\t' || s.rest[0] == '\r') {
		s.rest = s.rest[1:]
	}
}

// next consumes c after any space and says whether it was there.
func (s *scanner) next(c byte) bool {
	s.space()
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

func (s *scanner) expect(c byte) {
	if !s.next(c) {
		s.fail()
	}
}

// maxDepth is more than any event needs.
const maxDepth = 16

// object calls member for each member, after its key. It also takes null.
func (s *scanner) object(member func(key string)) {
	if s.null() {
		return
	}
	s.expect('{')
	if s.depth++; s.depth > maxDepth {
		s.fail()
	}
	if s.failed || s.next('}') {
		s.depth--
		return
	}
	for !s.failed {
		if s.space(); s.rest == "" || s.rest[0] != '"' {
			s.fail()
			return
		}
		key := s.text()
		s.expect(':')
		if member(key); s.next(',') {
			continue
		}
		s.expect('}')
		break
	}
	s.depth--
}

func (s *scanner) literal(word string) bool {
	s.space()
	if !strings.HasPrefix(s.rest, word) {
		return false
	}
	s.rest = s.rest[len(word):]
	return true
}

func (s *scanner) null() bool { return s.literal("null") }

func (s *scanner) bool() bool {
	if s.literal("true") {
		return true
	}
	if !s.literal("false") && !s.null() {
		s.fail()
	}
	return false
}

// text reads a string, or null as an empty one.
func (s *scanner) text() string {
	if s.null() {
		return ""
	}
	s.expect('"')
	plain := true
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			raw := s.rest[:i]
			s.rest = s.rest[i+1:]
			if plain {
				return raw
			}
			return s.unquote(raw)
		case c == '\\':
			plain = false
			i++
		case c >= 0x80:
			plain = false // may not be UTF-8
		case c < 0x20:
			s.fail()
		}
	}
	s.fail()
	return ""
}

func (s *scanner) unquote(raw string) (text string) {
	if json.Unmarshal([]byte(`"`+raw+`"`), &text) != nil {
		s.fail()
	}
	return text
}

// skip passes over a value of any type.
func (s *scanner) skip() {
	s.space()
	switch {
	case s.rest == "":
		s.fail()
	case s.rest[0] == '"':
		s.text()
	case s.rest[0] == '{':
		s.object(func(string) { s.skip() })
	case s.rest[0] == '[':
		s.list()
	case s.rest[0] == '-' || '0' <= s.rest[0] && s.rest[0] <= '9':
		s.number()
	default:
		s.bool()
	}
}

func (s *scanner) list() {
	s.expect('[')
	if s.depth++; s.depth > maxDepth {
		s.fail()
	}
	if !s.failed && !s.next(']') {
		for s.skip(); s.next(','); s.skip() {
		}
		s.expect(']')
	}
	s.depth--
}

func (s *scanner) number() {
	end := strings.IndexAny(s.rest, ",]} \n\r\t")
	if end < 0 || !json.Valid([]byte(s.rest[:end])) {
		s.fail()
		return
	}
	s.rest = s.rest[end:]
}
