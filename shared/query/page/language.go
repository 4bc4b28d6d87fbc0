package page

import (
	"fmt"
	"strings"

	"community-images/shared/query/request"
)

// message is a text of a page in English. Only constants become messages, so that a test can
// find all of them and their translations.
type message string

// Language is the language of a page.
type Language struct {
	Tag  string // of BCP 47, for the attribute lang
	Name string // in the language itself
	// Parameter is the value of the parameter lang.
	Parameter string
	messages  map[message]string // by the English text; nil: English
}

var (
	english = &Language{Tag: "en", Name: "English", Parameter: request.English}
	chinese = &Language{Tag: "zh-Hans", Name: "中文", Parameter: request.Chinese, messages: chineseMessages}
)

// FindLanguage returns the language that the parameter lang names, else the one that the
// header Accept-Language prefers, else English.
func FindLanguage(lang, acceptLanguage string) *Language {
	switch lang {
	case request.English:
		return english
	case request.Chinese:
		return chinese
	}
	// Both are compared by their quality; the first of equals wins.
	best, quality := english, 0.0
	for part := range strings.SplitSeq(acceptLanguage, ",") {
		name, params, _ := strings.Cut(part, ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(name)), "-")
		q := request.ParseQuality(params)
		switch {
		case q <= quality:
		case primary == "en":
			best, quality = english, q
		case primary == "zh":
			best, quality = chinese, q
		}
	}
	return best
}

// other returns the language to switch to.
func (l *Language) other() *Language {
	if l == english {
		return chinese
	}
	return english
}

// T returns an English text in the language. args fill in its verbs; translations may name
// them in another order, as %[2]s.
func (l *Language) T(text message, args ...any) string {
	translated, ok := l.messages[text]
	if !ok { // it is English
		translated = string(text)
	}
	if len(args) == 0 {
		return translated
	}
	return fmt.Sprintf(translated, args...)
}

// N returns one of two English texts in the language: one if n is 1, else many. Both have
// one verb, %d, for n.
func (l *Language) N(n int, one, many message) string {
	if n == 1 {
		return l.T(one, n)
	}
	return l.T(many, n)
}
