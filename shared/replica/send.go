package replica

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"community-images/shared/catalog"
)

// send answers with the members of a reply: what comes before a list, its
// elements, and what comes after. The answer leaves as one string, which FC's
// adapter passes on without a copy.
func (c *call) send(before string, list []string, after string) {
	id := string(catalog.AppendString(nil, c.id))
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
	c.write(http.StatusOK, c.action+"Response", b.String())
}

// write answers with a JSON object, or with the same as XML.
func (c *call) write(status int, root, object string) {
	h := c.w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Acs-Request-Id", c.id)
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
