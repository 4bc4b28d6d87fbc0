package catalog

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ in, want string }{
		"members are sorted by name": {`{"b":1,"a":{"d":[],"c":{}}}`, `{"a":{"c":{},"d":[]},"b":1}`},

		"space goes": {" [ 1 ,\n2 ] ", `[1,2]`},
		"numbers stay as they were written": {`[1.0,1e3,-0,12345678901234567890]`,
			`[1.0,1e3,-0,12345678901234567890]`},
		"needless escapes go":                  {`"\u0041\/<>&\u2028"`, "\"A/<>&\u2028\""},
		"needful escapes stay":                 {`"\"\\\b\f\n\r\t\u0001"`, `"\"\\\b\f\n\r\t\u0001"`},
		"escaped names sort by their meaning":  {`{"\u0062":1,"a":2}`, `{"a":2,"b":1}`},
		"a quote in a string ends nothing":     {`{"a":"\\\"}","b":"\\"}`, `{"a":"\\\"}","b":"\\"}`},
		"surrogate pairs become one character": {`"\ud83d\ude00"`, `"😀"`},
		"an escaped backslash before a u":      {`"\\ud83d"`, `"\\ud83d"`},
		"the substitute character itself":      {`"\ufffd"`, `"` + "\uFFFD" + `"`},
		"equal names in different objects":     {`[{"a":1},{"a":{"a":2}}]`, `[{"a":1},{"a":{"a":2}}]`},
		"names that differ in case":            {`{"a":1,"A":2}`, `{"A":2,"a":1}`},
		"literals":                             {`[true,false,null]`, `[true,false,null]`},
		"empty name":                           {`{"":1}`, `{"":1}`},
	} {
		got, err := Canonical([]byte(tc.in))
		if err != nil || got != tc.want {
			t.Errorf("%s: Canonical(%s) = %s, %v; want %s", name, tc.in, got, err, tc.want)
		}
	}
	for _, bad := range []string{"", "{", `{"a":1,}`, "[1]x", "nul", "\xff"} {
		if got, err := Canonical([]byte(bad)); err == nil {
			t.Errorf("Canonical(%q) = %s, want an error", bad, got)
		}
	}
}

// JSON that decoders read differently is an error. Each row names a part of the error.
func TestAmbiguousJSONIsRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ in, want string }{
		"Latin-1 in a value":                  {"{\"a\":\"\xe4\"}", "not UTF-8"},
		"Latin-1 in a name":                   {"{\"\xe4\":1}", "not UTF-8"},
		"a character cut short":               {"[\"\xe2\x82\"]", "not UTF-8"},
		"a surrogate in three bytes":          {"\"\xed\xa0\x80\"", "not UTF-8"},
		"a high surrogate alone":              {`{"a":"x\ud83d"}`, "half of a surrogate pair"},
		"a high surrogate before a character": {`["\ud83dx"]`, "half of a surrogate pair"},
		"a high surrogate before an escape":   {`["\ud83d\n"]`, "half of a surrogate pair"},
		"two high surrogates":                 {`["\uD83D\ud83d\ude00"]`, "half of a surrogate pair"},
		"a low surrogate alone":               {`["\ude00"]`, "half of a surrogate pair"},
		"a low surrogate after a pair":        {`["\ud83d\ude00\ude00"]`, "half of a surrogate pair"},
		"half a pair in a name":               {`{"\ud800":1}`, "half of a surrogate pair"},
		"a member twice":                      {`{"a":1,"b":2,"a":1}`, `member "a" is there twice`},
		"a member twice, once escaped":        {`{"a":1,"\u0061":2}`, `member "a" is there twice`},
		"a member twice in a nested object":   {`{"x":[{"y":{"a":1,"a":2}}]}`, `member "a" is there twice`},
		"an empty name twice":                 {`{"":1,"":2}`, `member "" is there twice`},
	} {
		if got, err := Canonical([]byte(tc.in)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: Canonical(%q) = %q, %v; want an error that says %q", name, tc.in, got, err, tc.want)
		}
	}
}

