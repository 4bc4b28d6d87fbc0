package response

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// payload is a body and the envelope that it has in one response.
//
// The envelope has the request id and the age of the data, so it differs from
// call to call. The body after it is the same for all calls with the same ETag.
type payload struct {
	*Body
	envelope []byte
	whole    []byte // envelope and body in one piece; nil: the body came from the cache
}

// parts returns the bytes to write.
func (p *payload) parts(zip bool) [][]byte {
	switch {
	case zip:
		return gzipParts(p.envelope, p.Body)
	case p.whole != nil:
		return [][]byte{p.whole}
	}
	return [][]byte{p.envelope, p.Bytes} // the body came from the cache
}

// indent makes a JSON answer readable. It is not cached: people ask for it, and they ask
// rarely.
func (p *payload) indent() {
	body := *p.Body
	body.Bytes = indentJSON(slices.Concat(p.envelope, p.Bytes))
	body.deflated = nil
	*p = payload{Body: &body, whole: body.Bytes}
}

// indentJSON returns JSON that is indented by two spaces. Anything else stays as it is.
func indentJSON(data []byte) []byte {
	var indented bytes.Buffer
	if json.Indent(&indented, data, "", "  ") != nil {
		return data
	}
	return indented.Bytes()
}

// wantsPretty reports whether a raw query asks for pretty=true. Errors are written before
// the query is parsed, or because it cannot be.
func wantsPretty(rawQuery string) bool {
	for part := range strings.SplitSeq(rawQuery, "&") {
		if strings.EqualFold(part, "pretty=true") {
			return true
		}
	}
	return false
}
