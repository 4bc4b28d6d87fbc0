package replica

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"community-images/shared/catalog"
)

// sendList sends a 200 answer with a list: the JSON before it, its elements, and
// the JSON after it. The answer is one string, which the FC adapter passes on
// without a copy.
func (c *call) sendList(before string, list []string, after string) {
	id := string(catalog.AppendString(nil, c.requestID))
	// The exact size is known, so the text never moves while it grows.
	size := len(`{"RequestId":,}`) + len(id) + len(before) + len(after)
	for _, raw := range list {
		size += len(raw) + 1
	}
	var b strings.Builder
	b.Grow(size)
	b.WriteString(`{"RequestId":`)
	b.WriteString(id)
	b.WriteByte(',')
	b.WriteString(before)
	for i, raw := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(raw)
	}
	b.WriteString(after)
	b.WriteByte('}')
	c.writeObject(http.StatusOK, c.action+"Response", b.String())
}

// writeObject sends a JSON object, or the same as XML with the given root
// element. It does not end the call: an error after it can only be reported.
func (c *call) writeObject(status int, root, object string) {
	h := c.w.Header()
	// E-HPC's clients send each call with POST or a new nonce, so a cache would
	// only keep what nobody asks for again.
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Acs-Request-Id", c.requestID)
	h.Set("Content-Type", "application/json;charset=utf-8")
	if c.xml {
		object = xmlDocument(root, object)
		h.Set("Content-Type", "text/xml;charset=utf-8")
	}
	h.Set("Content-Length", strconv.Itoa(len(object)))
	c.status = status
	c.w.WriteHeader(status)
	_, _ = io.WriteString(c.w, object) // a caller that has gone
}
