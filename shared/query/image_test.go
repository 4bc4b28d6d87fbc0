package query_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/query"
)

// TestImageThatCameBack: it was first seen when it came for the first time, and is gone
// since it went for the last time.
func TestImageThatCameBack(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	const first, gone, goneAgain = "2026-11-23T12:30:00.000Z", "2026-11-23T13:30:00.000Z", "2026-11-23T15:30:00.000Z"
	for _, images := range [][]string{{centOS710}, {windows}, {centOS710}, {windows}} {
		w.Now = w.Now.Add(time.Hour)
		w.CommitRun(hangzhou, content{"ehpc-b/_any": parseImages(t, images...)})
	}
	w.Now = w.Now.Add(time.Minute)
	h := w.Handler()
	for target, want := range map[string][]string{
		"/v1/images/m-cent710?ClusterId=ehpc-b":      {`"FirstSeen":"` + first, `"GoneSince":"` + goneAgain},
		"/v1/images/m-cent710?ClusterId=ehpc-b&at=5": {`"FirstSeen":"` + first, `"GoneSince":"` + gone},
		"/v1/images/m-cent710?ClusterId=ehpc-b&at=6": {`"FirstSeen":"` + first, `"LastSeen":"2026-11-23T14:30:00.000Z"`},
		"/v1/images/m-cent710":                       {`"FirstSeen":"2026-11-23T10:00:00.000Z"`},
	} {
		body := get(h, target).Body.String()
		for _, text := range want {
			if !strings.Contains(body, text) {
				t.Errorf("%s lacks %s: %s", target, text, body)
			}
		}
	}
}

// TestImageOfCommit1: nobody knows since when the images of the first commit were there.
func TestImageOfCommit1(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t) // commit 2 removed m-win
	checkError(t, get(w.Handler(), "/v1/images/m-win"), 410, "ImageGone", []string{"2026-11-23T10:00:00.000Z"})
	w.CommitRun(hangzhou, content{"ehpc-b/_any": parseImages(t, sampleImage, windows)})
	w.Now = w.Now.Add(time.Minute)
	h := w.Handler()
	for target, want := range map[string]string{
		"/v1/images/m-win":         `"FirstSeen":"","LastSeen":"2026-11-23T11:30:00.000Z"`,
		"/v1/images/m-win?at=1":    `"Clusters":["ehpc-a"]`,
		"/v1/images/m-win/history": `"Count":3`,
	} {
		if rec := get(h, target); rec.Code != 200 || !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s gives %d %s, want %s", target, rec.Code, rec.Body, want)
		}
	}
	checkError(t, get(h, "/v1/images/m-win?at=3"), 410, "ImageGone", nil)
	checkError(t, get(h, "/v1/images/m-win?ClusterId=ehpc-a"), 410, "ImageGone", nil)
	checkError(t, get(h, "/v1/images/m-win?ClusterId=ehpc-a&InstanceType=ecs.c7.large"), 404, "ImageNotFound", nil)
}

// TestHistoryWithoutAnswer tells an image without events of the asked kind or
// time from one that never was.
func TestHistoryWithoutAnswer(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler()
	for _, query := range []string{"?kind=changed", "?since=-1s", "?since=3", "?cursor=" + w.FeedCursor(hangzhou, 3, 0),
		"?kind=removed&ClusterId=ehpc-a", "?kind=removed&at=1"} {
		if rec := get(h, "/v1/images/m-cent79/history"+query); rec.Code != 200 ||
			!strings.Contains(rec.Body.String(), `"Count":0`) {
			t.Errorf("the image is there, and %s gives %d %s", query, rec.Code, rec.Body)
		}
		checkError(t, get(h, "/v1/images/m-none/history"+query), 404, "ImageNotFound", nil)
	}
	checkError(t, get(h, "/v1/images/m-cent710/history?at=1"), 404, "ImageNotFound", nil)
	checkError(t, get(h, "/v1/images/m-win/history?ClusterId=ehpc-b"), 404, "ImageNotFound", nil)
}

// TestImageThatCameLater: of a past moment it is not said that the image never
// was, if it came since.
func TestImageThatCameLater(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, windows)})
	two := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	h := w.Handler(allow(access.Grant{Name: "all"}, access.Grant{Name: "b", Clusters: []string{"ehpc-b"}}))
	for _, row := range []struct {
		h      http.Handler
		target string
		later  bool
	}{
		{withToken{h, "all"}, "/v1/images/m-cent710?at=1", true},
		{withToken{h, "all"}, "/v1/images/m-cent710?at=2026-11-23T09:30:00Z", true},
		{withToken{h, "all"}, "/v1/images/m-cent710/history?at=1", true},
		{withToken{h, "all"}, "/v1/images/m-ubuntu?at=1&ClusterId=ehpc-b", true},
		{withToken{h, "all"}, "/v1/images/m-ubuntu/history?at=-2h&ClusterId=ehpc-b", true},
		{two, "/v1/images/m-cent710?at=1", true},
		{withToken{h, "b"}, "/v1/images/m-ubuntu?at=1", true},
		{withToken{h, "all"}, "/v1/images/m-cent710?at=1&ClusterId=ehpc-b", false},
		{withToken{h, "all"}, "/v1/images/m-cent710/history?ClusterId=ehpc-b", false},
		{withToken{h, "all"}, "/v1/images/m-nope?at=1", false},
		{withToken{h, "all"}, "/v1/images/m-nope/history?at=1", false},
		{withToken{h, "b"}, "/v1/images/m-cent710?at=1", false}, // which others have
		{withToken{h, "b"}, "/v1/images/m-cent710/history?at=1", false},
	} {
		rec, says, recommend := get(row.h, row.target), "was never offered in cn-hangzhou", "Check the ImageId"
		if row.later {
			says, recommend = "was not offered in cn-hangzhou by the requested scopes up to commit 1. Commit 2 was "+
				"the first to offer it.", "Use at=2 or later, or leave at out."
		}
		if checkError(t, rec, 404, "ImageNotFound", []string{says}); !strings.Contains(rec.Body.String(), recommend) {
			t.Errorf("%s does not recommend %q: %s", row.target, recommend, rec.Body)
		}
	}
}
