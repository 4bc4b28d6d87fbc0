package query_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/access"
	"community-images/shared/query"
)

// hintsOf returns the hints in a JSON answer.
func hintsOf(t *testing.T, rec *httptest.ResponseRecorder) []string {
	t.Helper()
	var body struct{ Hints []string }
	if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil || rec.Code != 200 {
		t.Fatalf("answers %d (%v): %s", rec.Code, err, rec.Body)
	}
	return body.Hints
}

// TestHintsInEveryFormat: the header has the hints too, and a table shows them to people.
func TestHintsInEveryFormat(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	for _, format := range []string{"json", "ndjson", "csv", "tsv", "table", "ids"} {
		rec := get(h, "/v1/images?ClusterId=*&q=%E6%B7%B1&Status=Available&Size__lt=50&format="+format)
		want := "2 captured images match without q=%E6%B7%B1; 1 captured image matches without Size__lt=50"
		if got := rec.Header().Get("X-Hint"); got != want {
			t.Errorf("%s has X-Hint %q", format, got)
		}
		if strings.Contains(rec.Body.String(), "Hint") != (format == "json" || format == "table") {
			t.Errorf("%s: %s", format, rec.Body)
		}
	}
	for _, format := range []string{"json", "ndjson", "csv", "tsv", "table"} {
		rec := get(h, "/v1/matrix?Status=Avail&format="+format)
		want := `No captured image matches Status=Avail. Did you mean "Available"? Values: "Available", "Creating"`
		if got := rec.Header().Get("X-Hint"); got != want {
			t.Errorf("matrix as %s has X-Hint %q", format, got)
		}
	}
}

// TestHintOfMinCount: a script that demands images gets the hint in the message.
func TestHintOfMinCount(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	var body struct{ Message string }
	rec := get(h, "/v1/images?q=ubuntu&minCount=1")
	if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil || rec.Code != 404 {
		t.Fatal(rec.Code, err)
	}
	want := "0 images match; minCount requires 1. " +
		"Only images that every cluster supports were searched. 2 images match with ClusterId=*. " +
		`No image of the selection contains "ubuntu" in its name, description, id or product code.`
	if body.Message != want {
		t.Errorf("says %q, want %q", body.Message, want)
	}
}

// TestHintsAreInTheETag: a hint about other scopes changes the ETag when it changes, and
// 304 means that it did not.
func TestHintsAreInTheETag(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler(func(o *query.Options) { o.HeadTTL = 0 })
	const target = "/v1/images?q=ubuntu"
	tag := get(h, target).Header().Get("ETag")
	for _, header := range []string{"If-None-Match", "If-Match"} {
		want := map[string]int{"If-None-Match": 304, "If-Match": 200}[header]
		if rec := get(h, target, header, tag); rec.Code != want {
			t.Errorf("%s: %s answers %d, want %d", header, tag, rec.Code, want)
		}
	}
	w.Now = w.Now.Add(time.Minute)
	w.CommitRun(hangzhou, content{"ehpc-b/_any": parseImages(t, sampleImage)})
	rec := get(h, target, "If-None-Match", tag)
	got := hintsOf(t, rec)
	if !strings.Contains(got[0], "1 image matches with ClusterId=*") || rec.Header().Get("ETag") == tag {
		t.Errorf("hints %q with ETag %s, before %s", got, rec.Header().Get("ETag"), tag)
	}
	// The images are the same, which is what If-Match is about.
	if rec := get(h, target, "If-Match", tag); rec.Code != 200 {
		t.Errorf("If-Match: %s answers %d, want 200", tag, rec.Code)
	}
}

// TestHintsOfWhatACallerSees: the hints of a limited caller are about the caller's
// clusters alone, and no hint is about a redacted field.
func TestHintsOfWhatACallerSees(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler(allow(access.Grant{Name: "b", Clusters: []string{"ehpc-b", "_any"}}), func(o *query.Options) {
		o.Redact = []string{"Description", "ProductCode"}
	})
	for query, want := range map[string][]string{
		"q=cmjj1":           {`No captured image contains "cmjj1" in its name, description, id or product code.`},
		"q=7.10":            {`No captured image contains "7.10" in its name, description, id or product code.`},
		"ImageId=m-cent710": {`Image "m-cent710" was never offered in cn-hangzhou.`},
		"ImageId=m-win":     {`Image "m-win" was never offered in cn-hangzhou.`},
		"Status=Creat":      {`No captured image matches Status=Creat. Values: "Available".`},
	} {
		rec := get(h, "/v1/images?"+query, "Authorization", bearer("b"))
		if diff := cmp.Diff(want, hintsOf(t, rec)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	onlyCommon := w.Handler(allow(access.Grant{Name: "any", Clusters: []string{"_any"}}))
	if rec := get(onlyCommon, "/v1/images", "Authorization", bearer("any")); hintsOf(t, rec) != nil {
		t.Errorf("hints at other clusters: %s", rec.Body)
	}
}

// TestHintsHideTokens: a token in the wrong place is not repeated.
func TestHintsHideTokens(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	secret := token("someone")
	for _, param := range []string{"q", "ImageName", "ImageId"} {
		rec := get(h, "/v1/images?ClusterId=*&"+param+"="+secret)
		if rec.Code == http.StatusOK && strings.Contains(rec.Body.String()+rec.Header().Get("X-Hint"), secret) {
			t.Errorf("%s repeats the token: %s", param, rec.Body)
		}
	}
}
