package replica

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"community-images/shared/catalog"
)

// Whatever upstream may send one day, the document stays well-formed.
func FuzzXML(f *testing.F) {
	f.Add(`{"":[{"ݝ":null}]}`) // a letter that came to Unicode after XML
	f.Add(`{"a":[1,2,{"b":null}],"":"","1 x":"<&>","é":[[1],[]],"-":true,"x:y":"\u0000\ud800"}`)
	// what means something to XML
	f.Add(`{"xml":{"xmlns":"","xmlns:a":"\uFFFE\u0085\uFFFF","?xml":"]]><![CDATA[","!--":"--><!DOCTYPE x>","/a":"&#0;&bad;"}}`)
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
