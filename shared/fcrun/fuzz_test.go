package fcrun

import (
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzHTTPEvent sends anything as an event: it is answered in full, and the
// two ways of decoding never disagree.
func FuzzHTTPEvent(f *testing.F) {
	for _, seed := range []string{
		sample, sample[:300], `{"rawPath":"/x","queryParameters":{"a":["1","2"],"a":"3"},"headers":{"a":"1","A":"2","a":"3"}}`,
		`{"requestContext":{"http":{"method":"HEAD","path":"/\u00e9"}},"body":"/wA=","isBase64Encoded":true}`,
		`{"rawPath":"/\ud800","x":[1,{"y":null},-2.5e3,[]],"rawPath":"/%2e%2e/%00"}`, `null`, `[]`, `"`, "{\"rawPath\":\"/\xff\"}",
		`{"rawPath":"/x","queryParameters":{"at":"2026-11-23T14%3A07%3A23Z","a":"%41","%61":"b"}}`,
		`{"requestContext":{"requestId":"a","http":{"method":"GET"}},"requestContext":null}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		quick, ok := scanHTTP(string(event))
		tolerant, err := tolerateHTTP(event)
		if ok && err != nil {
			t.Fatalf("the quick way takes what is no JSON object: %v", err)
		}
		if ok {
			sortPairs(quick.headers)
			sortPairs(quick.query)
			if diff := cmp.Diff(tolerant, quick, cmp.AllowUnexported(httpEvent{}, pair{}), cmpEmpty); diff != "" {
				t.Fatalf("the two ways of decoding disagree:\n%s", diff)
			}
		}
		var query map[string]string
		got, _ := call(t, func(w http.ResponseWriter, r *http.Request) {
			query = map[string]string{}
			for key, values := range r.URL.Query() {
				query[key] = values[0]
			}
			io.Copy(w, r.Body)
		}, string(event))
		switch got.StatusCode {
		case http.StatusOK:
			if err == nil {
				checkQuery(t, tolerant.query, query)
			}
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			t.Fatalf("status %d", got.StatusCode)
		}
	})
}

func checkQuery(t *testing.T, sent []pair, seen map[string]string) {
	if slices.ContainsFunc(sent, func(p pair) bool { return isCodedTime(p.value) }) {
		decode(sent)
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
