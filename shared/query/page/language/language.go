// Package language shows the texts of pages in English or Chinese, and chooses the language.
//
// A text is written in English where a page shows it, with T or N, and its translation is added
// to the table of its subject, in one of the files chinese*.go. The templates of errors and hints
// have their translations here too. Other packages make these texts with message.New, and Say
// shows them. A test finds texts without a translation, and translations that nothing uses.
package language

import (
	"strings"

	"community-images/shared/message"
	"community-images/shared/query/request"
)

// Message is a text of a page in English. Errors and hints have such texts too.
type Message = message.Template

// Language is the language of a page.
type Language struct {
	Tag  string // of BCP 47, for the attribute lang
	Name string // in the language itself
	// Parameter is the value of the parameter lang.
	Parameter string
	// messages returns the texts by the English ones. nil: the texts are English.
	messages func() map[Message]string
}

// The languages of pages.
var (
	English = &Language{Tag: "en", Name: "English", Parameter: request.English}
	chinese = &Language{Tag: "zh-Hans", Name: "中文", Parameter: request.Chinese, messages: chineseMessages}
)

// Find returns the language that the parameter lang names, else the one that the
// header Accept-Language prefers, else English.
func Find(lang, acceptLanguage string) *Language {
	switch lang {
	case request.English:
		return English
	case request.Chinese:
		return chinese
	}
	// Both are compared by their quality; the first of equals wins.
	best, quality := English, 0.0
	for part := range strings.SplitSeq(acceptLanguage, ",") {
		name, params, _ := strings.Cut(part, ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(name)), "-")
		q := request.ParseQuality(params)
		switch {
		case q <= quality:
		case primary == "en":
			best, quality = English, q
		case primary == "zh":
			best, quality = chinese, q
		}
	}
	return best
}

// Other returns the language to switch to.
func (l *Language) Other() *Language {
	if l == English {
		return chinese
	}
	return English
}

// T returns an English text in the language. args fill in its verbs; translations may name
// them in another order, as %[2]s.
func (l *Language) T(text Message, args ...any) string { return l.Say(message.New(text, args...)) }

// Say returns the text of an error or a hint in the language.
func (l *Language) Say(text message.Text) string { return text.In(l.translate) }

// translate returns a text with its verbs in the language.
func (l *Language) translate(text Message) string {
	if l.messages == nil {
		return string(text)
	}
	if translated, ok := l.messages()[text]; ok {
		return translated
	}
	return string(text)
}

// N returns one of two English texts in the language: one if n is 1, else many. Both have
// one verb, %d, for n.
func (l *Language) N(n int, one, many Message) string {
	if n == 1 {
		return l.T(one, n)
	}
	return l.T(many, n)
}
