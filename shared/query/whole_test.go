package query_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestWholeAnswers: formats that end up in a file or a loop have everything that matches.
// JSON has pages.
func TestWholeAnswers(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": newImages(t, 2, "Available")})
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{"_any/_any": newImages(t, 1234, "Available")})
	h := w.Handler()
	for target, lines := range map[string]int{
		"/v1/images?format=ids":                     1234,
		"/v1/images?format=ndjson":                  1234,
		"/v1/images?format=csv&fields=ImageId":      1235,
		"/v1/images?format=tsv&fields=ImageId":      1235,
		"/v1/images?format=table&fields=ImageId":    1235,
		"/v1/matrix?ClusterId=_any&format=csv":      1235,
		"/v1/matrix?ClusterId=_any&format=table":    1235,
		"/v1/changes?since=1&format=ndjson":         1232,
		"/v1/changes?since=1&format=ndjson&limit=9": 9,
		"/v1/images?format=ids&limit=9":             9,
	} {
		rec := get(h, target)
		isCut := strings.Contains(target, "limit")
		if got := strings.Count(rec.Body.String(), "\n"); got != lines || (rec.Header().Get("Link") != "") != isCut {
			t.Errorf("%s has %d lines and the Link %q, want %d lines", target, got, rec.Header().Get("Link"), lines)
		}
	}
	if body := get(h, "/v1/images").Body.String(); strings.Count(body, `"ImageId"`) != 100 {
		t.Errorf("a page of JSON has %d images", strings.Count(body, `"ImageId"`))
	}
	// The rest of a list that was begun as JSON, in one piece.
	cursor := answerOf[struct{ NextCursor string }](t, h, 200, "/v1/images").NextCursor
	if n := strings.Count(get(h, "/v1/images?format=ids&cursor="+cursor).Body.String(), "\n"); n != 1134 {
		t.Errorf("the rest has %d images", n)
	}
}

// TestAnswerThatIsTooLargeSaysHowToAskForLess: nothing is cut in silence.
func TestAnswerThatIsTooLargeSaysHowToAskForLess(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	var objects []string
	for i := range 1500 {
		objects = append(objects, fmt.Sprintf(`{"ImageId":"m-%04d","PostInstallScript":%q}`, i, strings.Repeat("x", 17<<10)))
	}
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, objects...)})
	h := w.Handler()
	checkError(t, get(h, "/v1/images?format=ndjson"), 400, "InvalidParameter", []string{
		"limit is not given, and all that matches is 24 MB; the most is 23 MB. Allowed: a limit, or fewer scopes, or fields."})
	for _, less := range []string{"&limit=100", "&fields=ImageId"} {
		if rec := get(h, "/v1/images?format=ndjson"+less); rec.Code != 200 {
			t.Errorf("%s: %d %.200s", less, rec.Code, rec.Body)
		}
	}
}
