package imageset

import (
	"slices"

	"community-images/shared/query/field"
	"community-images/shared/query/state"
)

// MissingWords returns the words of a filter that no image contains.
func (s *Set) MissingWords(f Filter) []string {
	if len(f.Words) == 0 {
		return nil
	}
	texts := s.Owner.texts.withImagesOf(s)
	var missing []string
	for _, word := range f.Words {
		one := [][]byte{word}
		skipTo, ok := s.Owner.texts.skipTo(s, one)
		hasWord := func(number int32) bool { return texts.hasAll(number, one, skipTo) }
		if !ok || !slices.ContainsFunc(s.numbers, hasWord) {
			missing = append(missing, string(word))
		}
	}
	return missing
}

// MissingIDs returns those of some ids that no image has.
func (s *Set) MissingIDs(ids []string) []string {
	var missing []string
	for _, id := range ids {
		if from, to := s.FindImage(id); from == to {
			missing = append(missing, id)
		}
	}
	return missing
}

// ExistingValues returns the values that the images have in a field, without the empty
// one. The most frequent comes first. dates are the values of a derived field.
func (s *Set) ExistingValues(f *field.Field, dates *state.RegionDates) []string {
	var values []string
	for _, c := range CountFacets(s, s.allRows, []*field.Field{f}, dates)[0].Counts {
		if c.Value != "" {
			values = append(values, c.Value)
		}
	}
	return values
}

// ScopePaths returns the paths of the scopes that offer one of the rows from to to-1, in
// order. The set must be one of several scopes.
func (s *Set) ScopePaths(from, to int) []string {
	var paths []string
	for row := from; row < to; row++ {
		for _, i := range s.ScopesOf[row] {
			paths = append(paths, s.Scopes[i].Scope("").Path())
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
