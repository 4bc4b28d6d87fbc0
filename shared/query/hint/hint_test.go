package hint_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/access"
	"community-images/shared/archive/archivetest"
	"community-images/shared/message"
	"community-images/shared/query/hint"
	"community-images/shared/query/imageset"
	"community-images/shared/query/querytest"
)

// find returns the hints of the answer of /v1/images to a query.
func find(t *testing.T, v *querytest.View, query string) hint.Hints {
	t.Helper()
	req, sub := v.Ask("/v1/images?" + query)
	set, err := v.History.Sets.Load(t.Context(), sub.Scopes)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := set.SelectRows(imageset.NewFilter(req, sub, v.History.Schema))
	if err != nil {
		t.Fatal(err)
	}
	question := hint.Lookup{Request: req, Subject: sub, Set: set, Matches: len(rows)}
	if sub.OmitsClusters() {
		question.Captured = sub.State.CapturedImages()
	}
	return hint.Find(t.Context(), v.History, question, len(rows) == 0)
}

// TestHints: an answer with few images or none says why.
func TestHints(t *testing.T) {
	t.Parallel()
	v := querytest.NewSmallRegion(t).View(access.Grant{})
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
		if diff := cmp.Diff(want, find(t, v, query).Strings()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

// TestHintsRepeatWhatTheCallerWrote: hints have the case of the caller's own values, also if
// another caller asked the same question before. Existing values have that of E-HPC.
func TestHintsRepeatWhatTheCallerWrote(t *testing.T) {
	t.Parallel()
	v := querytest.NewSmallRegion(t).View(access.Grant{})
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
		if got := find(t, v, "ClusterId=*&"+row.query).Strings(); len(got) != 1 || got[0] != row.says {
			t.Errorf("%s hints %q, want %q", row.query, got, row.says)
		}
	}
}

// TestHintOfEmptyField: E-HPC may fill a field for nobody.
func TestHintOfEmptyField(t *testing.T) {
	t.Parallel()
	f := querytest.New(t)
	f.CommitRun(archivetest.Hangzhou, archivetest.Content{
		"ehpc-a/_any": archivetest.ParseImages(t, `{"ImageId":"m-1","Status":"","Size":5}`),
	})
	v := f.View(access.Grant{})
	for query, want := range map[string]string{
		"Status=Available":     "No captured image has a value for Status, so no condition on it can match.",
		"Status__exists=true":  "No captured image has a value for Status, so no condition on it can match.",
		"Size__exists=false":   "No captured image lacks a value for Size.",
		"Size__gt=6":           `No captured image matches Size__gt=6. The only value is "5".`,
		"Size__gt=6&Status=No": `No captured image matches Size__gt=6. The only value is "5".`,
	} {
		if got := find(t, v, "ClusterId=*&"+query).Strings(); len(got) == 0 || got[0] != want {
			t.Errorf("%s hints %q, want %q", query, got, want)
		}
	}
}

// TestHeader: the header has whole hints, as many as fit, in ASCII. Decoding gives them back.
func TestHeader(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300) + "."
	for _, row := range []struct {
		texts []string
		want  string
	}{
		{nil, ""},
		{[]string{"One.", "Two: 5."}, "One; Two: 5"},
		{[]string{"100% 深\r\nX-Other: 1."}, "100%25 %E6%B7%B1%0D%0AX-Other: 1"},
		{[]string{long, long, "One."}, long[:300]},
		{[]string{strings.Repeat("深", 100), "One."}, ""},
	} {
		got := hint.Hints{Texts: message.UntranslatedAll(row.texts)}.Header()
		if got != row.want {
			t.Errorf("%.40q: the header is %q, want %q", row.texts, got, row.want)
		}
		if text, err := url.PathUnescape(got); len(row.texts) == 1 && (err != nil || text+"." != row.texts[0]) {
			t.Errorf("%q decodes to %q (%v)", got, text, err)
		}
	}
}

// TestHintHeaderIsBounded: the header holds whole hints, percent-encoded, in 512 bytes.
func TestHintHeaderIsBounded(t *testing.T) {
	t.Parallel()
	f := querytest.New(t)
	var images []string
	for _, r := range "甲乙丙丁戊己庚辛壬癸子丑寅卯" {
		name := strings.Repeat(string(r), 30)
		images = append(images, `{"ImageId":"m-`+string(r)+`","ImageName":"`+name+`","Status":"100%"}`)
	}
	f.CommitRun(archivetest.Hangzhou, archivetest.Content{"ehpc-a/_any": archivetest.ParseImages(t, images...)})
	name := url.QueryEscape(strings.Repeat("很", 90))
	hints := find(t, f.View(access.Grant{}), "ClusterId=*&ImageName="+name+"&Status=50%25&q=%25")
	header := hints.Header()
	decoded, err := url.PathUnescape(header)
	isUnsafe := func(r rune) bool { return r < ' ' || r > '~' }
	if err != nil || header == "" || len(header) > 512 || strings.ContainsFunc(header, isUnsafe) {
		t.Errorf("X-Hint has %d bytes (%v): %s", len(header), err, header)
	}
	whole := strings.Join(hints.Strings(), " ")
	for text := range strings.SplitSeq(decoded, "; ") {
		if !strings.Contains(whole, text) {
			t.Errorf("%q is not a hint", text)
		}
	}
}

// TestETagSuffix: an ETag has a suffix if the hints tell of more than the selected scopes,
// and another one when they say something else. If-Match needs the images alone.
func TestETagSuffix(t *testing.T) {
	t.Parallel()
	f := querytest.NewSmallRegion(t)
	rows := []struct {
		query              string
		hasSuffix, changes bool
	}{
		{"ClusterId=*&q=none", false, false},
		{"ClusterId=ehpc-b&q=none", true, false},
		{"ClusterId=ehpc-b&q=centos-7.10", true, true}, // ehpc-a loses it
	}
	v, before := f.View(access.Grant{}), map[string]string{}
	for _, row := range rows {
		before[row.query] = find(t, v, row.query).ETagSuffix()
	}
	f.CommitRun(archivetest.Hangzhou, archivetest.Content{
		"ehpc-a/_any":         archivetest.ParseImages(t, archivetest.SampleImage),
		"ehpc-a/ecs.c7.large": archivetest.ParseImages(t, archivetest.SampleImage),
	})
	v = f.View(access.Grant{})
	for _, row := range rows {
		old, now := before[row.query], find(t, v, row.query).ETagSuffix()
		if (old != "") != row.hasSuffix || (old != now) != row.changes {
			t.Errorf("%s: the suffix is %q, then %q", row.query, old, now)
		}
		if got := hint.TrimETag("abc" + old); got != "abc" {
			t.Errorf("%s: without the suffix %q the ETag is %s", row.query, old, got)
		}
	}
	five, six := hint.CountSuffix(5), hint.CountSuffix(6)
	if five == six || hint.CountSuffix(0) != "" || hint.TrimETag("abc"+five) != "abc" {
		t.Errorf("the suffixes of 5 and 6 captured images are %q and %q", five, six)
	}
}
