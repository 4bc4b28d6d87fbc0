package filter

import (
	"slices"
	"strings"

	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
)

// Predicate is a condition on one field of an image.
type Predicate struct {
	Name  string                  // of the parameter, for example "Size__gt"
	Field *field.Field            // whose value is tested
	Test  func(value string) bool // value is empty for an image without one
	Cost  int                     // of test for one byte of a value, in steps; 0: not worth counting
	// SetupCost is what making the test took beyond reading the operands, in the
	// unit of cost. It is spent while the request is parsed.
	SetupCost int
}

// operandTest is the test of one operand; see Predicate for the costs.
type operandTest struct {
	Matches         func(value string) bool
	cost, setupCost int
}

// Operator is what may follow the name of a field after "__".
type Operator struct {
	Name  string // in lower case, without the i of the form that ignores case
	About string // for the OpenAPI document: completes "FIELD ..."
	// NewTest makes a test of values of a field from an operand. With ignoreCase
	// both are case-folded, unless the operand is a pattern. Its error completes "NAME ...". nil: acceptsOrder decides.
	NewTest      func(operand string, ignoreCase bool) (operandTest, error)
	IsPattern    bool // ignores case by itself: folding would change its ranges
	TextOnly     bool // not for numbers and times, except eq and ne; has a form with i in front
	testsMissing bool // images without a value are tested too
	TakesOne     bool // a list of operands would mean the same as one of them
	// acceptsOrder decides by how a value compares with the operand: less than 0,
	// 0, or more than 0. nil: the operator does not compare.
	acceptsOrder func(order int) bool
}

// operators are all operators. To add one, add it here: parsing, errors and the
// OpenAPI document are made from this table.
var operators = []Operator{
	{Name: "eq", About: "equals; the same as no operator", NewTest: newEqualTest, TextOnly: true, acceptsOrder: isZero},
	{Name: "ne", About: "differs; holds for images without a value too", NewTest: newEqualTest, TextOnly: true,
		testsMissing: true, acceptsOrder: isZero},
	{Name: "prefix", About: "begins with", TextOnly: true,
		NewTest: func(v string, _ bool) (operandTest, error) {
			return operandTest{Matches: func(s string) bool { return strings.HasPrefix(s, v) }}, nil
		}},
	{Name: "suffix", About: "ends with", TextOnly: true,
		NewTest: func(v string, _ bool) (operandTest, error) {
			return operandTest{Matches: func(s string) bool { return strings.HasSuffix(s, v) }}, nil
		}},
	{Name: "contains", About: "contains", TextOnly: true,
		NewTest: func(v string, _ bool) (operandTest, error) {
			return operandTest{Matches: func(s string) bool { return strings.Contains(s, v) }}, nil
		}},
	{Name: "glob", About: "matches a pattern of *, ? and [a-z] as a whole", TextOnly: true,
		NewTest: NewGlobTest, IsPattern: true},
	{Name: "regex", About: "matches an RE2 expression as a whole", TextOnly: true, NewTest: NewRegexTest,
		IsPattern: true},
	{Name: "exists", About: "true: has a value; false: is missing, null or empty", NewTest: newExistsTest,
		testsMissing: true, TakesOne: true},
	{Name: "gt", About: "is greater", acceptsOrder: func(c int) bool { return c > 0 }, TakesOne: true},
	{Name: "gte", About: "is greater or equal", acceptsOrder: func(c int) bool { return c >= 0 }, TakesOne: true},
	{Name: "lt", About: "is less", acceptsOrder: func(c int) bool { return c < 0 }, TakesOne: true},
	{Name: "lte", About: "is less or equal", acceptsOrder: func(c int) bool { return c <= 0 }, TakesOne: true},
}

// OperatorNames lists the operators of a kind of field, those with i included.
func OperatorNames(kind field.FieldKind) []string {
	var names []string
	for _, op := range operators {
		if op.TextOnly && op.Name != "eq" && op.Name != "ne" && !kind.IsText() {
			continue
		}
		names = append(names, op.Name)
		if op.TextOnly && kind.IsText() {
			names = append(names, "i"+op.Name)
		}
	}
	return names
}

// FindOperator returns the operator of a lower-case name, and whether it ignores
// case. It returns nil if fields of this kind have none of that name.
func FindOperator(kind field.FieldKind, name string) (op *Operator, ignoreCase bool) {
	for i := range operators {
		op := &operators[i]
		if !kind.IsText() && op.TextOnly && op.Name != "eq" && op.Name != "ne" {
			continue
		}
		if op.Name == name {
			return op, false
		}
		// Numbers and times have no case, so ieq and ine are for texts only.
		if op.TextOnly && kind.IsText() && len(name) > 1 && name[0] == 'i' && name[1:] == op.Name {
			return op, true
		}
	}
	return nil, false
}

