package jsonscan_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/jsonscan"
)

func TestMembersAndElements(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		value string
		want  []string
	}{
		{`{"a":1,"b":"x"}`, []string{`a=1`, `b="x"`}},
		{` { "a" : [ 1 , 2 ] , "b\"" : {"c":"}"} } `, []string{`a=[ 1 , 2 ]`, `b"={"c":"}"}`}},
		{`{"a":"\\","b":null}`, []string{`a="\\"`, `b=null`}},
		{`{}`, nil},
		{`[1, "a,]" ,{"b":[2]}]`, []string{`1`, `"a,]"`, `{"b":[2]}`}},
		{`[]`, nil},
		{`"text"`, nil},
		{``, nil},
	} {
		var got []string
		for name, value := range jsonscan.Members(tc.value) {
			got = append(got, name+"="+value)
		}
		got = append(got, slices.Collect(jsonscan.Elements(tc.value))...)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", tc.value, diff)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`"a"`: "a", `"a\n中"`: "a\n中", `null`: "", `1.50`: "1.50", `true`: "true", `""`: "", ``: "", `"`: "",
	} {
		if got := jsonscan.Text(value); got != want {
			t.Errorf("%s is %q, want %q", value, got, want)
		}
	}
}

func TestDepth(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int{`1`: 0, `"[{"`: 0, `[]`: 1, `{"a":[{"b":1}],"c":{}}`: 3} {
		if got := jsonscan.Depth(value); got != want {
			t.Errorf("%s has depth %d, want %d", value, got, want)
		}
	}
}

// readAny reads a value of any type into what encoding/json makes of it, with
// integers only.
func readAny(s *jsonscan.Scanner, value string) any {
	switch value[0] {
	case '{':
		object := map[string]any{}
		members := jsonscan.MemberList(value)
		s.Object(func(name string) {
			object[name] = readAny(s, members[0].Value)
			members = members[1:]
		})
		return object
	case '[':
		array := []any{}
		elements := slices.Collect(jsonscan.Elements(value))
		s.Array(func() {
			array = append(array, readAny(s, elements[0]))
			elements = elements[1:]
		})
		return array
	case '"':
		return s.Text()
	case 't', 'f':
		return s.Bool()
	case 'n':
		if !s.Null() {
			s.Fail()
		}
		return nil
	}
	return float64(s.Int())
}

func TestScannerReadsWhatEncodingJSONReads(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"a":1,"b":[true,false,null],"c":{"d":"x\ty","e":"中"},"f":-7}`,
		" [ \"\\u4e2d\" , { } , [ ] ] ",
		`"plain"`,
	} {
		for name, s := range map[string]jsonscan.Scanner{
			"untrusted": jsonscan.NewScanner(text), "trusted": jsonscan.NewTrustedScanner(text),
		} {
			var want any
			if err := json.Unmarshal([]byte(text), &want); err != nil {
				t.Fatal(err)
			}
			got := readAny(&s, jsonscan.TrimSpace(text))
			if s.SkipSpace(); !s.AtEnd() {
				t.Errorf("%s %s: failed %v", name, text, s.Failed())
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s: %s", name, text, diff)
			}
		}
	}
}

func TestSkipAcceptsWhatEncodingJSONAccepts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{}`, `[1,-2.5e3,"x"]`, `{"a":{"b":[null]}}`, `""`, `[1,]`, `{"a"}`, `{a:1}`, `[1 2]`, `"open`, "\"\x01\"",
		`01`,
		`{"a":1,}`, `nul`, ``, `]`, `{"a":1`, "\"\xff\"",
	} {
		s := jsonscan.NewScanner(text)
		s.Skip()
		s.SkipSpace()
		if want := json.Valid([]byte(text)); s.AtEnd() != want {
			t.Errorf("%q: accepted %v, want %v", text, s.AtEnd(), want)
		}
	}
}

func TestScannerStandsStillAfterAFailure(t *testing.T) {
	t.Parallel()
	s := jsonscan.NewScanner(`["x"]`)
	if s.Expect(`{`); !s.Failed() || s.AtEnd() {
		t.Error("a wrong text is no failure")
	}
	if s.Text() != "" || s.Int() != 0 || s.Bool() || s.Null() || s.Has("[") {
		t.Error("the scanner goes on after a failure")
	}
}

func TestUntilConsumesWhatItLooksFor(t *testing.T) {
	t.Parallel()
	s := jsonscan.NewScanner(`[1,2],[]`)
	s.Expect("[")
	if got := s.Until("]"); got != "1,2" || !s.Has(",[") || s.Until("]") != "" || !s.AtEnd() {
		t.Errorf("the first list is %q; at the end: %t", got, s.AtEnd())
	}
	if s = jsonscan.NewScanner(`1,2`); s.Until("]") != "" || !s.Failed() {
		t.Error("a list without an end is no failure")
	}
}

func TestDeepNestingIsRefused(t *testing.T) {
	t.Parallel()
	for depth, want := range map[int]bool{32: true, 33: false, 10_000: false} {
		s := jsonscan.NewScanner(strings.Repeat("[", depth) + strings.Repeat("]", depth))
		if s.Skip(); s.AtEnd() != want {
			t.Errorf("depth %d: accepted %v, want %v", depth, s.AtEnd(), want)
		}
	}
}

func FuzzScanner(f *testing.F) {
	for _, text := range []string{`{"a":[1,"x",null,true]}`, `"\ud800"`, `[1.5]`, ``} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := jsonscan.NewScanner(text)
		s.Skip()
		s.SkipSpace()
		valid := json.Valid([]byte(text))
		if deep := jsonscan.Depth(text) > 32; s.AtEnd() != valid && !deep {
			t.Errorf("%q: accepted %v, valid %v", text, s.AtEnd(), valid)
		}
		if !valid {
			for range jsonscan.Members(text) { // must end
			}
			return
		}
		var object map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &object) != nil || object == nil {
			return
		}
		for name, value := range jsonscan.Members(text) {
			if _, ok := object[name]; !ok && !strings.Contains(text, `\`) &&
				!strings.Contains(fmt.Sprint(object), "\ufffd") {
				t.Errorf("%q: no member %q", text, name)
			}
			if !json.Valid([]byte(value)) {
				t.Errorf("%q: member %q has the value %q", text, name, value)
			}
		}
	})
}

func TestHasLoneSurrogate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		``: false, `"a"`: false, `"\u00e4"`: false, `"\\ud800"`: false, `"\ud83d\ude00"`: false, `"\uFFFD"`: false,
		`"\ud83d\ude00\ud83d\ude00"`: false, `"\ud7ff\ue000"`: false,
		`"\ud800"`: true, `"\\\ud800"`: true, `"\uDFFF"`: true, `"\ud83d\u0061"`: true, `"\ud83d","\ude00"`: true,
		`{"\ud83d":1}`: true, `"\ud83d\ude00\ude00"`: true,
		`\`: false, `"\ud8`: false, `"\ud83d`: true, // invalid JSON does not make it panic
	} {
		if got := jsonscan.HasLoneSurrogate(text); got != want {
			t.Errorf("HasLoneSurrogate(%s) = %v, want %v", text, got, want)
		}
	}
}
