package message

import "fmt"

// Template is an English text with verbs of package fmt. Only constants become templates.
type Template string

// Text is a template with its arguments. The zero Text is empty. It is one pointer, because
// many functions pass it on.
type Text struct{ *content }

// content is what a Text that is not empty shows.
type content struct {
	template Template // empty: the arguments follow each other
	args     []any    // a Text among them is shown in the language of the whole
}

// New returns a template that is filled in with arguments. Translations may show these in
// another order, as %[2]s. It has hundreds of callers: inlined, it and Untranslated make the
// zip of the query function 25 KB larger.
//
//go:noinline
func New(template Template, args ...any) Text { return Text{&content{template, args}} }

// Untranslated returns a text that is the same in all languages.
//
//go:noinline
func Untranslated(text string) Text { return New("", text) }

// Join returns texts that follow each other.
func Join(parts ...Text) Text { return List("", parts) }

// List returns texts with a separator between them.
func List(separator Template, items []Text) Text {
	if len(items) == 0 {
		return Text{}
	}
	var args []any
	for i, item := range items {
		if i > 0 && separator != "" {
			args = append(args, New(separator))
		}
		args = append(args, item)
	}
	return New("", args...)
}

// IsEmpty reports whether there is nothing to show.
func (t Text) IsEmpty() bool { return t.content == nil }

// String returns the text in English.
func (t Text) String() string {
	return t.In(func(template Template) string { return string(template) })
}

// In returns the text in another language. translate returns a template in it.
func (t Text) In(translate func(Template) string) string {
	if t.IsEmpty() {
		return ""
	}
	args := make([]any, len(t.args))
	for i, arg := range t.args {
		if text, ok := arg.(Text); ok {
			arg = text.In(translate)
		}
		args[i] = arg
	}
	switch {
	case t.template == "":
		return fmt.Sprint(args...)
	case len(args) == 0:
		return translate(t.template)
	}
	return fmt.Sprintf(translate(t.template), args...)
}

// MapStrings returns the text with another text in the place of each argument that is one.
func (t Text) MapStrings(replace func(string) string) Text {
	if t.IsEmpty() {
		return t
	}
	args := make([]any, len(t.args))
	for i, arg := range t.args {
		switch arg := arg.(type) {
		case Text:
			args[i] = arg.MapStrings(replace)
		case string:
			args[i] = replace(arg)
		default:
			args[i] = arg
		}
	}
	return New(t.template, args...)
}
