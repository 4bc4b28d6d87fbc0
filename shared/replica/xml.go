package replica

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
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

// elementName returns the name of a member as XML allows it. A character that XML
// does not allow at its place becomes _xHHHH_, its number in hexadecimal, as in
// SQL/XML and .NET. So does an underscore before an x, which would look like the
// beginning of such an escape. The empty name becomes _x_. So every member has a
// name of its own.
//
// Only ASCII is allowed, because the rules for other letters differ between
// editions of XML.
func elementName(name string) string {
	if name == "" {
		return "_x_"
	}
	var b strings.Builder
	for i, r := range name {
		isLetter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		// Digits, hyphens and dots must not come first.
		isAllowed := isLetter || i > 0 && (r == '-' || r == '.' || '0' <= r && r <= '9')
		if !isAllowed || strings.HasPrefix(name[i:], "_x") {
			fmt.Fprintf(&b, "_x%04X_", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
