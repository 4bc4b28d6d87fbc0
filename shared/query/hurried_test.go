package query_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// newHurriedRegion has a cluster with a few images, a second one with more for a GPU
// type, and a short-lived one that has ended. In the last hour 120 images disappeared.
func newHurriedRegion(t *testing.T) *fixture {
	t.Helper()
	image := func(id, name, platform, version string) string {
		return fmt.Sprintf(`{"ImageId":"m-%s","ImageName":%q,"Status":"Available","Size":40,"PostInstallScript":"a\nb\n",`+
			`"OsTag":{"Platform":%q,"Version":%q,"Architecture":"x86_64"}}`, id, name, platform, version)
	}
	base := image("base", "linux_CentOS7.6_base", "CentOS", "7.6")
	gromacs := image("gromacs", "linux_CentOS7.10_GROMACS", "CentOS", "7.10")
	debian := image("debian", "linux_Debian11.6_base", "Debian", "11.6")
	cuda := image("cuda", "linux_CentOS8.2_CUDA11", "CentOS", "8.2")
	short := image("short", "linux_Ubuntu22.04_short", "Ubuntu", "22.04")
	before := []string{base, gromacs, debian}
	for i := range 120 {
		before = append(before, image(fmt.Sprintf("old%03d", i), fmt.Sprintf("old %d", i), "CentOS", "7.2"))
	}
	w := newFixture(t)
	w.CommitRun(hangzhou, content{
		"_any/_any":          parseImages(t, base, gromacs),
		"genomics/_any":      parseImages(t, before...),
		"ai/_any":            parseImages(t, base, gromacs),
		"ai/ecs.gpu":         parseImages(t, base, gromacs, cuda),
		"ehpc-short/_any":    parseImages(t, base, gromacs, short),
		"ehpc-short/ecs.gpu": parseImages(t, base, gromacs, cuda, short),
	})
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{"genomics/_any": parseImages(t, before[:3]...)}, "ehpc-short/_any", "ehpc-short/ecs.gpu")
	w.Now = w.Now.Add(time.Minute)
	return w
}

// hurriedQuestion is what a person asked, and what the answer must have.
type hurriedQuestion struct {
	target string
	status int
	says   []string // parts of the body, or of X-Hint
	lacks  []string // parts that the body must not have
	lines  int      // of the body; 0: any
}

