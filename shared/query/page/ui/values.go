package ui

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/jsonscan"
	"community-images/shared/query/field"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
)

// maxValue is the number of characters of a value that are shown before the rest is folded
// away.
const maxValue = 120

// ValueNode shows a JSON value as E-HPC sent it. Long values and those with several lines
// are folded. Scripts are that long, and anything can be in them.
func (in *Input) ValueNode(raw json.RawMessage) g.Node {
	if len(raw) == 0 || string(raw) == "null" {
		return h.Span(h.Class("soft"), g.Text(in.T("none")))
	}
	text := string(raw)
	if raw[0] == '"' {
		text = jsonscan.Text(text)
	}
	return in.TextNode(text)
}

// TextNode shows a text of any length.
func (in *Input) TextNode(text string) g.Node {
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

// FieldChanges shows what changed in the content of an image.
func (in *Input) FieldChanges(fields []render.FieldChange) g.Node {
	if len(fields) == 0 {
		return nil
	}
	return h.Ul(h.Class("fields"), g.Map(fields, func(f render.FieldChange) g.Node {
		name := f.Field
		if name == "" { // one of several contents appeared or went
			name = in.T("content")
		}
		return h.Li(h.Span(h.Class("soft"), g.Text(name+": ")), h.Del(in.ValueNode(f.Before)),
			h.Span(h.Class("soft"), g.Text(" → ")), h.Ins(in.ValueNode(f.After)))
	}))
}

// KindPill shows the kind of an event.
func (in *Input) KindPill(kind string) g.Node {
	if kind == string(request.KindPresent.Name()) {
		return Pill("calm", in.T("was there before"))
	}
	return Pill(ChangeWord(in, request.KindName(kind)))
}

// ChangeWord says what a kind of change is called, and the kind of its pill.
func ChangeWord(in *Input, kind request.KindName) (pillKind, word string) {
	switch kind {
	case request.KindAdded.Name():
		return "good", in.T("added")
	case request.KindRemoved.Name():
		return "bad", in.T("removed")
	case request.KindChanged.Name():
		return "warn", in.T("changed")
	}
	return "calm", in.T("cluster ended")
}

// OperatorSign returns what stands between a field and a value.
func OperatorSign(op string) string {
	signs := map[string]string{
		"eq": ": ", "ieq": ": ", "ne": " ≠ ", "ine": " ≠ ", "gt": " > ", "gte": " ≥ ", "lt": " < ", "lte": " ≤ ",
	}
	if sign, ok := signs[field.FoldCase(op)]; ok {
		return sign
	}
	return " " + field.FoldCase(op) + " "
}
