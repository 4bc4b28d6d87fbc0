package query_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
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

// TestHints: an answer with few images or none says why.
func TestHints(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	for query, want := range map[string][]string{
		// Which scopes the question is about.
		"":                   {"Every cluster supports 2 of 5 captured images; ClusterId=* searches all."},
		"ClusterId=_any":     {"Every cluster supports 2 of 5 captured images; ClusterId=* searches all."},
		"ClusterId=ehpc-a":   nil,
		"ClusterId=*":        nil,
		"Status=available":   {"Every cluster supports 2 of 5 captured images; ClusterId=* searches all."},
		"ClusterId=*&q=none": {`No captured image contains "none" in its name, description, id or product code.`},
		"at=1":               {"Only images that every cluster supports. ClusterId=* searches all captured images."},
		"q=ubuntu": {"Only images that every cluster supports were searched. 2 images match with ClusterId=*.",
			`No image of the selection contains "ubuntu" in its name, description, id or product code.`},
		"q=cuda": {`No captured image contains "cuda" in its name, description, id or product code.`},
		"ClusterId=ehpc-b&q=hpc-centos": {"2 images match with ClusterId=*.",
			`No image of the selection contains "hpc-centos" in its name, description, id or product code.`},

		// Values that nothing has.
		"Status=Avail": {
			`No captured image matches Status=Avail. Did you mean "Available"? Values: "Available", "Creating".`},
		"ClusterId=*&OsTag.Platform=Ubunto": {
			`No captured image matches OsTag.Platform=Ubunto. Did you mean "Ubuntu"? Values: "CentOS", "Ubuntu".`},
		"ClusterId=ehpc-a&ImageName=centos": {
			"No captured image matches ImageName=centos. 3 images match with ImageName__icontains=centos."},
		"ClusterId=ehpc-a&ImageName__glob=*CENTOS*": {
			"No captured image matches ImageName__glob=*CENTOS*. 3 images match with ImageName__iglob=*CENTOS*."},
		"ClusterId=*&OsTag.Version=7": {
			"No captured image matches OsTag.Version=7. 3 images match with OsTag.Version__iprefix=7."},
		"ClusterId=ehpc-a&ImageName=hpc-centso-7.1": {`No captured image matches ImageName=hpc-centso-7.1. ` +
			`Did you mean "hpc-centos-7.9"? Values: "深度学习 ubuntu", "hpc-centos-7.10", "hpc-centos-7.9", ` +
			`"linux_CentOS7.2_OceanBase_OBD_1ECS-3OB_3.0".`},
		"ClusterId=ehpc-a&OsTag.Version__gte=99": {
			`No captured image matches OsTag.Version__gte=99. Values go from "7.2" to "22.04".`},
		"ClusterId=*&SkuCode__prefix=P": {`No captured image matches SkuCode__prefix=P. Values: "ECS".`},

		// Conditions that do not go together.
		"ClusterId=ehpc-a&OsTag.Platform=CentOS&Status=Creating": {"3 captured images match without Status=Creating.",
			"1 captured image matches without OsTag.Platform=CentOS."},
		"ClusterId=ehpc-a&OsTag.Platform=Ubuntu&Status=Available": {"1 image matches with ClusterId=*.",
			"3 images match without OsTag.Platform=Ubuntu.", "1 image matches without Status=Available."},
		"ClusterId=*&OsTag.Platform=Ubunto&Status=Available": {`No captured image matches OsTag.Platform=Ubunto. ` +
			`Did you mean "Ubuntu"? Values: "CentOS", "Ubuntu". 4 captured images match without it.`},
		"ClusterId=*&q=7.9&Status=Creating&Size__gt=450": {"1 captured image matches without q=7.9."},
		"ClusterId=*&q=7.9&Status=Creating&Size__lt=50&OsTag.Version=7.10": {
			"Each condition alone matches, but no captured image meets all of them."},

		// Ids.
		"ImageId=m-win":  {`Image "m-win" is no longer offered. It was offered until 2026-11-23T10:00:00.000Z.`},
		"ImageId=m-none": {`Image "m-none" was never offered in cn-hangzhou.`},
		"ClusterId=ehpc-b&ImageId=m-cent710": {"1 image matches with ClusterId=*.",
			`Image "m-cent710" is offered to ehpc-a/_any, ehpc-a/ecs.c7.large.`},
		"ClusterId=ehpc-b&ImageId=m-cent710,m-ubuntu": {`1 of 2 ids are not in the selection: "m-cent710".`},

		// The past costs more to read, so less is said.
		"at=1&q=ubuntu": {
			"Only images that every cluster supports were searched. ClusterId=* searches all captured images.",
			`No image of the selection contains "ubuntu" in its name, description, id or product code.`},
		"at=1&ClusterId=ehpc-b&ImageId=m-win": {`Image "m-win" is not in the selection.`},
	} {
		if diff := cmp.Diff(want, hintsOf(t, get(h, "/v1/images?"+query))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

// TestHintsRepeatWhatTheCallerWrote: hints have the case of the caller's own values, also if
// another caller asked the same question before. Existing values have that of E-HPC.
func TestHintsRepeatWhatTheCallerWrote(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	const values = ` Did you mean "Available"? Values: "Available", "Creating".`
	for _, row := range []struct{ query, says string }{
		{"Status=Avail", "No captured image matches Status=Avail." + values},
		{"Status=avail", "No captured image matches Status=avail." + values},
		{"status=AVAIL", "No captured image matches Status=AVAIL." + values},
		{"Status__ieq=AvaiL,x", "No captured image matches Status__ieq=AvaiL,x." + values},
		{"q=CUDA+深+Intel", `No captured image contains "CUDA", "Intel" in its name, description, id or product code.`},
		{"q=cuda+深+Intel", `No captured image contains "cuda", "Intel" in its name, description, id or product code.`},
		{"ImageId=m-深", `Image "m-深" was never offered in cn-hangzhou.`},
		{"ImageName__ieq=HPC-Cent", "No captured image matches ImageName__ieq=HPC-Cent. 2 images match with " +
			"ImageName__icontains=HPC-Cent."},
	} {
		if got := hintsOf(t, get(h, "/v1/images?ClusterId=*&"+row.query)); len(got) != 1 || got[0] != row.says {
			t.Errorf("%s hints %q, want %q", row.query, got, row.says)
		}
	}
}

// TestHintOfEmptyField: E-HPC may fill a field for nobody.
func TestHintOfEmptyField(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, `{"ImageId":"m-1","Status":"","Size":5}`)})
	h := w.Handler()
	for query, want := range map[string]string{
		"Status=Available":     "No captured image has a value for Status, so no condition on it can match.",
		"Status__exists=true":  "No captured image has a value for Status, so no condition on it can match.",
		"Size__exists=false":   "No captured image lacks a value for Size.",
		"Size__gt=6":           `No captured image matches Size__gt=6. The only value is "5".`,
		"Size__gt=6&Status=No": `No captured image matches Size__gt=6. The only value is "5".`,
	} {
		if got := hintsOf(t, get(h, "/v1/images?ClusterId=*&"+query)); len(got) == 0 || got[0] != want {
			t.Errorf("%s hints %q, want %q", query, got, want)
		}
	}
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

// TestHintHeaderIsBounded: the header holds whole hints, percent-encoded, in 512 bytes.
func TestHintHeaderIsBounded(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	var images []string
	for _, r := range "甲乙丙丁戊己庚辛壬癸子丑寅卯" {
		name := strings.Repeat(string(r), 30)
		images = append(images, `{"ImageId":"m-`+string(r)+`","ImageName":"`+name+`","Status":"100%"}`)
	}
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, images...)})
	name := url.QueryEscape(strings.Repeat("很", 90))
	rec := get(w.Handler(), "/v1/images?ClusterId=*&ImageName="+name+"&Status=50%25&q=%25")
	header := rec.Header().Get("X-Hint")
	decoded, err := url.PathUnescape(header)
	isUnsafe := func(r rune) bool { return r < ' ' || r > '~' }
	if err != nil || header == "" || len(header) > 512 || strings.ContainsFunc(header, isUnsafe) {
		t.Errorf("X-Hint has %d bytes (%v): %s", len(header), err, header)
	}
	whole := strings.Join(hintsOf(t, rec), " ")
	for hint := range strings.SplitSeq(decoded, "; ") {
		if !strings.Contains(whole, hint) {
			t.Errorf("%q is not a hint", hint)
		}
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
