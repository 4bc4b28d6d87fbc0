package imageset

import (
	"slices"

	"community-images/shared/query/field"
)

// ConditionCount says how many images of a set meet one condition of a filter.
type ConditionCount struct {
	Name string // of the parameter: a field with its operator, "q" or "ImageId"
	// Field is nil for q and ImageId.
	Field   *field.Field
	Alone   int // images that meet the condition, whatever the others say
	Without int // images that meet all other conditions
}

// maxHintSteps bounds what a hint may spend on expressions, in the unit of
// maxFilterSteps. It is half a second at most.
const maxHintSteps = maxFilterSteps / 8

// CountConditions counts for each condition of a filter the images that meet it, and
// those that meet all others. matches is the number of images that meet all conditions.
// It returns nil if the expressions would take too long.
func (s *Set) CountConditions(f Filter, matches int) []ConditionCount {
	counts, accepts := s.separateConditions(f)
	if len(counts) == 1 { // most searches: the filter has tested each image already
		counts[0].Alone, counts[0].Without = matches, s.Len()
		return counts
	}
	for _, row := range s.allRows {
		failed, last := 0, 0
		for i := range counts {
			if accepts(i, row) {
				counts[i].Alone++
			} else {
				failed, last = failed+1, i
			}
		}
		if failed == 1 { // only this condition keeps the image out
			counts[last].Without++
		}
	}
	for i := range counts {
		counts[i].Without += matches
	}
	return counts
}

// separateConditions returns a count for each condition of a filter, still zero, and a
// function that tests the condition at an index for a row of the set. It returns nil if
// the expressions would take too long.
func (s *Set) separateConditions(f Filter) ([]ConditionCount, func(i int, row int32) bool) {
	tests, steps := s.makeTests(f), 0
	counts := make([]ConditionCount, 0, len(tests)+2)
	for i, condition := range f.Conditions {
		steps += s.countSteps(condition, s.allRows, &tests[i])
		counts = append(counts, ConditionCount{Name: condition.Name, Field: condition.Field})
	}
	if steps > maxHintSteps {
		return nil, nil
	}
	var texts searchTexts
	if len(f.Words) > 0 {
		texts = s.Owner.texts.withImagesOf(s)
		counts = append(counts, ConditionCount{Name: "q"})
	}
	if f.Ids != nil {
		counts = append(counts, ConditionCount{Name: "ImageId"})
	}
	return counts, func(i int, row int32) bool {
		switch {
		case i < len(tests):
			return tests[i].accepts(s.numbers[row])
		case counts[i].Name == "q":
			return texts.hasAll(s.numbers[row], f.Words, 0)
		}
		_, found := slices.BinarySearch(f.Ids, s.Image(row).ImageID)
		return found
	}
}
