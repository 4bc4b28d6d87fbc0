package query_test

import (
	"encoding/json"
	"net/http"
	"testing"
)

// TestParametersOfOneFormat: bom is for csv and pretty for JSON, however the
// format was chosen.
func TestParametersOfOneFormat(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	for target, want := range map[string]string{
		"/v1/images?bom=true":                        "bom is for format=csv only.",
		"/v1/images?bom=true&format=tsv":             "bom is for format=csv only.",
		"/v1/images?pretty=true&format=csv":          "pretty is for format=json only.",
		"/v1/images?pretty=yes":                      `pretty must be true or false, got "yes".`,
		"/v1/changes?by=cluster":                     `by must be image or scope, got "cluster".`,
		"/v1/diff?from=1&ClusterId=ehpc-a&with=b":    "with cannot be combined with from and to. Allowed: two clusters, or two times.",
		"/v1/diff?with=ehpc-a":                       "ClusterId is required next to with. Allowed: one cluster, or _any.",
		"/v1/diff?ClusterId=ehpc-a,ehpc-b":           "with is required to compare two clusters: ClusterId=ehpc-a&with=ehpc-b.",
		"/v1/diff?ClusterId=ehpc-a,_any&with=ehpc-b": "ClusterId must name one cluster next to with.",
	} {
		checkMessage(t, h, target, want)
	}
	for _, target := range []string{
		"/v1/images?bom=false", "/v1/images?bom=TRUE&format=csv", "/v1/status?pretty=true", "/v1/changes?by=image",
		"/v1/diff?ClusterId=ehpc-a&with=_any",
	} {
		if rec := get(h, target); rec.Code != 200 {
			t.Errorf("%s: %d %s", target, rec.Code, rec.Body)
		}
	}
	if rec := get(h, "/v1/images?bom=true", "Accept", "text/csv"); rec.Code != 200 {
		t.Errorf("bom with Accept: text/csv: %d %s", rec.Code, rec.Body)
	}
}

// checkMessage checks the message of an error.
func checkMessage(t *testing.T, h http.Handler, target, want string) {
	t.Helper()
	var body errorBody
	if err := json.Unmarshal(get(h, target).Body.Bytes(), &body); err != nil || body.Message != want {
		t.Errorf("%.80s says\n%s, want\n%s (%v)", target, body.Message, want, err)
	}
}
