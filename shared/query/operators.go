package query

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// predicate is a condition on one field of an image. test is asked about the
// text of the field; it is empty for an image without a value.
type predicate struct {
	name  string // of the parameter
	field *field
	test  func(text string) bool
	cost  int // steps, about, that the test takes for a byte; 0: no expression
}

// operator is what may follow a field name after "__".
type operator struct {
	name  string
	about string
	// build makes a test of a field's text out of one value; nil: holds does.
	// With fold, value and text have been folded, but for an expression and its
	// text. The error is a reason that goes on after "Field__op=value".
	newTest func(value string, fold bool) (func(string) bool, error)
	// weigh is how many steps, about, a test takes for a byte of text; nil: it is
	// not worth counting.
	cost     func(value string) int
	textOnly bool // for text only, and has an i form
	// empty says whether images without a value are shown to the test.
	testsMissing bool
	// holds says for the operators that compare which outcomes meet them.
	acceptsOrder func(c int) bool
}

var operators = []operator{
	{name: "eq", about: "equals; the same as no operator", newTest: newEqualTest, textOnly: true, acceptsOrder: isZero},
	{name: "ne", about: "differs; holds for images without a value too", newTest: newEqualTest, textOnly: true,
		testsMissing: true, acceptsOrder: isZero},
	{name: "prefix", about: "begins with", textOnly: true,
		newTest: func(v string, _ bool) (func(string) bool, error) {
			return func(s string) bool { return strings.HasPrefix(s, v) }, nil
		}},
	{name: "suffix", about: "ends with", textOnly: true,
		newTest: func(v string, _ bool) (func(string) bool, error) {
			return func(s string) bool { return strings.HasSuffix(s, v) }, nil
		}},
	{name: "contains", about: "contains", textOnly: true,
		newTest: func(v string, _ bool) (func(string) bool, error) {
			return func(s string) bool { return strings.Contains(s, v) }, nil
		}},
	{name: "glob", about: "matches a pattern of *, ? and [a-z] as a whole", textOnly: true,
		newTest: newGlobTest, cost: func(v string) int { return regexCost(globToRegex(v)) }},
	{name: "regex", about: "matches an RE2 expression as a whole", textOnly: true,
		newTest: newRegexTest, cost: regexCost},
	{name: "exists", about: "true: has a value; false: is missing, null or empty", newTest: newExistsTest,
		testsMissing: true},
	{name: "gt", about: "is greater", acceptsOrder: func(c int) bool { return c > 0 }},
	{name: "gte", about: "is greater or equal", acceptsOrder: func(c int) bool { return c >= 0 }},
	{name: "lt", about: "is less", acceptsOrder: func(c int) bool { return c < 0 }},
	{name: "lte", about: "is less or equal", acceptsOrder: func(c int) bool { return c <= 0 }},
}

// operatorNames lists what a field of a kind takes.
func operatorNames(k fieldKind) []string {
	var names []string
	for _, op := range operators {
		if op.textOnly && op.name != "eq" && op.name != "ne" && k == numberKind {
			continue
		}
		names = append(names, op.name)
		if op.textOnly && k != numberKind {
			names = append(names, "i"+op.name)
		}
	}
	return names
}

// findOperator returns nil if a field of this kind has no such operator.
func findOperator(k fieldKind, name string) (op *operator, fold bool) {
	for i := range operators {
		op := &operators[i]
		if k == numberKind && op.textOnly && op.name != "eq" && op.name != "ne" {
			continue
		}
		if op.name == name {
			return op, false
		}
		if op.textOnly && k != numberKind && len(name) > 1 && name[0] == 'i' && name[1:] == op.name {
			return op, true
		}
	}
	return nil, false
}

// condition makes the predicate "field op any of values".
func newPredicate(f *field, op *operator, folded bool, values []string) (predicate, error) {
	tests, weight := make([]func(string) bool, len(values)), 0
	for i, v := range values {
		if err := checkOperand(f, op, v); err != nil {
			return predicate{}, err
		}
		if folded && op.name != "regex" {
			v = foldCase(v)
		}
		if op.newTest == nil || op.acceptsOrder != nil && f.kind == numberKind {
			tests[i] = func(s string) bool { return s != "" && op.acceptsOrder(f.compareValues(s, v)) }
			continue
		}
		test, err := op.newTest(v, folded)
		if err != nil {
			return predicate{}, err
		}
		tests[i] = test
		if op.cost == nil {
			continue
		}
		if weight += op.cost(v); weight > maxTotalCost {
			return predicate{}, errTotalCost
		}
	}
	any := matchAny(tests)
	if folded && op.name != "regex" {
		inner := any
		any = func(s string) bool { return inner(foldCase(s)) }
	}
	switch {
	case op.name == "ne":
		return predicate{field: f, test: func(s string) bool { return !any(s) }}, nil
	case op.testsMissing:
		return predicate{field: f, test: any}, nil
	}
	return predicate{field: f, test: func(s string) bool { return s != "" && any(s) }, cost: weight}, nil
}

var errTotalCost = errors.New("exceeds what the expressions of one lookup may cost. Use fewer or smaller ones")

