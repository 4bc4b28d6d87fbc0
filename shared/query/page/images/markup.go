package images

import (
	"io"
	"strings"

	g "maragu.dev/gomponents"
)

// markup is HTML that is written piece by piece: for tables with many rows, which would take
// several times as long as nodes.
type markup []byte

// htmlConstant is HTML of this package. The compiler refuses variables where one is expected,
// so no text of E-HPC can become HTML.
type htmlConstant string

// html appends HTML.
func (m *markup) html(s htmlConstant) { *m = append(*m, s...) }

// text appends a text, escaped for an element or for an attribute in double quotes.
func (m *markup) text(s string) {
	start := 0
	for i := range len(s) {
		if escape := escapes[s[i]]; escape != "" {
			*m = append(append(*m, s[start:i]...), escape...)
			start = i + 1
		}
	}
	*m = append(*m, s[start:]...)
}

// escapes are what stands for the characters of HTML, by the character.
var escapes = [256]string{'&': "&amp;", '<': "&lt;", '>': "&gt;", '"': "&#34;", '\'': "&#39;"}

// rendered appends the HTML of a node.
func (m *markup) rendered(s rendered) { *m = append(*m, s...) }

// rendered is the HTML of a node.
type rendered string

// renderNode returns the HTML of a node.
func renderNode(n g.Node) rendered {
	var b strings.Builder
	_ = n.Render(&b) // a strings.Builder does not fail
	return rendered(b.String())
}

// node returns the HTML as a node.
func (m *markup) node() g.Node {
	return g.NodeFunc(func(w io.Writer) error {
		_, err := w.Write(*m)
		return err
	})
}
