package page

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/catalog"
	"community-images/shared/jsonscan"
	"community-images/shared/query/field"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
)

// maxValue is the number of characters of a value that are shown before the rest is folded
// away.
const maxValue = 120

// valueNode shows a JSON value as E-HPC sent it. Long values and those with several lines
// are folded. Scripts are that long, and anything can be in them.
func (in *Input) valueNode(raw json.RawMessage) g.Node {
	if len(raw) == 0 || string(raw) == "null" {
		return h.Span(h.Class("soft"), g.Text(in.T("none")))
	}
	text := string(raw)
	if raw[0] == '"' {
		text = jsonscan.Text(text)
	}
	return in.textNode(text)
}

// textNode shows a text of any length.
func (in *Input) textNode(text string) g.Node {
	start, isCut := cutText(text)
	switch {
	case text == "":
		return h.Span(h.Class("soft"), g.Text(in.T("empty")))
	case isCut:
		return h.Details(h.Class("value"), h.Summary(g.El("bdi", g.Text(start+" …"))), h.Pre(g.Text(text)))
	}
	return g.El("bdi", h.Class("value"), g.Text(text))
}

// cutText returns the beginning of a text: of its first line, if it has several.
func cutText(text string) (start string, isCut bool) {
	start, _, isCut = strings.Cut(strings.TrimRight(text, "\r\n"), "\n")
	if utf8.RuneCountInString(start) > maxValue {
		return string([]rune(start)[:maxValue]), true
	}
	return start, isCut
}

// fieldChanges shows what changed in the content of an image.
func (in *Input) fieldChanges(fields []render.FieldChange) g.Node {
	if len(fields) == 0 {
		return nil
	}
	return h.Ul(h.Class("fields"), g.Map(fields, func(f render.FieldChange) g.Node {
		name := f.Field
		if name == "" { // one of several contents appeared or went
			name = in.T("content")
		}
		return h.Li(h.Span(h.Class("soft"), g.Text(name+": ")), h.Del(in.valueNode(f.Before)),
			h.Span(h.Class("soft"), g.Text(" → ")), h.Ins(in.valueNode(f.After)))
	}))
}

// kindPill shows the kind of an event.
func (in *Input) kindPill(kind string) g.Node {
	if kind == string(request.KindPresent.Name()) {
		return pill("calm", in.T("was there before"))
	}
	return pill(changeWord(in, request.KindName(kind)))
}

// contentList shows all fields of an image, in the order of their names, as E-HPC sent
// them. Members of objects have a dotted name.
func contentList(in *Input, image *catalog.Image) g.Node {
	raw := string(field.AppendUpstreamImage(nil, image.Raw))
	return h.Dl(append(g.Group{h.Class("content")}, contentFields(in, "", raw)...)...)
}

func contentFields(in *Input, prefix, object string) (nodes g.Group) {
	for name, value := range jsonscan.Members(object) {
		if value != "" && value[0] == '{' && value != "{}" {
			nodes = append(nodes, contentFields(in, prefix+name+".", value)...)
			continue
		}
		nodes = append(nodes, h.Div(h.Dt(g.El("bdi", g.Text(prefix+name))), h.Dd(in.valueNode(json.RawMessage(value)))))
	}
	return nodes
}
