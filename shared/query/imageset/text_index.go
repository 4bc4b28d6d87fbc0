package imageset

import (
	"sync"

	"community-images/shared/catalog"
	"community-images/shared/jsonscan"
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
}

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

// textOf returns the text of the image with a catalog.Image.Number.
func (t searchTexts) textOf(number int32) []byte {
	return t.text[t.spans[number].from:t.spans[number].to]
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
		t.current = searchTexts{}
		t.generation++
	}
	for row, number := range s.numbers {
		n := int(number)
		if more := n + 1 - len(t.current.spans); more > 0 {
			t.current.spans = append(t.current.spans, make([]textSpan, more)...)
		}
		if t.current.spans[n].to == 0 {
			from := len(t.current.text)
			t.current.text = append(t.current.text, foldedTextOf(s.Image(int32(row)))...)
			t.current.spans[n] = textSpan{int32(from), int32(len(t.current.text))}
		}
	}
	s.textGeneration = t.generation
	return t.current
}

// foldedTextOf joins the searched members of an image by zero bytes. A search
// word has no control character, so it cannot match across two members.
func foldedTextOf(im *catalog.Image) string {
	var name, description, product string
	for member, value := range jsonscan.Members(im.Raw) {
		switch member {
		case "ImageName":
			name = jsonscan.Text(value)
		case "Description":
			description = jsonscan.Text(value)
		case "ProductCode":
			product = jsonscan.Text(value)
		}
	}
	return field.FoldCase(name + "\x00" + description + "\x00" + im.ImageID + "\x00" + product)
}
