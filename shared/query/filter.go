package query

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"

	"community-images/shared/catalog"
	"community-images/shared/jsonscan"
)

// maxWork bounds what the expressions of one lookup do, in steps, about. The
// worst take two seconds and a half for all of them, those that people write one.
const maxFilterSteps = 320_000_000

// match returns the places, in the given order, of the images that meet every
// condition. places is not changed. The error is about an expression that would
// take too long.
func (a *request) matchImages(s *imageSet, places []int32) ([]int32, error) {
	if len(a.conditions) == 0 && len(a.searchWords) == 0 {
		return places, nil
	}
	var texts corpus
	if len(a.searchWords) > 0 {
		texts = s.owner.texts.including(s)
	}
	tests := make([]memoTest, len(a.conditions))
	for i, w := range a.conditions {
		col := s.owner.indexes.complete(s, w.field, false)
		tests[i] = memoTest{valueIndex: col, test: w.test, results: make([]int8, len(col.values))}
	}
	if err := a.checkCost(s, places, tests); err != nil {
		return nil, err
	}
	var found []int32
	for _, p := range places {
		if acceptsAll(tests, s.numbers[p]) && (len(a.searchWords) == 0 ||
			containsAll(texts.textOf(s.numbers[p]), a.searchWords)) {
			found = append(found, p)
		}
	}
	return found, nil
}

// affordable holds the expressions against maxWork, for each value once as they
// will be tested.
func (a *request) checkCost(s *imageSet, places []int32, tests []memoTest) error {
	work := 0
	for i, w := range a.conditions {
		if w.cost == 0 {
			continue
		}
		if work += w.cost * tests[i].distinctBytes(s, places); work > maxFilterSteps {
			return newFaultsError([]paramFault{{codeInvalid, w.name,
				fmt.Sprintf("is too large an expression for %d images", len(places)),
				"a smaller expression, a shorter list, or fewer images by ClusterId or ImageId"}})
		}
	}
	return nil
}

// allHold says whether the image with a number meets every test.
func acceptsAll(tests []memoTest, number int32) bool {
	for i := range tests {
		if !tests[i].accepts(number) {
			return false
		}
	}
	return true
}

func containsAll(text []byte, words [][]byte) bool {
	for _, w := range words {
		if !bytes.Contains(text, w) {
			return false
		}
	}
	return true
}

// texts keep what q searches, for all images next to each other. A word has no
// control character, so it cannot match across the zero bytes between fields.
type textIndex struct {
	mu         sync.Mutex
	current    corpus
	generation int // grows when everything is forgotten
}

// corpus is the text of images by their Number. What a reader holds stays
// right while it grows.
type corpus struct {
	text  []byte
	spans []span
}

type span struct{ from, to int32 } // to is 0 for an image that was not met

// maxText bounds what is remembered, in bytes.
const maxTextBytes = 32 << 20

func (c corpus) textOf(number int32) []byte { return c.text[c.spans[number].from:c.spans[number].to] }

// of returns a corpus that knows the images of s.
func (t *textIndex) including(s *imageSet) corpus {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.textGeneration == t.generation && t.generation > 0 {
		return t.current
	}
	if len(t.current.text) > maxTextBytes || t.generation == 0 {
		t.current = corpus{}
		t.generation++
	}
	var unknown []*catalog.Image
	for i, number := range s.numbers {
		n := int(number)
		if more := n + 1 - len(t.current.spans); more > 0 {
			t.current.spans = append(t.current.spans, make([]span, more)...)
		}
		if t.current.spans[n].to == 0 {
			unknown = append(unknown, s.image(int32(i)))
		}
	}
	for i, text := range newSearchTexts(unknown) {
		from := len(t.current.text)
		t.current.text = append(t.current.text, text...)
		t.current.spans[unknown[i].Number] = span{int32(from), int32(len(t.current.text))}
	}
	s.textGeneration = t.generation
	return t.current
}

// searchTexts are the texts of images, worked out by all cores: a cold
// instance needs those of a whole catalogue at once.
func newSearchTexts(images []*catalog.Image) []string {
	texts := make([]string, len(images))
	var group sync.WaitGroup
	share := max(256, (len(images)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	for from := 0; from < len(images); from += share {
		group.Go(func() {
			for i := from; i < min(from+share, len(images)); i++ {
				texts[i] = newSearchText(images[i])
			}
		})
	}
	group.Wait()
	return texts
}

func newSearchText(im *catalog.Image) string {
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
	return foldCase(name + "\x00" + description + "\x00" + im.ImageID + "\x00" + product)
}
