package query

import (
	"fmt"
	"slices"
	"strings"
)

// predicate is a condition on one field of an image.
type predicate struct {
	name  string                  // of the parameter, for example "Size__gt"
	field *field                  // whose value is tested
	test  func(value string) bool // value is empty for an image without one
	cost  int                     // of test for one byte of a value, in steps; 0: not worth counting
	// setupCost is what making the test took beyond reading the operands, in the
	// unit of cost. It is spent while the request is parsed.
	setupCost int
}

// operandTest is the test of one operand; see predicate for the costs.
type operandTest struct {
	matches         func(value string) bool
	cost, setupCost int
}

// operator is what may follow the name of a field after "__".
type operator struct {
	name  string // in lower case, without the i of the form that ignores case
	about string // for the OpenAPI document: completes "FIELD ..."
	// newTest makes a test of values of a field from an operand. With ignoreCase
	// both are case-folded, unless the operand is a pattern. Its error completes "NAME ...". nil: acceptsOrder decides.
	newTest      func(operand string, ignoreCase bool) (operandTest, error)
	isPattern    bool // ignores case by itself: folding would change its ranges
	textOnly     bool // not for numbers, except eq and ne; has a form with i in front
	testsMissing bool // images without a value are tested too
	takesOne     bool // a list of operands would mean the same as one of them
	// acceptsOrder decides by how a value compares with the operand: less than 0,
	// 0, or more than 0. nil: the operator does not compare.
	acceptsOrder func(order int) bool
}

// operators are all operators. To add one, add it here: parsing, errors and the
// OpenAPI document are made from this table.
var operators = []operator{
	{name: "eq", about: "equals; the same as no operator", newTest: newEqualTest, textOnly: true, acceptsOrder: isZero},
	{name: "ne", about: "differs; holds for images without a value too", newTest: newEqualTest, textOnly: true,
		testsMissing: true, acceptsOrder: isZero},
	{name: "prefix", about: "begins with", textOnly: true,
		newTest: func(v string, _ bool) (operandTest, error) {
			return operandTest{matches: func(s string) bool { return strings.HasPrefix(s, v) }}, nil
		}},
	{name: "suffix", about: "ends with", textOnly: true,
		newTest: func(v string, _ bool) (operandTest, error) {
			return operandTest{matches: func(s string) bool { return strings.HasSuffix(s, v) }}, nil
		}},
	{name: "contains", about: "contains", textOnly: true,
		newTest: func(v string, _ bool) (operandTest, error) {
			return operandTest{matches: func(s string) bool { return strings.Contains(s, v) }}, nil
		}},
	{name: "glob", about: "matches a pattern of *, ? and [a-z] as a whole", textOnly: true,
		newTest: newGlobTest, isPattern: true},
	{name: "regex", about: "matches an RE2 expression as a whole", textOnly: true, newTest: newRegexTest,
		isPattern: true},
	{name: "exists", about: "true: has a value; false: is missing, null or empty", newTest: newExistsTest,
		testsMissing: true, takesOne: true},
	{name: "gt", about: "is greater", acceptsOrder: func(c int) bool { return c > 0 }, takesOne: true},
	{name: "gte", about: "is greater or equal", acceptsOrder: func(c int) bool { return c >= 0 }, takesOne: true},
	{name: "lt", about: "is less", acceptsOrder: func(c int) bool { return c < 0 }, takesOne: true},
	{name: "lte", about: "is less or equal", acceptsOrder: func(c int) bool { return c <= 0 }, takesOne: true},
}

// operatorNames lists the operators of a kind of field, those with i included.
func operatorNames(kind fieldKind) []string {
	var names []string
	for _, op := range operators {
		if op.textOnly && op.name != "eq" && op.name != "ne" && kind == numberKind {
			continue
		}
		names = append(names, op.name)
		if op.textOnly && kind != numberKind {
			names = append(names, "i"+op.name)
		}
	}
	return names
}

// findOperator returns the operator of a lower-case name, and whether it ignores
// case. It returns nil if fields of this kind have none of that name.
func findOperator(kind fieldKind, name string) (op *operator, ignoreCase bool) {
	for i := range operators {
		op := &operators[i]
		if kind == numberKind && op.textOnly && op.name != "eq" && op.name != "ne" {
			continue
		}
		if op.name == name {
			return op, false
		}
		// Numbers have no case, so ieq and ine are for texts only.
		if op.textOnly && kind != numberKind && len(name) > 1 && name[0] == 'i' && name[1:] == op.name {
			return op, true
		}
	}
	return nil, false
}

