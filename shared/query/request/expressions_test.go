package request

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/query/field"
	"community-images/shared/query/filter"
)

// TestListsAndGlobs splits lists of values, and matches globs with whole values.
func TestListsAndGlobs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"a,b": {"a", "b"}, `a\,b,c`: {"a,b", "c"}, `\d+`: {`\d+`}, "a,": {"a", ""},
		`\\,x`: {`\`, "x"}, `a\\`: {`a\`}, `a\`: {`a\`}, `a\\\,b,c\`: {`a\,b`, `c\`}, `\\d\\.x`: {`\\d\\.x`},
		`\\\\`: {`\\`}, "": {""},
	} {
		if got := field.SplitList(text); !slices.Equal(got, want) {
			t.Errorf("%q is %q", text, got)
		}
	}
	for _, row := range []struct {
		glob, value string
		match       bool
	}{
		{"a*", "abc", true}, {"a*", "ba", false}, {"?b?", "abc", true}, {"[a-c]x", "bx", true},
		{"[!a-c]x", "bx", false}, {"[^a]x", "bx", true},
		{"[", "[", true}, {"[]", "[]", true}, {"[]a]", "]", true}, {"*.sh", "a.sh", true}, {"*.sh", "axsh", false},
		{"a\n*", "a\nb", true}, {"深?", "深度", true}, {`[\]`, `\`, true}, {"[[]", "[", true}, {"a|b", "a", false},
	} {
		test, err := filter.NewGlobTest(row.glob, false)
		if err != nil || test.Matches(row.value) != row.match {
			t.Errorf("%q on %q: %v", row.glob, row.value, err)
		}
	}
	if _, err := filter.NewGlobTest(strings.Repeat("a", 513), false); err == nil {
		t.Error("a pattern without end is taken")
	}
}

// TestExpressionsMatchWholeValues checks that an expression must match a whole
// value, even if it contains a quote that could swallow the anchors around it.
func TestExpressionsMatchWholeValues(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		pattern, value string
		match          bool
	}{
		{`\Qa.b`, "a.b", true}, {`\Qa.b`, "axb", false}, {`\Qa.b`, `a.b)\z`, false}, {`\Qa.b\E+`, "a.bb", true},
		{`\Q`, "", true},
		{"a|ab", "ab", true}, {"b|", "ab", false}, {"a", "a\n", false}, {"(?m)^a$", "a\nb", false},
		{"(?i)a", "A", true}, {"(?i:a)b", "AB", false},
		{"(?U)a+", "aaa", true}, {".*", "a\nb", false}, {"(?s).*", "a\nb", true}, {`[^\x00-\x{10FFFF}]`, "a", false},
		{`(?i)straſse`, "STRASSE", true},
	} {
		test, err := filter.NewRegexTest(row.pattern, false)
		if err != nil || test.Matches(row.value) != row.match {
			t.Errorf("%q on %q: want %v, %v", row.pattern, row.value, row.match, err)
		}
	}
	if test, err := filter.NewRegexTest(`\QA.b`, true); err != nil || !test.Matches("a.B") || test.Matches("axB") {
		t.Errorf("without regard to case: %v", err)
	}
}

// FuzzExpressions compares each accepted expression with package regexp: it must
// match exactly if its longest match is the whole value.
func FuzzExpressions(f *testing.F) {
	f.Add(`\Qlinux`, "linux")
	f.Add(`(?im)^(a|ab)*?[[:^alpha:]\pL]$`, "abA")
	f.Add(`(?sU)x{2,3}.|\bé\B`, "xxx\n")
	f.Add(`(?i)[ſ-t]+K`, "sſTk")                                               // letters of three forms
	f.Add("(?i:\\x{212a})[^\\n]*.\\C?", "k\xff\xe2\x82")                       // bytes that are no UTF-8
	f.Add(`((x{1000}){1000}|(?:(?:a?){30}){30}$)|\z`, strings.Repeat("a", 70)) // too large, and nearly so
	f.Add(`(?m:^)a|(?-m)$\n?|()`, "a\n")
	f.Add(`[[:^ascii:]]{0,2}(?i:s(?-i:K))|\A\z`, "ſK")
	f.Fuzz(func(t *testing.T, pattern, value string) {
		test, bad := filter.NewRegexTest(pattern, false)
		if bad != nil || len(value) > 1<<12 {
			return
		}
		re, err := regexp.Compile(pattern)
		if err != nil {
			t.Fatalf("%q is taken, and is none: %v", pattern, err)
		}
		re.Longest()
		at := re.FindStringIndex(value)
		if want := at != nil && at[0] == 0 && at[1] == len(value); test.Matches(value) != want {
			t.Fatalf("%q on %q: want %v", pattern, value, want)
		}
	})
}

// TestNoExpressionTakesLongToParse asks lookups whose expressions are as costly
// to parse as 4 KB can be. Each is answered or refused within milliseconds.
func TestNoExpressionTakesLongToParse(t *testing.T) {
	c := &Config{Schema: field.NewSchema(nil), Now: time.Now}
	rt := Routes()[0]
	for _, row := range []struct {
		name, parameter, part string
		isRefused             bool
	}{
		{"no digit", "ImageName__regex", `\D`, false},
		{"no space", "ImageName__regex", `\S`, false},
		{"no letter, digit or underscore", "ImageName__regex", `\W`, false},
		{"any case and no digit", "ImageName__iregex", `\D`, false},
		{"any case and no space", "ImageName__iregex", `\S`, false},
		{"a negated class", "ImageName__regex", `[^a]`, false},
		{"a negated class in any case", "ImageName__iregex", `[^a-z]`, false},
		{"a negated class after a flag", "ImageName__regex", `(?i)[^a]`, false},
		{"letters of any script", "ImageName__regex", `\pL`, true},
		{"no letter of any script", "ImageName__iregex", `\PL`, true},
		{"a long range in any case", "ImageName__iregex", `[B-\x{1e942}]`, true},
		{"a long range after a flag", "ImageName__regex", `(?i:[B-𞥂])`, true},
		{"a class of long ranges", "ImageName__iregex", `[]B-\x{1e942}]`, true},
		{"a long range where case counts", "ImageName__regex", `[B-𞥂]`, false},
		{"many alternatives", "ImageName__iregex", `a?|`, false},
		{"nested repetitions", "ImageName__regex", `((a{9}){9}){9}`, true},
		{"a glob of classes", "ImageName__iglob", `[!a-z]`, false},
		{"a glob of long ranges in any case", "ImageName__iglob", `[B-𞥂]`, true},
		{"a glob of long ranges", "ImageName__glob", `[B-𞥂]`, false},
		{"a glob of stars", "ImageName__iglob", `*`, false},
	} {
		values := strings.TrimSuffix(strings.Repeat(strings.Repeat(row.part, 240/len(row.part))+",", 15), ",")
		query := row.parameter + "=" + url.QueryEscape(values)
		var err error
		fastest := time.Hour // of several, because other tests take the processor too
		for range 5 {
			began := time.Now()
			_, err = Parse(c, rt, Raw{Query: query})
			fastest = min(fastest, time.Since(began))
		}
		if isRefused := err != nil; isRefused != row.isRefused {
			t.Errorf("%s: want refused %t, got %v", row.name, row.isRefused, err)
		}
		if fastest > 150*time.Millisecond {
			t.Errorf("%s: parsing takes %v", row.name, fastest)
		}
	}
}
