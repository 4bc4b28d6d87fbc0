package ui

import (
	"strconv"
	"strings"

	g "maragu.dev/gomponents"

	"community-images/shared/query/page/language"
)

// Sentence returns a text in the language of the page with nodes in the place of its verbs,
// which are all %s.
func (in *Input) Sentence(text language.Message, nodes ...g.Node) g.Node {
	// Numbers between marks stand for the nodes. A text of a page has no such marks.
	const mark = "\x00"
	marks := make([]any, len(nodes))
	for i := range nodes {
		marks[i] = mark + strconv.Itoa(i) + mark
	}
	var out g.Group
	for i, part := range strings.Split(in.T(text, marks...), mark) {
		if i%2 == 0 {
			out = append(out, g.Text(part))
			continue
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			panic(err) // the marks above are numbers
		}
		out = append(out, nodes[n])
	}
	return out
}
