package message

// What stands between the parts of a text. Chinese has other marks.
const (
	space Template = " "    // between sentences
	comma Template = ", "   // between the items of a list
	or    Template = " or " // before the last item of a choice
)

// Sentences returns sentences that follow each other. Empty ones are left out.
func Sentences(sentences ...Text) Text {
	var said []Text
	for _, s := range sentences {
		if !s.IsEmpty() {
			said = append(said, s)
		}
	}
	return List(space, said)
}

// Names lists names that are the same in all languages.
func Names(names []string) Text { return Items(UntranslatedAll(names)) }

// Items lists texts.
func Items(items []Text) Text { return List(comma, items) }

// Choice lists names of which one can be chosen: "a", "a or b", "a, b or c".
func Choice(names []string) Text {
	last := len(names) - 1
	if last < 1 {
		return Names(names)
	}
	return Join(Names(names[:last]), New(or), Untranslated(names[last]))
}

// UntranslatedAll returns names as texts.
func UntranslatedAll(names []string) []Text {
	texts := make([]Text, len(names))
	for i, name := range names {
		texts[i] = Untranslated(name)
	}
	return texts
}
