package fcrun

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzHTTPEvent sends anything as an event: it is answered in full, and the
// two ways of decoding never disagree.
func FuzzHTTPEvent(f *testing.F) {
	for _, seed := range []string{
		sample, sample[:300],
		`{"rawPath":"/x","queryParameters":{"a":["1","2"],"a":"3"},"headers":{"a":"1","A":"2","a":"3"}}`,
		`{"requestContext":{"http":{"method":"HEAD","path":"/\u00e9"}},"body":"/wA=","isBase64Encoded":true}`,
		`{"rawPath":"/\ud800","x":[1,{"y":null},-2.5e3,[]],"rawPath":"/%2e%2e/%00"}`, `null`, `[]`, `"`,
		"{\"rawPath\":\"/\xff\"}",
		`{"rawPath":"/x","queryParameters":{"at":"2026-11-23T14%3A07%3A23Z","a":"%41","%61":"b"}}`,
		`{"requestContext":{"requestId":"a","http":{"method":"GET"}},"requestContext":null}`,
	} {
		f.Add([]byte(seed))
	}
	for _, seed := range []string{
		manyParameters(200),
		`{"rawPath":"/x","queryParameters":{"":"","=":"&","%":"%zz","+":"+ ;",` +
			`"at":"2026-11-23T14%3a07%3A23%2b08:00","b":"%ff%"}}`,
		`{"rawPath":"/x","queryParameters":{"a":null,"b":1e999,"c":[[1,"x"],{"y":[]},null,"z"],"d":{"e":"f"},"g":-0}}`,
		`{"rawPath":null,"rawpath":"/y","RawPath":"/z","requestContext":{"http":null,"http":{"method":"POST"}},` +
			`"isBase64Encoded":"true","body":"="}`,
		`{"rawPath":"/x","isBase64Encoded":null,"body":12,"headers":null,"queryParameters":[]}`,
		`{"requestContext":{"http":{"method":"\u0000","path":"/\ud800%","protocol":"HTTP/9.9","sourceIp":"::1%x"}}}`,
		// names that become one
		"{\"rawPath\":\"/x\",\"headers\":{\"\xff\":\"1\",\"\xfe\":\"2\",\"\\uFFFD\":\"3\"," +
			"\"host\":\"a\\r\\nb\",\"Host\":\"c\"}}",
		`{"rawPath":"/x","a":` + strings.Repeat(`{"a":[`, 20) + strings.Repeat(`]}`, 20) + `}`,
		strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001), `{"rawPath":"/x"}` + "\x00", `{"rawPath":"/x",}`,
		`{"rawPath":"//x/../\\","x":-,"y":01,"z":1.}`, `{"rawPath":"/x","x":nullx,"y":truefalse}`, "\xef\xbb\xbf" +
			`{"rawPath":"/x"}`, " \v{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		fast, ok := decodeFast(string(event))
		slow, err := decodeSlow(event)
		if ok && err != nil {
			t.Fatalf("the fast way takes what is no JSON object: %v", err)
		}
		if ok {
			sortPairs(fast.headers)
			sortPairs(fast.query)
			if diff := cmp.Diff(slow, fast, cmp.AllowUnexported(httpEvent{}, pair{}), cmpEmpty); diff != "" {
				t.Fatalf("the two ways of decoding disagree:\n%s", diff)
			}
		}
		var query map[string]string
		got, _ := call(t, func(w http.ResponseWriter, r *http.Request) {
			query = map[string]string{}
			for pair := range strings.SplitSeq(r.URL.RawQuery, "&") { // url.ParseQuery takes 10,000
				key, value, _ := strings.Cut(pair, "=")
				key, err1 := url.QueryUnescape(key)
				value, err2 := url.QueryUnescape(value)
				if err := errors.Join(err1, err2); err != nil {
					t.Error(err)
				}
				if pair != "" {
					query[key] = value
				}
			}
			io.Copy(w, r.Body)
		}, string(event))
		switch got.StatusCode {
		case http.StatusOK:
			if err == nil {
				checkQuery(t, slow.query, query)
			}
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			t.Fatalf("status %d", got.StatusCode)
		}
	})
}

// manyParameters is an event whose query has n parameters.
func manyParameters(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%x":""`, i)
	}
	return `{"rawPath":"/x","queryParameters":{` + b.String()[1:] + `}}`
}

// TestManyParameters: the fast way, which looks for each among the others,
// leaves them to the slow one.
func TestManyParameters(t *testing.T) {
	t.Parallel()
	for n, fast := range map[int]bool{maxPairs: true, maxPairs + 1: false, 28_000: false} {
		event := manyParameters(n)
		if _, ok := decodeFast(event); ok != fast {
			t.Errorf("the fast way reads %d: %v", n, ok)
		}
		if e, err := decodeHTTP([]byte(event)); err != nil || len(e.query) != n {
			t.Errorf("of %d there are %d, %v", n, len(e.query), err)
		}
	}
}

func checkQuery(t *testing.T, sent []pair, seen map[string]string) {
	if slices.ContainsFunc(sent, func(p pair) bool { return isEncodedTime(p.value) }) {
		decodeValues(sent)
	}
	want := map[string]string{}
	for _, p := range sent {
		want[p.key] = p.value
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Fatalf("the handler sees another query:\n%s", diff)
	}
}

var cmpEmpty = cmp.FilterValues(
	func(a, b []pair) bool { return len(a) == 0 && len(b) == 0 },
	cmp.Ignore(),
)