func matchAny(tests []func(string) bool) func(string) bool {
	if len(tests) == 1 {
		return tests[0]
	}
	return func(s string) bool {
		for _, test := range tests {
			if test(s) {
				return true
			}
		}
		return false
	}
}

func checkOperand(f *field, op *operator, value string) error {
	if value == "" {
		return fmt.Errorf("must not be empty. For images without a value use %s__exists=false", f.name)
	}
	if f.kind == numberKind && op.name != "exists" {
		if _, ok := parseNumber(value); !ok {
			return &valueError{value: value}
		}
	}
	return nil
}

func newEqualTest(v string, _ bool) (func(string) bool, error) {
	return func(s string) bool { return s == v }, nil
}

func newExistsTest(v string, _ bool) (func(string) bool, error) {
	switch strings.ToLower(v) {
	case "true":
		return func(s string) bool { return s != "" }, nil
	case "false":
		return func(s string) bool { return s == "" }, nil
	}
	return nil, &valueError{value: v}
}

func isZero(c int) bool { return c == 0 }

const (
	maxPattern   = 512            // bytes of one expression
	maxProgram   = 2000           // instructions, about; bounds memory, and time for one text
	maxTotalCost = 4 * maxProgram // of all expressions of one lookup: half a megabyte, about
)

// buildRegex compiles an expression that must match a whole value.
func newRegexTest(v string, fold bool) (func(string) bool, error) {
	flags := syntax.Perl
	if fold {
		flags |= syntax.FoldCase
	}
	if err := checkPatternLength(v); err != nil {
		return nil, err
	}
	return compileWholeMatch(v, flags)
}

// buildGlob explains a bad pattern as a glob, not as the expression it becomes.
func newGlobTest(v string, _ bool) (func(string) bool, error) {
	if err := checkPatternLength(v); err != nil {
		return nil, err
	}
	test, err := compileWholeMatch(globToRegex(v), syntax.Perl)
	var bad *syntax.Error
	if errors.As(err, &bad) {
		return nil, fmt.Errorf("has the range %s, whose end is before its start", quote(bad.Expr))
	}
	return test, err
}

func checkPatternLength(pattern string) error {
	if len(pattern) > maxPattern {
		return newTooManyError(len(pattern), "bytes", maxPattern)
	}
	return nil
}

// matcher compiles an expression for whole values. It is anchored as it is
// understood and not as it is written, where \Q may reach to the end.
func compileWholeMatch(pattern string, flags syntax.Flags) (func(string) bool, error) {
	tree, err := syntax.Parse(pattern, flags)
	if err != nil {
		return nil, regexError{err}
	}
	if estimateProgramSize(tree) > maxProgram {
		return nil, errors.New("is too large an expression. Use fewer or smaller repetitions")
	}
	anchored := &syntax.Regexp{Op: syntax.OpConcat,
		Sub: []*syntax.Regexp{{Op: syntax.OpBeginText}, tree, {Op: syntax.OpEndText}}}
	re, err := regexp.Compile(anchored.String())
	if err != nil {
		return nil, regexError{err}
	}
	return re.MatchString, nil
}

// regexError tells what is wrong with an expression.
type regexError struct{ error }

func (e regexError) Error() string {
	return "is not an RE2 expression: " + strings.TrimPrefix(e.error.Error(), "error parsing regexp: ")
}

func (e regexError) Unwrap() error { return e.error }

// weighed is programSize of an expression that has been compiled.
func regexCost(pattern string) int {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0
	}
	return estimateProgramSize(tree)
}

// programSize estimates the instructions of an expression with its
// repetitions written out.
func estimateProgramSize(re *syntax.Regexp) int {
	size := 1 + len(re.Rune)/8
	for _, sub := range re.Sub {
		size += estimateProgramSize(sub)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(re.Min, re.Max, 1)
	}
	return min(size, 1<<20)
}

// globPattern writes a glob as an expression. A bracket that is not closed
// stands for itself.
func globToRegex(glob string) string {
	var b strings.Builder
	b.WriteString("(?s)")
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			n := globClassLength(glob[i:])
			if n == 0 {
				b.WriteString(`\[`)
				continue
			}
			class := glob[i+1 : i+n-1]
			b.WriteByte('[')
			if class[0] == '!' || class[0] == '^' {
				b.WriteByte('^')
				class = class[1:]
			}
			b.WriteString(strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `^`, `\^`).Replace(class))
			b.WriteByte(']')
			i += n - 1
		default:
			j := i
			for j < len(glob) && !strings.ContainsRune("*?[", rune(glob[j])) {
				j++
			}
			b.WriteString(regexp.QuoteMeta(glob[i:j]))
			i = j - 1
		}
	}
	return b.String()
}

// globClass is the length of the bracket class that s begins with, 0 if it is
// not closed. A ] that stands first belongs to the class.
func globClassLength(s string) int {
	start := 1
	if start < len(s) && (s[start] == '!' || s[start] == '^') {
		start++
	}
	end := strings.IndexByte(s[min(start+1, len(s)):], ']')
	if end < 0 {
		return 0
	}
	return start + 1 + end + 1
}
