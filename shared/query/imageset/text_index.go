package imageset

import (
	"bytes"
	"sync"

	"community-images/shared/query/field"
)

// textIndex keeps the texts that q searches. They lie next to each other in
// memory, which makes a search over all images many times faster than one over
// the images themselves.
type textIndex struct {
	mu sync.Mutex // guards the following
	// current has the texts of all image sets that were searched, until it is
	// too large.
	current    searchTexts
	generation int // grows when all texts are forgotten; 0: there are none yet
	// firsts has where words of the last searches stand first in the texts.
	firsts map[string]firstPlace
}

// firstPlace is where a word stands first in texts.
type firstPlace struct {
	position int
	// found is false if the word is in no text. Then position is where to search on in
	// texts that have grown.
	found bool
}

// maxFirsts bounds the words whose first place a textIndex keeps.
const maxFirsts = 64

// searchTexts are the case-folded texts of images. A copy stays valid while
// the index grows, because texts are only appended.
type searchTexts struct {
	text  []byte     // of all images, one after the other
	spans []textSpan // by catalog.Image.Number
}

// textSpan is a part of searchTexts.text. to is 0 for an image without text yet.
type textSpan struct{ from, to int32 }

// maxTextBytes is the size beyond which a textIndex forgets all texts.
const maxTextBytes = 32 << 20

// hasAll returns true if the text of the image with a catalog.Image.Number contains every
// word. Texts that end at skipTo or before do not.
func (t searchTexts) hasAll(number int32, words [][]byte, skipTo int32) bool {
	span := t.spans[number]
	return span.to > skipTo && field.ContainsWords(t.text[span.from:span.to], words)
}

// withImagesOf adds the images of a set that have no text yet, and returns the
// texts.
func (t *textIndex) withImagesOf(s *Set) searchTexts {
	t.mu.Lock()
	defer t.mu.Unlock()
	// Most searches find all texts of their set.
	if s.textGeneration == t.generation && t.generation > 0 {
		return t.current
	}
	if len(t.current.text) > maxTextBytes || t.generation == 0 {
		t.current, t.firsts = searchTexts{}, map[string]firstPlace{}
		t.generation++
	}
	for row, number := range s.numbers {
		n := int(number)
		if more := n + 1 - len(t.current.spans); more > 0 {
			t.current.spans = append(t.current.spans, make([]textSpan, more)...)
		}
		if t.current.spans[n].to == 0 {
			from := len(t.current.text)
			t.current.text = append(t.current.text, field.SearchText(s.Image(int32(row)))...)
			t.current.spans[n] = textSpan{int32(from), int32(len(t.current.text))}
		}
	}
	s.textGeneration = t.generation
	return t.current
}

// skipTo returns a position in the texts: no text of a set that ends there or before has
// all words. ok is false if no text of the set has. withImagesOf must have been called. It
// is worth its time only for sets with most images: one search in all texts is faster than
// one in each.
func (t *textIndex) skipTo(s *Set, words [][]byte) (position int32, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if 2*s.Len() < len(t.current.spans) || s.textGeneration != t.generation {
		return 0, true
	}
	for _, word := range words {
		first := t.firstPlaceOf(word)
		if !first.found {
			return 0, false
		}
		position = max(position, int32(first.position))
	}
	return position, true
}

// firstPlaceOf returns where a word stands first in the texts. The lock must be held. A
// search without a match asks again for each word, to say which one is missing.
func (t *textIndex) firstPlaceOf(word []byte) firstPlace {
	first := t.firsts[string(word)]
	if first.found || first.position+len(word) > len(t.current.text) {
		return first
	}
	if i := bytes.Index(t.current.text[first.position:], word); i >= 0 {
		first = firstPlace{first.position + i, true}
	} else {
		first.position = max(0, len(t.current.text)-len(word)+1)
	}
	if len(t.firsts) >= maxFirsts {
		clear(t.firsts)
	}
	t.firsts[string(word)] = first
	return first
}
