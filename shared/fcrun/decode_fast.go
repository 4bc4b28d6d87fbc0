package fcrun

import "community-images/shared/jsonscan"

// decodeFast decodes an event of the documented types without copying its strings.
// encoding/json takes a tenth of the time of a small invocation for the same. ok
// is false if anything is unusual; the event may then still be valid. A fuzz test
// checks that it decodes what it accepts as decodeSlow does.
func decodeFast(event string) (e httpEvent, ok bool) {
	s := jsonscan.NewScanner(event)
	s.Object(func(name string) {
		switch name {
		case "rawPath":
			e.rawPath = s.Text()
		case "body":
			e.body = s.Text()
		case "isBase64Encoded":
			e.base64 = s.Bool()
		case "headers":
			e.headers = scanPairs(&s, 16)
		case "queryParameters":
			e.query = scanPairs(&s, 8)
		case "requestContext":
			// The member may occur twice; the last one counts, as in encoding/json.
			e.host, e.requestID, e.method, e.path, e.protocol, e.sourceIP = "", "", "", "", "", ""
			e.scanContext(&s)
		default:
			s.Skip()
		}
	})
	// Data behind the object makes the event invalid.
	s.SkipSpace()
	return e, s.AtEnd()
}

// scanContext reads the member requestContext.
func (e *httpEvent) scanContext(s *jsonscan.Scanner) {
	s.Object(func(name string) {
		switch name {
		case "domainName":
			e.host = s.Text()
		case "requestId":
			e.requestID = s.Text()
		case "http":
			e.method, e.path, e.protocol, e.sourceIP = "", "", "", ""
			e.scanHTTPContext(s)
		default:
			s.Skip()
		}
	})
}

// scanHTTPContext reads the member requestContext.http.
func (e *httpEvent) scanHTTPContext(s *jsonscan.Scanner) {
	s.Object(func(name string) {
		switch name {
		case "method":
			e.method = s.Text()
		case "path":
			e.path = s.Text()
		case "protocol":
			e.protocol = s.Text()
		case "sourceIp":
			e.sourceIP = s.Text()
		default:
			s.Skip()
		}
	})
}

// maxPairs bounds the pairs that decodeFast accepts. setPair searches all pairs, so
// more of them are for decodeSlow.
const maxPairs = 500

// scanPairs reads an object of strings. room is the usual number of members.
func scanPairs(s *jsonscan.Scanner, room int) []pair {
	if s.Null() {
		return nil
	}
	list := make([]pair, 0, room)
	s.Object(func(name string) {
		if list = setPair(list, name, s.Text()); len(list) > maxPairs {
			s.Fail()
		}
	})
	return list
}
