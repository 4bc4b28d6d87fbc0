package query

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// Bounds of expressions. Package regexp needs no more than linear time in a value
// for a given program, but programs can be large and values many; see also
// maxFilterSteps.
const (
	maxPattern   = 512            // bytes of one expression
	maxProgram   = 2000           // estimated instructions of one: bounds its memory and the time for one text
	maxTotalCost = 4 * maxProgram // of all expressions of one lookup: about half a megabyte
)

// errTotalCost completes "NAME ..." for the filter that exceeds maxTotalCost.
var errTotalCost = errors.New("exceeds what the expressions of one lookup may cost. Use fewer or smaller ones")

// newRegexTest makes a test from an RE2 expression that must match a whole value.
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

// newGlobTest makes a test from a glob. Its errors speak of the glob, not of the
// expression that it becomes.
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

// checkPatternLength returns an error for a pattern of more than maxPattern bytes.
func checkPatternLength(pattern string) error {
	if len(pattern) > maxPattern {
		return newTooManyError(len(pattern), "bytes", maxPattern)
	}
	return nil
}

// compileWholeMatch compiles an expression for whole values. The anchors are
// added to its syntax tree: in its text, a \Q could quote the last one.
func compileWholeMatch(pattern string, flags syntax.Flags) (func(string) bool, error) {
	tree, err := syntax.Parse(pattern, flags)
	if err != nil {
		return nil, regexError{err}
	}
	// The size is checked before it is compiled: compiling is the expensive part.
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

// regexError says what is wrong with an expression, without the prefix of
// package regexp.
type regexError struct{ error }

// Error completes "NAME ...".
func (e regexError) Error() string {
	return "is not an RE2 expression: " + strings.TrimPrefix(e.error.Error(), "error parsing regexp: ")
}

// Unwrap returns the error of package regexp, so that newGlobTest recognizes it.
func (e regexError) Unwrap() error { return e.error }

// regexCost returns the estimated size of an expression, or 0 if it is wrong.
func regexCost(pattern string) int {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0
	}
	return estimateProgramSize(tree)
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
			b.WriteString(strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `^`, `\^`).Replace(class))
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
