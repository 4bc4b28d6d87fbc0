package query

import (
	"bytes"
	"fmt"
)

// maxFilterSteps bounds what the expressions of one lookup may cost, in steps
// of matching one byte. The worst ones take about 2.5 seconds for all of them,
// usual ones 1 second.
const maxFilterSteps = 320_000_000

// matchImages returns the rows, in the given order, of the images that meet
// every condition and contain every search word. It does not change rows. It
// returns an error if the expressions would take too long.
func matchImages(req *request, s *imageSet, rows []int32) ([]int32, error) {
	if len(req.conditions) == 0 && len(req.searchWords) == 0 {
		return rows, nil
	}
	var texts searchTexts
	if len(req.searchWords) > 0 {
		texts = s.owner.texts.withImagesOf(s)
	}
	// Each condition gets the numbered values of its field, so that a value that
	// many images share is tested once.
	tests := make([]memoTest, len(req.conditions))
	for i, condition := range req.conditions {
		values := s.owner.indexes.indexField(s, condition.field, false)
		tests[i] = memoTest{valueIndex: values, test: condition.test, results: make([]int8, len(values.values))}
	}
	if err := checkFilterCost(req, s, rows, tests); err != nil {
		return nil, err
	}
	// The conditions come first: the search reads far more memory.
	var found []int32
	for _, row := range rows {
		number := s.numbers[row]
		if acceptsAll(tests, number) && (len(req.searchWords) == 0 || containsAll(texts.textOf(number), req.searchWords)) {
			found = append(found, row)
		}
	}
	return found, nil
}

// checkFilterCost returns an error if the expressions cost more than
// maxFilterSteps. Each distinct value of a field counts once, as it is tested
// once. tests belong to the conditions at the same index.
func checkFilterCost(req *request, s *imageSet, rows []int32, tests []memoTest) error {
	steps := 0
	for i, condition := range req.conditions {
		// Only expressions have a cost; the other tests read a value once.
		if condition.cost == 0 {
			continue
		}
		if steps += condition.cost * tests[i].countDistinctBytes(s, rows); steps > maxFilterSteps {
			return newFaultsError([]paramFault{{
				codeInvalid, condition.name, fmt.Sprintf("is too large an expression for %d images", len(rows)),
				"a smaller expression, a shorter list, or fewer images by ClusterId or ImageId",
			}})
		}
	}
	return nil
}

// acceptsAll returns true if the image with a catalog.Image.Number passes every
// test.
func acceptsAll(tests []memoTest, number int32) bool {
	for i := range tests {
		if !tests[i].accepts(number) {
			return false
		}
	}
	return true
}

// containsAll returns true if every word is part of the text.
func containsAll(text []byte, words [][]byte) bool {
	for _, word := range words {
		if !bytes.Contains(text, word) {
			return false
		}
	}
	return true
}
