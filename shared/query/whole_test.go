package query_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"community-images/shared/query"
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
		"limit is not given, and all that matches is 24 MB; the most is 23 MB. " +
			"Allowed: a limit, or fewer scopes, or fields."})
	for _, less := range []string{"&limit=100", "&fields=ImageId"} {
		if rec := get(h, "/v1/images?format=ndjson"+less); rec.Code != 200 {
			t.Errorf("%s: %d %.200s", less, rec.Code, rec.Body)
		}
	}
}

// TestTableSaysWhatItDoesNotShow: whoever reads a table sees no header.
func TestTableSaysWhatItDoesNotShow(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": newImages(t, 25, "Available")})
	h := w.Handler()
	first := get(h, "/v1/images?format=table&fields=ImageId&limit=10").Body.String()
	line := regexp.MustCompile(`\n10 of 25 shown; add cursor=(\S+) for the next, or leave limit out for all\.\n$`)
	if !line.MatchString(first) {
		t.Fatalf("the first page is\n%s", first)
	}
	last := get(h, "/v1/images?format=table&fields=ImageId&cursor="+line.FindStringSubmatch(first)[1]).Body.String()
	if !strings.HasSuffix(last, "m-024\n15 of 25 shown; these are the last.\n") {
		t.Errorf("the rest is\n%s", last)
	}
	if all := get(h, "/v1/images?format=table&fields=ImageId").Body.String(); !strings.HasSuffix(all, "m-024\n") {
		t.Errorf("all is\n%s", all)
	}
}

// TestPrettyAnswers: pretty=true indents JSON on every route, and errors.
func TestPrettyAnswers(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler(func(o *query.Options) { o.Gzip = true })
	for _, target := range []string{"/v1/images", "/v1/images/m-cent79", "/v1/images/m-cent79/history", "/v1/clusters",
		"/v1/changes", "/v1/diff?ClusterId=ehpc-a&from=1", "/v1/matrix", "/v1/status", "/openapi.json", "/healthz",
		"/v1/images?ClusterId=nope", "/v1/images?limit=x"} {
		and := "?"
		if strings.Contains(target, "?") {
			and = "&"
		}
		plain, pretty := get(h, target), get(h, target+and+"pretty=true")
		var compact bytes.Buffer
		if err := json.Compact(&compact, pretty.Body.Bytes()); err != nil || pretty.Code != plain.Code ||
			!strings.HasPrefix(pretty.Body.String(), "{\n  \"") ||
			compact.String() != strings.TrimSpace(plain.Body.String()) {
			t.Errorf("%s is %s, without pretty %s", target, dump(pretty), dump(plain))
		}
		if tag := pretty.Header().Get("ETag"); tag != "" && tag == plain.Header().Get("ETag") &&
			target != "/openapi.json" {
			t.Errorf("%s has the ETag %s with and without pretty", target, tag)
		}
	}
}

// TestListOfClustersInEveryFormat has one row for each scope.
func TestListOfClustersInEveryFormat(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	for format, want := range map[string]string{
		"csv": "RegionId,ClusterId,InstanceType,State,ImageCount,CheckedAt,CapturedAt,Digest|" +
			"cn-hangzhou,ehpc-b,,failed,2,2026-11-23T10:00:00.000Z,2026-11-23T10:00:00.000Z,071abc5aba79",
		"tsv": "RegionId\tClusterId\tInstanceType\tState\tImageCount\tCheckedAt\tCapturedAt\tDigest|" +
			"cn-hangzhou\tehpc-b\t\tfailed\t2\t2026-11-23T10:00:00.000Z\t2026-11-23T10:00:00.000Z\t071abc5aba79",
		"ndjson": `{"RegionId":"cn-hangzhou","ClusterId":"ehpc-b","InstanceType":"","State":"failed",`,
	} {
		rec := get(h, "/v1/clusters?ClusterId=ehpc-b&format="+format)
		got := strings.NewReplacer("\r\n", "|", "\n", "|").Replace(rec.Body.String())
		if rec.Code != 200 || !strings.HasPrefix(got, want) || rec.Header().Get("X-Total-Count") != "1" {
			t.Errorf("%s is %d %s, want %s…", format, rec.Code, got, want)
		}
	}
}

// TestChangesInEveryFormat has one row for each event, and for each image that differs.
func TestChangesInEveryFormat(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	for target, want := range map[string]string{
		"/v1/images/m-ubuntu/history?since=1&format=csv": "" +
			"Sequence,CommittedAt,Kind,ImageId,ImageName,ClusterId,InstanceType,Details|" +
			`2,2026-11-23T10:00:00.000Z,added,m-ubuntu,深度学习 ubuntu,ehpc-b,,|`,
		"/v1/images/m-win/history?since=1&format=table": "" +
			"Sequence  CommittedAt               Kind     ImageId  ImageName    ClusterId  InstanceType  Details|" +
			"2         2026-11-23T10:00:00.000Z  removed  m-win    win, server  ehpc-a|",
		"/v1/diff?ClusterId=ehpc-a&with=ehpc-b&format=csv": "Kind,ImageId,ImageName,Details|" +
			"removed,m-cent710,hpc-centos-7.10,|" +
			"removed,m-cent79,hpc-centos-7.9,|" +
			`changed,m-ubuntu,深度学习 ubuntu,"Status: ""Creating"" → ""Available"""|`,
		"/v1/diff?ClusterId=ehpc-a&with=ehpc-b&format=ndjson": "" +
			`{"Kind":"removed","ImageId":"m-cent710","ImageName":"hpc-centos-7.10"}|` +
			`{"Kind":"removed","ImageId":"m-cent79","ImageName":"hpc-centos-7.9"}|` +
			`{"Kind":"changed","ImageId":"m-ubuntu","ImageName":"深度学习 ubuntu",` +
			`"Fields":[{"Field":"Status","Before":"Creating","After":"Available"}]}|`,
	} {
		rec := get(h, target)
		got := strings.NewReplacer("\r\n", "|", "\n", "|").Replace(rec.Body.String())
		if rec.Code != 200 || got != want {
			t.Errorf("%s is %d\n%s, want\n%s", target, rec.Code, got, want)
		}
	}
}