// What is nested deeper than MaxDepth is refused before it is walked: a walk
// looks at every level anew, so that its time would grow with the depth.
func TestNestingIsBounded(t *testing.T) {
	t.Parallel()
	nested := func(depth int, open, close string) string {
		return strings.Repeat(open, depth) + "1" + strings.Repeat(close, depth)
	}
	for name, tc := range map[string]struct {
		in   string
		fits bool
	}{
		"arrays as deep as allowed":        {nested(MaxDepth, "[", "]"), true},
		"arrays one level deeper":          {nested(MaxDepth+1, "[", "]"), false},
		"objects as deep as allowed":       {nested(MaxDepth, `{"a":`, "}"), true},
		"objects one level deeper":         {nested(MaxDepth+1, `{"a":`, "}"), false},
		"as deep as a JSON parser goes":    {nested(10_000, "[", "]"), false},
		"one deep element among flat ones": {"[[],{}," + nested(MaxDepth, "[", "]") + ",[]]", false},
		"many flat elements":               {"[" + strings.Repeat("[],{},", 10*MaxDepth) + "1]", true},
		"brackets in a text":               {`["` + strings.Repeat("[", 10*MaxDepth) + `","\\\"[["]`, true},
		"brackets after an escaped quote":  {`{"\"` + strings.Repeat("{", 10*MaxDepth) + `":"\\"}`, true},
	} {
		got, err := Canonical([]byte(tc.in))
		if tc.fits && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !tc.fits && (err == nil || got != "" || !strings.Contains(err.Error(), "nested more than 32 levels deep")) {
			t.Errorf("%s: %.80s, %v; want an error that says how deep is allowed", name, got, err)
		}
	}
	deep := nested(MaxDepth, "[", "]")
	_, err := new(Interner).DecodeImages([]byte(`[{"ImageId":"m-1"},{"ImageId":"m-2","New":` + deep + `}]`))
	if err == nil || !strings.Contains(err.Error(), "entry 2: nested more than 32 levels deep") {
		t.Errorf("an image of too many levels: %v", err)
	}
	if _, _, err = ParseCluster([]byte(`{"Id":"c1","New":`+deep+`}`), "r"); err == nil {
		t.Error("a cluster of too many levels is accepted")
	}
}

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{`{"b":1,"a":"\u0000\ud83d"}`, `[{"a":[1,2,{"x":null}]}, "\\"]`, ` { } `, `"\"`,
		strings.Repeat(`[{"a":`, MaxDepth/2+1) + "1" + strings.Repeat("}]", MaxDepth/2+1)} {
		f.Add([]byte(seed))
	}
	f.Add([]byte("{\"\xff\":1,\"\xfe\":{\"\xc3\":0}}"))      // names that some decoders read as one
	f.Add([]byte("{\"\\ud800\":1,\"\xfe\":2,\"\uFFFD\":3}")) // also with an escape
	// a name that is there twice
	f.Add([]byte(`{"a":{"x":1e999},"\u0061":{"y":-0.0},"A":1E+2}`))
	// what encoders write in more than one way
	f.Add([]byte("[\"\xe2\x80\",\"\u2028\",\"\x7f\",\"\\/\",\"\\uD83D\\uDE00\"]"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := Canonical(raw)
		if err != nil {
			return
		}
		again, err := Canonical([]byte(got))
		if err != nil || again != got {
			t.Fatalf("canonical form of %q is not stable: %q, then %q, %v", raw, got, again, err)
		}
		if !utf8.Valid(raw) || checkCanonical(got) != nil {
			t.Fatalf("canonical form of %q is %q, which is refused when it is read: %v", raw, got, checkCanonical(got))
		}
		var a, b any
		if json.Unmarshal(raw, &a) != nil || json.Unmarshal([]byte(got), &b) != nil {
			return // a number that no float64 holds
		}
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		if string(x) != string(y) {
			t.Fatalf("%q means %s, its canonical form %q means %s", raw, x, got, y)
		}
	})
}
