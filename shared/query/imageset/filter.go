package imageset

import (
	"slices"

	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
	"community-images/shared/query/filter"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// maxFilterSteps bounds what the expressions of one lookup may cost, in steps
// of matching one byte. The worst ones take about 2.5 seconds for all of them,
// usual ones 1 second.
const maxFilterSteps = 320_000_000

// Filter says which images of a set match, and in which order they come.
type Filter struct {
	Ids        []string           // sorted; nil: any
	Conditions []filter.Predicate // that must all hold
	Words      [][]byte           // that the text must contain, case folded
	Sort       []request.SortKey  // nil: the canonical order
	// Dates are the values of derived fields; nil: none is named.
	Dates *state.RegionDates
}

// NewFilter returns which images match the request of a subject, and in which order they
// come.
func NewFilter(req *request.Request, sub *state.Subject, s *field.Schema) Filter {
	keys := req.Sort
	if req.LatestBy != nil && keys == nil {
		// The order decides which image of a group is the first.
		keys = []request.SortKey{{Field: s.FieldNamed("OsTag.Version"), Desc: true}} // the newest version first
	}
	return Filter{
		Ids: req.ImageIDs, Conditions: sub.Conditions, Words: req.SearchWords, Sort: keys, Dates: sub.Dates(),
	}
}

// SelectRows returns the rows of the images that match a filter, in its order. They must
// not be changed. It returns an error if the expressions would take too long.
func (s *Set) SelectRows(f Filter) ([]int32, error) {
	// With ids in the question, only their rows are tested.
	rows := s.allRows
	if f.Ids != nil {
		rows = s.rowsWithIDs(f.Ids)
	}
	rows, err := s.matchImages(f, rows)
	if err != nil {
		return nil, err
	}
	if len(f.Sort) > 0 {
		// The slice may be the set's own.
		rows = slices.Clone(rows)
		s.sortRows(f, rows)
	}
	return rows, nil
}

// matchImages returns the rows, in the given order, of the images that meet
// every condition and contain every search word. It does not change rows. It
// returns an error if the expressions would take too long.
func (s *Set) matchImages(f Filter, rows []int32) ([]int32, error) {
	if len(f.Conditions) == 0 && len(f.Words) == 0 {
		return rows, nil
	}
	var texts searchTexts
	var skipTo int32
	if len(f.Words) > 0 {
		texts = s.Owner.texts.withImagesOf(s)
		var ok bool
		if skipTo, ok = s.Owner.texts.skipTo(s, f.Words); !ok {
			return nil, nil
		}
	}
	tests := s.makeTests(f)
	if err := s.checkFilterCost(f.Conditions, rows, tests); err != nil {
		return nil, err
	}
	// The conditions come first: the search reads far more memory.
	var found []int32
	for _, row := range rows {
		number := s.numbers[row]
		if acceptsAll(tests, number) && (len(f.Words) == 0 || texts.hasAll(number, f.Words, skipTo)) {
			found = append(found, row)
		}
	}
	return found, nil
}

// makeTests returns the tests of the conditions of a filter. Each gets the numbered values of its field,
// so that a value that many images share is tested once.
func (s *Set) makeTests(f Filter) []memoTest {
	tests := make([]memoTest, len(f.Conditions))
	for i, condition := range f.Conditions {
		values := s.indexField(condition.Field, f.Dates, false)
		tests[i] = memoTest{valueIndex: values, test: condition.Test, results: make([]int8, len(values.values))}
	}
	return tests
}

// checkFilterCost returns an error if the expressions cost more than
// maxFilterSteps. tests belong to the conditions at the same index.
func (s *Set) checkFilterCost(conditions []filter.Predicate, rows []int32, tests []memoTest) error {
	steps := 0
	for i, condition := range conditions {
		if steps += s.countSteps(condition, rows, &tests[i]); steps > maxFilterSteps {
			return fault.NewError([]fault.Fault{{
				Code: fault.CodeInvalid, Name: condition.Name,
				Reason:  message.New("is too large an expression for %d images", len(rows)),
				Allowed: message.New("a smaller expression, a shorter list, or fewer images by ClusterId or ImageId"),
			}})
		}
	}
	return nil
}

// countSteps returns what the expressions of a condition cost for the images in rows, in
// steps of matching one byte. Each distinct value of a field counts once, as it is
// tested once. Only expressions have a cost; the other tests read a value once.
func (s *Set) countSteps(condition filter.Predicate, rows []int32, test *memoTest) int {
	if condition.Cost == 0 {
		return 0
	}
	return condition.Cost * test.countDistinctBytes(s, rows)
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
