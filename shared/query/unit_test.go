package query

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/catalog"
)

// TestVersionsCompareAsPeopleCount holds the order that the README tells:
// each line is before the next, what stands in one line is equal.
func TestVersionsCompareAsPeopleCount(t *testing.T) {
	t.Parallel()
	rising := [][]string{
		{"rc1"},
		{"", "-", "..", " "},
		{"Core 1", "core1", "CORE-01"},
		{"v", "V"},
		{"v 7"}, // a word of its own
		{"专业版 7"},
		{"7", "v7", "V7", "7.", "(7)", "007"},
		{"7.2-beta"},
		{"7.2", "v7.2", "7-2", "7_02", "7 2", "7.2-"},
		{"7.2-hotfix", "7.2hotfix", "7.2.HotFix"},
		{"7.2.0"},
		{"7.9"},
		{"7.10-alpha", "7.10Alpha"}, {"7.10-beta"}, {"7.10-dev"}, {"7.10-pre"}, {"7.10-preview"}, {"7.10-RC", "7.10rc"},
		{"7.10-rc1", "7.10~rc.1"}, {"7.10-rc2"},
		{"7.10"},
		{"7.10.1"},
		{"8"},
		{"12"},
		{"12 SP1", "12-SP1", "12_sp1", "12sp1", "12.SP.1"}, {"12 sp2"},
		{"12.1"},
		{"2003"},
		{"2019 数据中心版"},
		{"99999999999999999999"}, {"100000000000000000000"},
	}
	for i, line := range rising {
		for _, a := range line {
			for j, other := range rising {
				for _, b := range other {
					if got, want := compareVersions(a, b), cmp.Compare(i, j); got != want {
						t.Errorf("compareVersions(%q, %q) = %d, want %d", a, b, got, want)
					}
				}
			}
		}
	}
}

func FuzzVersionsAreAnOrder(f *testing.F) {
	f.Add("7.10", "7.9", "7.9a")
	f.Add("7.10-rc1", "7.10", "7.10 é")
	f.Add("v0rc", "V00-RC\x00", "0.ſ\xff")              // the least of each class, and bytes that are no letters
	f.Add("1.\u212a", "1.k", "1K.99999999999999999999") // a letter that folds to an ASCII one
	f.Add("vv7", "v", "-v7")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if compareVersions(a, b) != -compareVersions(b, a) || compareVersions(a, a) != 0 {
			t.Fatalf("%q and %q", a, b)
		}
		list := []string{a, b, c}
		slices.SortFunc(list, compareVersions)
		if compareVersions(list[0], list[2]) > 0 {
			t.Fatalf("%q", list)
		}
	})
}