// New makes the condition that the operator holds for any of the operands. Those of a
// time must be as field.FormatTime writes them. With ignoreCase the operator is the form
// with i in front. The error completes "NAME ...".
func New(f *field.Field, op *Operator, ignoreCase bool, operands []string) (Predicate, error) {
	switch {
	case op.TakesOne && len(operands) > 1:
		return Predicate{}, fault.NewOneValueError(operands)
	case len(operands) > 1 && slices.Contains(operands, ""):
		return Predicate{}, fault.NewEmptyError(operands)
	}
	foldsValue := ignoreCase && !op.IsPattern
	tests, p := make([]func(string) bool, len(operands)), Predicate{Field: f}
	for i, operand := range operands {
		if err := checkOperand(f, op, operand); err != nil {
			return Predicate{}, err
		}
		if foldsValue {
			operand = field.FoldCase(operand)
		}
		test, err := op.newOperandTest(f, operand, ignoreCase)
		if err != nil {
			return Predicate{}, err
		}
		tests[i] = test.Matches
		// The limit is checked after each operand: a list of large expressions
		// must not be compiled to its end before it is refused.
		p.Cost, p.SetupCost = p.Cost+test.cost, p.SetupCost+test.setupCost
		if p.Cost+p.SetupCost > MaxTotalCost {
			return Predicate{}, ErrTotalCost
		}
	}
	test := matchAny(tests)
	if foldsValue {
		// A value is folded once for all operands.
		folded := test
		test = func(value string) bool { return folded(field.FoldCase(value)) }
	}
	p.Test = op.decideMissing(test)
	return p, nil
}

// newOperandTest makes the test of one operand, which is folded already if case
// is ignored. Ordered operators compare as the field does, and so does eq of
// numbers and times: 40 equals 40.0.
func (op *Operator) newOperandTest(f *field.Field, operand string, ignoreCase bool) (operandTest, error) {
	if op.NewTest == nil || op.acceptsOrder != nil && !f.Kind.IsText() {
		return operandTest{Matches: func(value string) bool {
			return value != "" && op.acceptsOrder(f.CompareValues(value, operand))
		}}, nil
	}
	return op.NewTest(operand, ignoreCase)
}

// decideMissing completes a test by what the operator says of images without a
// value: they have none, so only ne and exists=false hold for them.
func (op *Operator) decideMissing(test func(string) bool) func(string) bool {
	switch {
	case op.Name == "ne":
		return func(value string) bool { return !test(value) }
	case op.testsMissing:
		return test
	}
	return func(value string) bool { return value != "" && test(value) }
}

// matchAny returns a test that passes if one of the tests does.
func matchAny(tests []func(string) bool) func(string) bool {
	if len(tests) == 1 {
		return tests[0]
	}
	return func(value string) bool {
		return slices.ContainsFunc(tests, func(test func(string) bool) bool { return test(value) })
	}
}

// checkOperand returns an error for a value that the operator cannot use with the
// field: an empty one, one that is no number where the field holds numbers, one
// without a digit where versions are compared, and a pattern where whole values
// are.
func checkOperand(f *field.Field, op *Operator, value string) error {
	isEqual := op.Name == "eq" || op.Name == "ne"
	switch {
	// "Size=" is more often a variable that a script failed to set than a wish.
	case value == "":
		return fault.CompleteReason(message.New("must not be empty. For images without a value use %s__exists=false",
			f.Name))
	case op.Name == "exists", f.Kind == field.TimeKind:
		return nil
	case f.Kind == field.NumberKind:
		if _, ok := field.ParseNumber(value); !ok {
			return &fault.ValueError{Value: value}
		}
	case f.Kind == field.VersionKind && op.NewTest == nil && !strings.ContainsAny(value, "0123456789"):
		return fault.CompleteReason(message.New("must be a version with a digit, got %s", fault.Quote(value)))
	case isEqual && !f.MayHaveStar && strings.Contains(value, "*"):
		return fault.CompleteReason(message.Join(message.New("compares whole values, and none has a *"),
			suggestPattern(f, op, value)))
	}
	return nil
}

// suggestPattern begins a new sentence with the filter that a value with stars means.
// There is none for ne, because no operator excludes what a pattern matches.
func suggestPattern(f *field.Field, op *Operator, value string) message.Text {
	instead := f.Name + "__iglob=" // people do not know in which case names are written
	if f.IgnoresCase {
		instead = f.Name + "__glob="
	}
	instead += fault.Truncate(fault.QuoteName(value), 80)
	switch {
	case op.Name == "ne":
		return message.Text{}
	case strings.Trim(value, "*") == "":
		instead = f.Name + "__exists=true"
	}
	return message.New(". Use %s", instead)
}

// newEqualTest tests for equal text. Numbers are compared by acceptsOrder instead.
func newEqualTest(v string, _ bool) (operandTest, error) {
	return operandTest{Matches: func(s string) bool { return s == v }}, nil
}

// newExistsTest tests for a value, or for none.
func newExistsTest(v string, _ bool) (operandTest, error) {
	switch field.FoldCase(v) {
	case "true":
		return operandTest{Matches: func(s string) bool { return s != "" }}, nil
	case "false":
		return operandTest{Matches: func(s string) bool { return s == "" }}, nil
	}
	return operandTest{}, &fault.ValueError{Value: v}
}

// isZero accepts values that compare as equal.
func isZero(order int) bool { return order == 0 }
