package hint

import (
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"

	"community-images/shared/query/request"
)

// maxHeader bounds the header X-Hint, in bytes.
const maxHeader = 512

// etagMark begins the part of an ETag that stands for hints.
const etagMark = "-hint-"

// Header returns the value of the header X-Hint: as many whole hints as fit, with "; "
// between them. It is empty if there are none.
func (h Hints) Header() string {
	value := ""
	for _, text := range h.Strings() {
		next := escape(strings.TrimSuffix(text, "."))
		if value != "" {
			next = value + "; " + next
		}
		if len(next) > maxHeader {
			break
		}
		value = next
	}
	return value
}

// escape percent-encodes what must not stand in a header: control characters and
// everything beyond ASCII. A percent sign is encoded too, so that decoding is safe.
func escape(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '%' {
			b.WriteString(url.QueryEscape(text[i : i+1]))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// ETagSuffix returns what an ETag needs besides the content of the selected scopes: a
// hash of the hints, if they tell of anything else. Otherwise it is empty.
func (h Hints) ETagSuffix() string {
	if !h.looksOutside {
		return ""
	}
	hash := request.ShortHash(strings.Join(h.Strings(), "\n"))
	return etagMark + hex.EncodeToString(hash[:])
}

// CountSuffix returns what an ETag needs for Lookup.Captured, which changes without the
// content of the selected scopes. Unlike ETagSuffix it is known before the images are.
func CountSuffix(captured int) string {
	if captured == 0 {
		return ""
	}
	return etagMark + strconv.Itoa(captured)
}

// TrimETag returns the part of an ETag that stands for the images alone.
func TrimETag(etag string) string {
	before, _, _ := strings.Cut(etag, etagMark)
	return before
}
