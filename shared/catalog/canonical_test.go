package catalog

import (
	"encoding/json"
	"testing"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ in, want string }{
		"members are sorted by name":            {`{"b":1,"a":{"d":[],"c":{}}}`, `{"a":{"c":{},"d":[]},"b":1}`},
		"the last of two equal members wins":    {`{"a":1,"a":2}`, `{"a":2}`},
		"space goes":                            {" [ 1 ,\n2 ] ", `[1,2]`},
		"numbers stay as they were written":     {`[1.0,1e3,-0,12345678901234567890]`, `[1.0,1e3,-0,12345678901234567890]`},
		"needless escapes go":                   {`"\u0041\/<>&\u2028"`, "\"A/<>&\u2028\""},
		"needful escapes stay":                  {`"\"\\\b\f\n\r\t\u0001"`, `"\"\\\b\f\n\r\t\u0001"`},
		"escaped names sort by their meaning":   {`{"\u0062":1,"a":2}`, `{"a":2,"b":1}`},
		"a quote in a string ends nothing":      {`{"a":"\\\"}","b":"\\"}`, `{"a":"\\\"}","b":"\\"}`},
		"surrogate pairs become one character":  {`"\ud83d\ude00"`, `"😀"`},
		"a lone surrogate becomes a substitute": {`"\ud83d"`, `"` + "\uFFFD" + `"`},
		"literals":                              {`[true,false,null]`, `[true,false,null]`},
		"empty name":                            {`{"":1}`, `{"":1}`},
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

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{`{"b":1,"a":"\u0000\ud83d"}`, `[{"a":[1,2,{"x":null}]}, "\\"]`, ` { } `, `"\"`} {
		f.Add([]byte(seed))
	}
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
