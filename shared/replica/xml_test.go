package replica

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"community-images/shared/catalog"
)

// Whatever upstream may send one day, the document stays well-formed.
func FuzzXML(f *testing.F) {
	f.Add(`{"":[{"ݝ":null}]}`) // a letter that came to Unicode after XML
	f.Add(`{"a":[1,2,{"b":null}],"":"","1 x":"<&>","é":[[1],[]],"-":true,"x:y":"\u0000\ud800"}`)
	// what means something to XML
	f.Add(`{"xml":{"xmlns":"","xmlns:a":"\uFFFE\u0085\uFFFF","?xml":"]]><![CDATA[",` +
		`"!--":"--><!DOCTYPE x>","/a":"&#0;&bad;"}}`)
	f.Add("{\"\xff\":\"\xff\",\"\xfe\":[[],[[]],[null,\"\\u000b\",1e999,-0.0,true]],\" " +
		"\":{},\"0\":\"\U0010FFFF\\ud800\\udc00\",\"\u0345\":0}")
	f.Add(strings.Repeat(`{"a":[`, 16) + "1" + strings.Repeat("]}", 16))
	f.Fuzz(func(t *testing.T, text string) {
		object, err := catalog.Canonical([]byte(text))
		if err != nil || !json.Valid([]byte(object)) || object[0] != '{' {
			return
		}
		document := xmlDocument("Reply", object)
		d := xml.NewDecoder(strings.NewReader(document))
		depth := 0
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%v in %q of %q", err, document, text)
			}
			switch token.(type) {
			case xml.StartElement:
				depth++
			case xml.EndElement:
				depth--
			}
		}
		if depth != 0 {
			t.Fatalf("%q of %q", document, text)
		}
	})
}

// decodeElementName returns the member that an element is named after.
func decodeElementName(name string) string {
	if name == "_x_" {
		return ""
	}
	return regexp.MustCompile(`_x([0-9A-F]+)_`).ReplaceAllStringFunc(name, func(escape string) string {
		code, err := strconv.ParseUint(escape[2:len(escape)-1], 16, 32)
		if err != nil {
			panic(err)
		}
		return string(rune(code))
	})
}

// TestMembersHaveElementNamesOfTheirOwn: a name that XML does not allow is
// escaped, and can be told from every other name.
func TestMembersHaveElementNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for member, want := range map[string]string{
		"ImageId": "ImageId", "a_b-c.d1": "a_b-c.d1", "_": "_", "": "_x_", "中": "_x4E2D_", "é": "_x00E9_",
		"\U0001F600": "_x1F600_", "1 x": "_x0031__x0020_x", "-a": "_x002D_a", "x:y": "x_x003A_y", "a b": "a_x0020_b",
		"_x_": "_x005F_x_", "_x4E2D_": "_x005F_x4E2D_", "_xyz": "_x005F_xyz", "a/b": "a_x002F_b", "\ufffd": "_xFFFD_",
		"__x": "__x005F_x", "_y": "_y",
	} {
		got := elementName(member)
		if got != want || decodeElementName(got) != member {
			t.Errorf("the member %q is the element %s, want %s, which means %q", member, got, want,
				decodeElementName(got))
		}
		if other, ok := seen[got]; ok {
			t.Errorf("%q and %q are both %s", member, other, got)
		}
		seen[got] = member
	}
	if got := xmlDocument("R", `{"中":1,"":2,"a":[{"7":true}]}`); !strings.HasSuffix(got,
		"<R><_x4E2D_>1</_x4E2D_><_x_>2</_x_><a><_x0037_>true</_x0037_></a></R>") {
		t.Errorf("the document is %s", got)
	}
}