// TestSizesAreNumbers, however upstream writes them; one size has one text.
func TestSizesAreNumbers(t *testing.T) {
	t.Parallel()
	size := newSchema(nil).fieldNamed("Size")
	for value, want := range map[string]string{
		"40": "40", "40.0": "40", "4e1": "40", `"40"`: "40", `"+40"`: "40", "-0": "0", "40.5": "40.5",
		`"40.50"`: "40.5", "1e-3": "0.001", "9007199254740991": "9007199254740991",
		"1e20": "100000000000000000000", "1e21": "1e+21", "1e300": "1e+300", "1e-7": "1e-07", "1e999": "",
		`"large"`: "", `"Inf"`: "", `"nan"`: "", `"0x28"`: "", `"4_0"`: "", `" 40"`: "", `""`: "", "null": "",
		"true": "", "[40]": "", "{}": "",
	} {
		im, err := catalog.ParseImage([]byte(`{"ImageId":"m-1","Size":` + value + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := size.valueOf(im); got != want {
			t.Errorf("the size %s is %q, want %q", value, got, want)
		}
	}
}

func TestMoments(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2026-11-23T10:00:00Z":      "2026-11-23T10:00:00Z",
		"2026-11-23T10:00:00+08:00": "2026-11-23T02:00:00Z",
		"2026-11-23T10:00:00 08:00": "2026-11-23T02:00:00Z", // a plus sign that was not escaped
		"2026-11-23t10:00:00z":      "2026-11-23T10:00:00Z",
		"2026-11-23":                "2026-11-23T00:00:00Z",
		"1795424400":                "2026-11-23T09:00:00Z",
		"1795424400000":             "2026-11-23T09:00:00Z",
		"-24h":                      "2026-11-22T12:00:00Z",
		"-1d12h":                    "2026-11-22T00:00:00Z",
		"-1.5h":                     "2026-11-23T10:30:00Z",
	} {
		m, err := parseAsOf(text)
		if err != nil || m.resolveTime(now).UTC().Format(time.RFC3339) != want {
			t.Errorf("%q is %v, %v, want %s", text, m, err, want)
		}
	}
	if m, err := parseAsOf("12"); err != nil || m.sequence != 12 {
		t.Errorf("12 is %v, %v", m, err)
	}
	for _, text := range []string{"", "-", "0", "+1", "-0", "--1h", "1h", "24", "yesterday", "2026-13-01", "1e3",
		"999999999999999999", "-999999w", "1960-01-01"} {
		if m, err := parseAsOf(text); err == nil && text != "24" {
			t.Errorf("%q is %v", text, m)
		}
	}
}

func FuzzMoment(f *testing.F) {
	for _, s := range []string{"-24h", "1795424400", "2026-11-23T10:00:00Z", "12"} {
		f.Add(s)
	}
	for _, s := range []string{
		// on the other side of a bound in UTC
		"253402300799999", "9999-12-31T23:59:59-23:59", "1970-01-01T00:00:00+23:59",
		// the longest, and no numbers
		"-36500d", "-36501d", "-.0ms", "-00000000000000000000000000000000000001w", "-1e9h",
		"9223372036854775807", "-9223372036854775808", "+7", "०७", "2026-11-23T10:00:00,5z", // a number of other digits
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := parseAsOf(s)
		if err != nil {
			return
		}
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		// as JSON and headers can say it
		if at := m.resolveTime(now).UTC(); m.sequence == 0 && (at.Year() < 1926 || at.Year() > 9999) {
			t.Errorf("%q is %s", s, at)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add((&cursor{queryHash: shortHash("q"), contentHash: shortHash("v"), sequence: 7, offset: 100}).String())
	f.Add((&cursor{sequence: 1 << 53, offset: 1 << 31}).String())   // the largest,
	f.Add((&cursor{sequence: 1<<53 + 1, offset: 1 << 31}).String()) // and one that is larger
	f.Add((&cursor{sequence: -1, offset: -1}).String())
	// numbers with needless bytes
	f.Add(base64.RawURLEncoding.EncodeToString(
		append(append([]byte{cursorVersion}, make([]byte, 16)...), 0x87, 0x80, 0x00, 0x80, 0x00)))
	// and without end
	f.Add(base64.RawURLEncoding.EncodeToString(
		append(append([]byte{cursorVersion}, make([]byte, 16)...), bytes.Repeat([]byte{0xff}, 22)...)))
	f.Add("AQAAAAAAAAAAAAAAAAAAAAAAAQF=\n")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := parseCursor(s); err == nil {
			if again, err := parseCursor(c.String()); err != nil || *again != *c {
				t.Errorf("%q: %v, %v", s, again, err)
			}
		}
	})
}

func TestListsAndGlobs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"a,b": {"a", "b"}, `a\,b,c`: {"a,b", "c"}, `\d+`: {`\d+`}, "a,": {"a", ""},
		`\\,x`: {`\`, "x"}, `a\\`: {`a\`}, `a\`: {`a\`}, `a\\\,b,c\`: {`a\,b`, `c\`}, `\\d\\.x`: {`\\d\\.x`},
		`\\\\`: {`\\`}, "": {""},
	} {
		if got := splitList(text); !slices.Equal(got, want) {
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
		test, err := newGlobTest(row.glob, false)
		if err != nil || test(row.value) != row.match {
			t.Errorf("%q on %q: %v", row.glob, row.value, err)
		}
	}
	if _, err := newGlobTest(strings.Repeat("a", 513), false); err == nil {
		t.Error("a pattern without end is taken")
	}
}

// TestExpressionsMatchWholeValues, also where an expression could get hold of
// what is put around it.
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
		test, err := newRegexTest(row.pattern, false)
		if err != nil || test(row.value) != row.match {
			t.Errorf("%q on %q: want %v, %v", row.pattern, row.value, row.match, err)
		}
	}
	if test, err := newRegexTest(`\QA.b`, true); err != nil || !test("a.B") || test("axB") {
		t.Errorf("without regard to case: %v", err)
	}
}

// FuzzExpressions: an expression matches if its longest match is the value. What
// is no expression is refused; what is too large, or has long values, is not tried.
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
		test, bad := newRegexTest(pattern, false)
		if bad != nil || len(value) > 1<<12 {
			return
		}
		re, err := regexp.Compile(pattern)
		if err != nil {
			t.Fatalf("%q is taken, and is none: %v", pattern, err)
		}
		re.Longest()
		at := re.FindStringIndex(value)
		if want := at != nil && at[0] == 0 && at[1] == len(value); test(value) != want {
			t.Fatalf("%q on %q: want %v", pattern, value, want)
		}
	})
}

func FuzzListsAreWrittenAsTheyAreRead(f *testing.F) {
	f.Add(`a\`, `b,c`, `\d+\\,`)
	f.Add("", ",", `\\`)
	f.Add(`\\,\`, "\xff\\", `,\,\\\`)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		want := []string{a, b, c}
		if got := splitList(joinList(want)); !slices.Equal(got, want) {
			t.Errorf("%q becomes %q and is read as %q", want, joinList(want), got)
		}
	})
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	names := newSchema(nil).fieldNames()
	for name, want := range map[string]string{
		"Statsu": "Status", "imagename": "ImageName", "Platfrom": "OsTag.Platform", "Version": "OsTag.Version",
		"architecture": "OsTag.Architecture", "OsTag": "OsTag.OsTag", "": "", "x": "",
		"OsTag.Platfom": "OsTag.Platform", "zzzzzz": "", "Sise": "Size",
	} {
		if got := nearestName(name, names, maxEdits(name)); got != want {
			t.Errorf("%q: did you mean %q", name, got)
		}
	}
}

func TestCellsGiveATerminalNoCommands(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\tb\r\nc": "a b  c", "\x1b[31mred": " [31mred", "\u009b31m": " 31m", "x\u202eexe.txt": "x exe.txt",
		"\u2066a\u2069": " a ", "深度 é": "深度 é", "a\u2028b": "a b", "\u200dz": "\u200dz",
	} {
		if got := replaceControls(text); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1",
		"＝1": "'＝1", "a=1": "a=1", "": "", "'=1": "'=1", "7.2": "7.2",
		" =1": "' =1", "\u00a0\u3000-1": "'\u00a0\u3000-1", "\x00\u200b=1": "'\x00\u200b=1", " a": " a",
		"\u202e": "\u202e", "\"=1\"": "\"=1\"",
	} {
		if got := escapeFormula(text, formulaStarts); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

// TestAnswerThatIsTooLarge: what is to be changed is a parameter of the route.
func TestAnswerThatIsTooLarge(t *testing.T) {
	t.Parallel()
	routes := New(Options{Regions: []string{"cn-hangzhou"}}).routes
	for _, rt := range routes {
		f := answerTooLarge(rt, 26<<20)
		if len(rt.params) > 2 && !rt.hasParam(f.name) {
			t.Errorf("%s: of %s, which is no parameter, it says %s. Allowed: %s", rt.pattern, f.name, f.reason,
				f.allowed)
		}
		if rt.hasParam("fields") != strings.Contains(f.allowed, "fields") {
			t.Errorf("%s: allowed are %s", rt.pattern, f.allowed)
		}
	}
	if f := answerTooLarge(routes[0], 26<<20); f.name != "limit" ||
		f.reason != "makes an answer of 26 MB; the limit is 24 MB" {
		t.Errorf("%s: parameter %s %s", routes[0].pattern, f.name, f.reason)
	}
}
