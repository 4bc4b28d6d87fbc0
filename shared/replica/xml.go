package replica

import (
	"encoding/json"
	"encoding/xml"
	"strings"

	"community-images/shared/jsonscan"
)

// xmlDocument is a JSON object as upstream writes it in XML: a member is an
// element of its name, and a list is that element once for each entry.
func xmlDocument(root, object string) string {
	var b strings.Builder
	b.Grow(len(object) + len(object)/2)
	b.WriteString(xml.Header[:len(xml.Header)-1])
	writeXML(&b, root, object)
	return b.String()
}

func writeXML(b *strings.Builder, name, value string) {
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
		_ = json.Unmarshal([]byte(value), &text) // a part of a valid value
		_ = xml.EscapeText(b, []byte(text))      // a Builder takes everything
	case 'n': // null
	default:
		b.WriteString(value)
	}
	b.WriteString("</" + name + ">")
}

// elementName is name, with _ for what XML does not allow in a name. Which
// letters beyond ASCII it does depends on the edition that a parser follows, so
// none is taken.
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
