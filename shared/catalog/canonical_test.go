package catalog

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ in, want string }{
		"members are sorted by name":         {`{"b":1,"a":{"d":[],"c":{}}}`, `{"a":{"c":{},"d":[]},"b":1}`},
		"the last of two equal members wins": {`{"a":1,"a":2}`, `{"a":2}`},
		"space goes":                         {" [ 1 ,\n2 ] ", `[1,2]`},
		"numbers stay as they were written": {`[1.0,1e3,-0,12345678901234567890]`,
			`[1.0,1e3,-0,12345678901234567890]`},
		"needless escapes go":                   {`"\u0041\/<>&\u2028"`, "\"A/<>&\u2028\""},
		"needful escapes stay":                  {`"\"\\\b\f\n\r\t\u0001"`, `"\"\\\b\f\n\r\t\u0001"`},
		"escaped names sort by their meaning":   {`{"\u0062":1,"a":2}`, `{"a":2,"b":1}`},
		"a quote in a string ends nothing":      {`{"a":"\\\"}","b":"\\"}`, `{"a":"\\\"}","b":"\\"}`},
		"surrogate pairs become one character":  {`"\ud83d\ude00"`, `"😀"`},
		"a lone surrogate becomes a substitute": {`"\ud83d"`, `"` + "\uFFFD" + `"`},
		"literals":                              {`[true,false,null]`, `[true,false,null]`},
		"empty name":                            {`{"":1}`, `{"":1}`},
		"names alike but for stray bytes":       {"{\"a\xff\":1,\"a\\ufffd\":2,\"a\xfe\":3}", "{\"a\uFFFD\":3}"},
		"a stray byte before a quote":           {"[\"\xe2\x82\",\"\xf0\"]", "[\"\uFFFD\uFFFD\",\"\uFFFD\"]"},
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
	f.Add([]byte("{\"\xff\":1,\"\xfe\":{\"\xc3\":0}}"))      // names that become one
	f.Add([]byte("{\"\\ud800\":1,\"\xfe\":2,\"\uFFFD\":3}")) // and this way
	// the last of two equal names, which are not merged
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
