package filter

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"community-images/shared/message"
	"community-images/shared/query/fault"
)

// Bounds of expressions. Package regexp needs no more than linear time in a value
// for a given program, but programs can be large and values many; see also
// imageset.maxFilterSteps.
const (
	maxPattern   = 512            // bytes of one expression
	maxProgram   = 2000           // estimated instructions of one: bounds its memory and the time for one text
	MaxTotalCost = 4 * maxProgram // of all expressions of one lookup: about half a megabyte
)

// ErrTotalCost completes "NAME ..." for the filter that exceeds MaxTotalCost.
var ErrTotalCost = fault.Reason("exceeds what the expressions of one lookup may cost. Use fewer or smaller ones")

// NewRegexTest makes a test from an RE2 expression that must match a whole value.
func NewRegexTest(v string, fold bool) (operandTest, error) {
	if err := checkPatternLength(v); err != nil {
		return operandTest{}, err
	}
	return compileWholeMatch(v, fold)
}

// NewGlobTest makes a test from a glob. Its errors speak of the glob, not of the
// expression that it becomes.
func NewGlobTest(v string, fold bool) (operandTest, error) {
	if err := checkPatternLength(v); err != nil {
		return operandTest{}, err
	}
	test, err := compileWholeMatch(globToRegex(v), fold)
	var bad *syntax.Error
	if errors.As(err, &bad) {
		return operandTest{}, fault.Reason("has the range %s, whose end is before its start", fault.Quote(bad.Expr))
	}
	return test, err
}

// checkPatternLength returns an error for a pattern of more than maxPattern bytes.
func checkPatternLength(pattern string) error {
	if len(pattern) > maxPattern {
		return fault.NewTooManyError(len(pattern), "bytes", maxPattern)
	}
	return nil
}

// compileWholeMatch compiles an expression for whole values. Every step is
// bounded before it is taken.
func compileWholeMatch(pattern string, ignoreCase bool) (operandTest, error) {
	flags := syntax.Perl
	if ignoreCase {
		flags |= syntax.FoldCase
	}
	test := operandTest{setupCost: foldedRangesCost(pattern, ignoreCase)}
	if test.setupCost > MaxTotalCost {
		return operandTest{}, ErrTotalCost
	}
	tree, err := syntax.Parse(pattern, flags)
	if err != nil {
		return operandTest{}, newRegexError(err)
	}
	// The size is checked before it is compiled: compiling is the expensive part.
	if test.cost = estimateProgramSize(tree); test.cost > maxProgram {
		return operandTest{}, fault.Reason("is too large an expression. Use fewer or smaller repetitions")
	}
	re, err := regexp.Compile(anchorPattern(pattern, ignoreCase))
	if err != nil {
		return operandTest{}, newRegexError(err)
	}
	test.Matches = re.MatchString
	return test, nil
}

// anchorPattern returns a valid expression with anchors on both sides, as text.
//
// It does not write the syntax tree as text, which would be simpler: for that
// package syntax tries every character of a class, a million for \D.
func anchorPattern(pattern string, ignoreCase bool) string {
	// A \Q that is left open would quote the last anchor. It is open exactly if
	// it takes a parenthesis too many for text.
	if strings.Contains(pattern, `\Q`) {
		if _, err := syntax.Parse(pattern+")", syntax.Perl); err == nil {
			pattern += `\E`
		}
	}
	if ignoreCase {
		return `\A(?i:` + pattern + `)\z`
	}
	return `\A(?:` + pattern + `)\z`
}

// foldedRangesCost returns what the ranges of an expression cost to parse, in
// steps of predicate.cost. Without regard to case, package syntax looks up the
// other forms of each character of a range, 125,000 in the worst case, which
// takes about 10 ms. A lookup may have three. Ranges that end with an ASCII
// character are cheap, and so are all ranges where case counts.
//
// It also counts a hyphen in text that stands after a bracket and before such a
// character.
func foldedRangesCost(pattern string, ignoreCase bool) (cost int) {
	// A flag such as (?i) can be anywhere. Globs begin with another one.
	if !ignoreCase && !strings.Contains(strings.TrimPrefix(pattern, "(?s)"), "(?") {
		return 0
	}
	_, classes, _ := strings.Cut(pattern, "[")
	for i := 1; i < len(classes); i++ {
		if classes[i-1] == '-' && (classes[i] == '\\' || classes[i] >= utf8.RuneSelf) {
			cost += MaxTotalCost / 4
		}
	}
	return cost
}

// newRegexError says what is wrong with an expression, without the prefix of package regexp.
// NewGlobTest needs the cause.
func newRegexError(err error) error {
	reason := message.New("is not an RE2 expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	return &fault.ReasonError{Reason: reason, Cause: err}
}

// estimateProgramSize estimates the instructions of an expression whose
// repetitions are written out, which is how package regexp compiles it.
func estimateProgramSize(re *syntax.Regexp) int {
	// A class is one instruction, but a long one is searched for each character.
	size := 1 + len(re.Rune)/8
	for _, sub := range re.Sub {
		size += estimateProgramSize(sub)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(re.Min, re.Max, 1)
	}
	return min(size, 1<<20) // nested repetitions must not overflow
}

// globToRegex writes a glob as an expression. A bracket that is not closed
// stands for itself.
func globToRegex(glob string) string {
	var b strings.Builder
	b.WriteString("(?s)") // * and ? match line ends too
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			// n includes both brackets.
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
			// In a glob only - and ] have a meaning inside brackets.
			b.WriteString(globClassEscaper.Replace(class))
			b.WriteByte(']')
			i += n - 1
		default:
			// Text up to the next special character is quoted in one piece, so
			// that no character of several bytes is torn apart.
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

// globClassEscaper escapes what has a meaning in a class of an expression.
var globClassEscaper = strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `^`, `\^`)

// globClassLength returns the length of the bracket class that s begins with,
// or 0 if it is not closed. A ] that comes first belongs to the class.
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