// newPredicate makes the condition that the operator holds for any of the
// operands. With ignoreCase the operator is the form with i in front. The error
// completes "NAME ...".
func newPredicate(f *field, op *operator, ignoreCase bool, operands []string) (predicate, error) {
	switch {
	case op.takesOne && len(operands) > 1:
		return predicate{}, newOneValueError(operands)
	case len(operands) > 1 && slices.Contains(operands, ""):
		return predicate{}, newEmptyError(operands)
	}
	foldsValue := ignoreCase && !op.isPattern
	tests, p := make([]func(string) bool, len(operands)), predicate{field: f}
	for i, operand := range operands {
		if err := checkOperand(f, op, ignoreCase, operand); err != nil {
			return predicate{}, err
		}
		if foldsValue {
			operand = foldCase(operand)
		}
		test, err := op.newOperandTest(f, operand, ignoreCase)
		if err != nil {
			return predicate{}, err
		}
		tests[i] = test.matches
		// The limit is checked after each operand: a list of large expressions
		// must not be compiled to its end before it is refused.
		p.cost, p.setupCost = p.cost+test.cost, p.setupCost+test.setupCost
		if p.cost+p.setupCost > maxTotalCost {
			return predicate{}, errTotalCost
		}
	}
	test := matchAny(tests)
	if foldsValue {
		// A value is folded once for all operands.
		folded := test
		test = func(value string) bool { return folded(foldCase(value)) }
	}
	p.test = op.decideMissing(test)
	return p, nil
}

// newOperandTest makes the test of one operand, which is folded already if case
// is ignored. Ordered operators compare as the field does, and so does eq of
// numbers: 40 equals 40.0.
func (op *operator) newOperandTest(f *field, operand string, ignoreCase bool) (operandTest, error) {
	if op.newTest == nil || op.acceptsOrder != nil && f.kind == numberKind {
		return operandTest{matches: func(value string) bool {
			return value != "" && op.acceptsOrder(f.compareValues(value, operand))
		}}, nil
	}
	return op.newTest(operand, ignoreCase)
}

// decideMissing completes a test by what the operator says of images without a
// value: they have none, so only ne and exists=false hold for them.
func (op *operator) decideMissing(test func(string) bool) func(string) bool {
	switch {
	case op.name == "ne":
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
func checkOperand(f *field, op *operator, ignoreCase bool, value string) error {
	isEqual := op.name == "eq" || op.name == "ne"
	switch {
	// "Size=" is more often a variable that a script failed to set than a wish.
	case value == "":
		return completeError("must not be empty. For images without a value use " + f.name + "__exists=false")
	case op.name == "exists":
		return nil
	case f.kind == numberKind:
		if _, ok := parseNumber(value); !ok {
			return &valueError{value: value}
		}
	case f.kind == versionKind && op.newTest == nil && !strings.ContainsAny(value, "0123456789"):
		return completeError(fmt.Sprintf("must be a version with a digit, got %s", quote(value)))
	case isEqual && !f.mayHaveStar && strings.Contains(value, "*"):
		return completeError("compares whole values, and none has a *" + suggestPattern(f, op, ignoreCase, value))
	}
	return nil
}

// suggestPattern returns a sentence with the filter that a value with stars means.
// There is none for ne, because no operator excludes what a pattern matches.
func suggestPattern(f *field, op *operator, ignoreCase bool, value string) string {
	switch {
	case op.name == "ne":
		return ""
	case strings.Trim(value, "*") == "":
		return ". Use " + f.name + "__exists=true"
	case ignoreCase && !f.ignoresCase:
		return ". Use " + f.name + "__iglob=" + truncate(quoteName(value), 80)
	}
	return ". Use " + f.name + "__glob=" + truncate(quoteName(value), 80)
}

// newEqualTest tests for equal text. Numbers are compared by acceptsOrder instead.
func newEqualTest(v string, _ bool) (operandTest, error) {
	return operandTest{matches: func(s string) bool { return s == v }}, nil
}

// newExistsTest tests for a value, or for none.
func newExistsTest(v string, _ bool) (operandTest, error) {
	switch foldCase(v) {
	case "true":
		return operandTest{matches: func(s string) bool { return s != "" }}, nil
	case "false":
		return operandTest{matches: func(s string) bool { return s == "" }}, nil
	}
	return operandTest{}, &valueError{value: v}
}

// isZero accepts values that compare as equal.
func isZero(order int) bool { return order == 0 }