// TestWhatHurriedPeopleMeet asks the obvious questions of new and on-call users. Each
// was once answered with a part of the images, or nothing, without a word.
func TestWhatHurriedPeopleMeet(t *testing.T) {
	t.Parallel()
	h := newHurriedRegion(t).Handler()
	for says, questions := range map[string][]hurriedQuestion{
		"a list without ClusterId is a part, and says so": {
			{target: "/v1/images?RegionId=cn-hangzhou", status: 200, says: []string{`"TotalCount":2`,
				"Every cluster supports 2 of 4 captured images; ClusterId=* searches all."}},
			{target: "/v1/images?ClusterId=*", status: 200, says: []string{`"TotalCount":4`}, lacks: []string{"Hints"}},
			{target: "/v1/images?ClusterId=*&InstanceType=*", status: 200, says: []string{`"TotalCount":4`},
				lacks: []string{"Hints"}},
			{target: "/v1/images?format=ids", status: 200, lines: 2,
				says: []string{"Every cluster supports 2 of 4 captured images; ClusterId=* searches all"}},
		},
		"a search finds nothing, and says where there is more": {
			{target: "/v1/images?q=debian", status: 200, says: []string{`"TotalCount":0`, "1 image matches with ClusterId=*"}},
			{target: "/v1/images?ClusterId=*&q=debian", status: 200, says: []string{`"TotalCount":1`}},
			{target: "/v1/images?ClusterId=*&q=cuda", status: 200, says: []string{`"TotalCount":1`, "m-cuda"}},
			{target: "/v1/matrix?q=cuda", status: 200, says: []string{"1 image matches in /v1/images?ClusterId=*"}},
		},
		"what disappeared last night is not cut, has names, and one row for a cluster that ended": {
			{target: "/v1/changes?since=-24h&kind=removed&format=ndjson", status: 200, lines: 121,
				says:  []string{`"ImageName":"old 119"`, `"ImageId":"m-short"`, `"Offered":false`},
				lacks: []string{"m-base", "m-cuda", `"Offered":true`}},
			{target: "/v1/changes?since=-24h&kind=ended&format=ndjson", status: 200, lines: 1,
				says: []string{`"ClusterName":"name of ehpc-short"`, `"ImageCount":4`}},
			{target: "/v1/changes?since=-24h&kind=removed&format=table", status: 200, lines: 122},
			{target: "/v1/changes?since=-24h&kind=removed&format=csv", status: 200, lines: 122},
			{target: "/v1/diff?ClusterId=*&from=-2m", status: 200, says: []string{`"TotalCount":122`, `"ImageName":"old 119"`}},
			{target: "/v1/diff?from=-2m&format=table", status: 200, lines: 123},
			{target: "/v1/diff?from=-2m&kind=removed&format=csv", status: 200, lines: 122, lacks: []string{"m-base", "m-cuda"}},
		},
		"values match in any case": {
			{target: "/v1/images?Status=available", status: 200, says: []string{`"TotalCount":2`}},
			{target: "/v1/images?OsTag.Platform=centos", status: 200, says: []string{`"TotalCount":2`}},
		},
		"a star is a mistake with a way out": {
			{target: "/v1/images?ImageName=*gromacs*", status: 400, says: []string{"Use ImageName__iglob=*gromacs*."}},
			{target: "/v1/images?ImageName__iglob=*gromacs*", status: 200, says: []string{`"TotalCount":1`}},
			{target: "/v1/images?ImageName__glob=*gromacs*", status: 200,
				says: []string{"1 image matches with ImageName__iglob=*gromacs*"}},
			{target: "/v1/images?ImageName=gromacs", status: 200,
				says: []string{"1 image matches with ImageName__icontains=gromacs"}},
		},
		"a version without a digit is a mistake": {
			{target: "/v1/images?OsTag.Version__gt=abc", status: 400,
				says: []string{`OsTag.Version__gt must be a version with a digit, got \"abc\".`}},
		},
		"ids and csv have everything, a line for an image": {
			{target: "/v1/images?ClusterId=genomics&at=1&format=ids", status: 200, lines: 123},
			{target: "/v1/images?ClusterId=genomics&at=1&format=csv", status: 200, lines: 124, lacks: []string{`"`}},
			{target: "/v1/images?ClusterId=genomics&at=1&format=table", status: 200, lines: 124},
			{target: "/v1/images?ClusterId=genomics&at=1&format=ndjson", status: 200, lines: 123},
			{target: "/v1/images?ClusterId=genomics&at=1", status: 200, says: []string{`"TotalCount":123`, `"NextCursor":"A`}},
		},
		"a parameter without an effect in a format says where it has one": {
			{target: "/v1/images?format=csv&facets=Status", status: 400,
				says: []string{`facets is for format=json or html only, got \"Status\" with format=csv.`}},
			{target: "/v1/images?format=ids&fields=ImageName", status: 400, says: []string{
				`fields is for format=json, ndjson, csv, tsv, table or html only, got \"ImageName\" with format=ids.`}},
		},
		"did you mean never offers the opposite": {
			{target: "/v1/images?Version__ge=7.6", status: 400, says: []string{`Did you mean \"OsTag.Version__gte\"?`}},
			{target: "/v1/images?OsTag.Version__ge=7.6", status: 400, says: []string{`Did you mean \"OsTag.Version__gte\"?`}},
			{target: "/v1/images?Version_gte=7.6", status: 400, says: []string{`Did you mean \"OsTag.Version__gte\"?`}},
			{target: "/v1/images?fields=id", status: 400, says: []string{`Did you mean \"ImageId\"?`}},
			{target: "/v1/images?Name=x", status: 400, says: []string{`Did you mean \"ImageName\"?`}},
		},
		"clusters by name, and with spaces": {
			{target: "/v1/images?ClusterId=name+of+genomics", status: 404, says: []string{
				`No cluster has the id \"name of genomics\". The cluster named \"name of genomics\" is genomics.`}},
			{target: "/v1/images?ClusterId=name+of+ai,+name+of+genomics", status: 404, says: []string{
				`The cluster named \"name of ai\" is ai.`, `The cluster named \"name of genomics\" is genomics.`}},
			{target: "/v1/images?ClusterId=ai,+genomics", status: 200, says: []string{`"ClusterId":"ai,genomics"`}},
			{target: "/v1/images?ClusterId=ehpc-nope", status: 404,
				says: []string{"Captured clusters: ai (name of ai), genomics (name of genomics)."}},
		},
		"a time says what it lacks, and advice is about this route": {
			{target: "/v1/images?at=2026-11-29T01:45:00", status: 400,
				says: []string{"at has no time zone", "Add Z or +08:00."}},
			{target: "/v1/images?at=-7d", status: 404, says: []string{"BeforeFirstCommit"}, lacks: []string{"since=0"}},
			{target: "/v1/matrix?at=-7d", status: 404, says: []string{"BeforeFirstCommit", "Use at=1, or a later time."},
				lacks: []string{"since=0"}},
			{target: "/v1/diff?from=-7d", status: 404, says: []string{"BeforeFirstCommit", "Use from=1, or a later time."},
				lacks: []string{"since=0"}},
		},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			for _, q := range questions {
				q.check(t, get(h, q.target))
			}
		})
	}
}

// check compares an answer with what it must have.
func (q hurriedQuestion) check(t *testing.T, rec *httptest.ResponseRecorder) {
	t.Helper()
	hints, err := url.PathUnescape(rec.Header().Get("X-Hint"))
	body := rec.Body.String()
	lines := strings.Count(body, "\n")
	if err != nil || rec.Code != q.status || q.lines > 0 && lines != q.lines {
		t.Errorf("%s gives %d and %d lines (%v)\n%.600s", q.target, rec.Code, lines, err, body)
	}
	for _, part := range q.says {
		if !strings.Contains(body, part) && !strings.Contains(hints, part) {
			t.Errorf("%s does not say %q\n%.600s\n%s", q.target, part, body, hints)
		}
	}
	for _, part := range q.lacks {
		if strings.Contains(body, part) {
			t.Errorf("%s says %q\n%.600s", q.target, part, body)
		}
	}
}

// TestShellExampleShowsTheMessage: curl -f would throw the message of an error away.
func TestShellExampleShowsTheMessage(t *testing.T) {
	t.Parallel()
	text := readReadme(t)
	if strings.Contains(text, "curl -f") || !strings.Contains(text, "curl -sS --fail-with-body") {
		t.Error("the examples do not show errors")
	}
}
