package replica

import (
	"encoding/json"
	"encoding/xml"
	"strings"

	"community-images/shared/jsonscan"
)

// xmlDocument returns a JSON object as XML in E-HPC's form: each member is an
// element, and an array is one element of that name for each entry.
func xmlDocument(root, object string) string {
	var b strings.Builder
	b.Grow(len(object) + len(object)/2)
	b.WriteString(xml.Header[:len(xml.Header)-1])
	writeXML(&b, root, object)
	return b.String()
}

// writeXML writes a JSON value as an element, or as one element for each entry of
// an array.
func writeXML(b *strings.Builder, name, value string) {
	// The array itself has no element, so an empty one leaves nothing behind.
	if value[0] == '[' {
		for element := range jsonscan.Elements(value) {
			writeXML(b, name, element)
		}
		return
	}
	name = elementName(name)
	b.WriteString("<" + name + ">")
	switch value[0] {
	case '{':
		for member, v := range jsonscan.Members(value) {
			writeXML(b, member, v)
		}
	case '"':
		var text string
		_ = json.Unmarshal([]byte(value), &text) // always valid
		_ = xml.EscapeText(b, []byte(text))      // a Builder never fails
	case 'n': // null
	// Numbers and booleans are written as in JSON.
	default:
		b.WriteString(value)
	}
	b.WriteString("</" + name + ">")
}

// elementName replaces characters that XML does not allow in a name with "_". It
// allows ASCII only, because the rules for other letters differ between editions
// of XML.
func elementName(name string) string {
	letter := func(r rune) bool { return r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }
	fit := strings.Map(func(r rune) rune {
		if letter(r) || r == '-' || r == '.' || '0' <= r && r <= '9' {
			return r
		}
		return '_'
	}, name)
	if fit == "" || !letter(rune(fit[0])) {
		fit = "_" + fit
	}
	return fit
}
