package query

import (
	"strings"
	"sync"

	"community-images/shared/catalog"
)

// match returns the places, in the given order, of the images that meet every
// condition. places is not changed.
func (a *ask) match(s *set, places []int32) []int32 {
	if len(a.where) == 0 && len(a.words) == 0 {
		return places
	}
	var texts []string
	if len(a.words) > 0 {
		texts = s.searchTexts()
	}
	tests := make([]verdicts, len(a.where))
	for i, w := range a.where {
		col := s.shared.indexes.index(s, w.field, false)
		tests[i] = verdicts{index: col, test: w.test, known: make([]int8, len(col.values))}
	}
	var found []int32
	for _, p := range places {
		if allHold(tests, s.numbers[p]) && (texts == nil || containsAll(texts[p], a.words)) {
			found = append(found, p)
		}
	}
	return found
}

// allHold says whether the image with a number meets every test.
func allHold(tests []verdicts, number int32) bool {
	for i := range tests {
		if !tests[i].holds(number) {
			return false
		}
	}
	return true
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// texts keeps what q searches, by image, so that the many sets of a region
// share it. A word has no control character, so it cannot match across the
// zero bytes between the fields.
type texts struct {
	mu   sync.Mutex
	kept map[*catalog.Image]string
}

// maxTexts bounds the images whose text is remembered.
const maxTexts = 50_000

func (t *texts) of(images []*catalog.Image) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept == nil || len(t.kept) > maxTexts {
		t.kept = map[*catalog.Image]string{}
	}
	list := make([]string, len(images))
	for i, im := range images {
		text, ok := t.kept[im]
		if !ok {
			text = searchText(im)
			t.kept[im] = text
		}
		list[i] = text
	}
	return list
}

func searchText(im *catalog.Image) string {
	var name, description, product string
	for member, value := range im.Members() {
		switch member {
		case "ImageName":
			name = catalog.Text(value)
		case "Description":
			description = catalog.Text(value)
		case "ProductCode":
			product = catalog.Text(value)
		}
	}
	return strings.ToLower(name + "\x00" + description + "\x00" + im.ImageID + "\x00" + product)
}

// searchTexts are the texts of the images of s, by place.
func (s *set) searchTexts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.words == nil {
		s.words = s.shared.texts.of(s.images)
	}
	return s.words
}
