package query_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestWhichImages is the table of README.md: every captured image is offered to some
// cluster, and a question is about some of them.
func TestWhichImages(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	image := func(names ...string) (objects []string) {
		for _, name := range names {
			objects = append(objects, `{"ImageId":"m-`+name+`"}`)
		}
		return objects
	}
	w.CommitRun(hangzhou, content{
		"_any/_any":        parseImages(t, image("all")...),
		"_any/ecs.gpu":     parseImages(t, image("all", "gpu")...),
		"ehpc-a/_any":      parseImages(t, image("all", "a")...),
		"ehpc-a/ecs.gpu":   parseImages(t, image("all", "a", "gpu", "a-gpu")...),
		"ehpc-a/ecs.small": parseImages(t, image("all", "a", "a-small")...),
		"ehpc-b/_any":      parseImages(t, image("all", "b")...),
		"ehpc-b/ecs.gpu":   parseImages(t, image("all", "b", "gpu", "b-gpu")...),
	})
	h := w.Handler()
	for query, want := range map[string]string{
		"":                                      "all",
		"ClusterId=_any":                        "all",
		"InstanceType=ecs.gpu":                  "all gpu",
		"ClusterId=*":                           "a a-gpu a-small all b b-gpu gpu",
		"ClusterId=*&InstanceType=*":            "a a-gpu a-small all b b-gpu gpu",
		"ClusterId=ehpc-a":                      "a all",
		"ClusterId=ehpc-a&InstanceType=ecs.gpu": "a a-gpu all gpu",
		"ClusterId=ehpc-a&InstanceType=*":       "a a-gpu a-small all gpu",
		"ClusterId=ehpc-a&InstanceType=_any,ecs.small": "a a-small all",
		"ClusterId=*&InstanceType=ecs.gpu":             "a a-gpu all b b-gpu gpu",
		"ClusterId=*&InstanceType=_any":                "a all b",
		"ClusterId=*&InstanceType=ecs.small":           "a a-small all",
		"ClusterId=ehpc-a,ehpc-b":                      "a all b",
		"ClusterId=ehpc-a,_any":                        "a all",
		"ClusterId=ehpc-a,ehpc-b&InstanceType=ecs.gpu": "a a-gpu all b b-gpu gpu",
		"ClusterId=_any&InstanceType=*":                "all gpu",
	} {
		for _, format := range []string{"ids", "ndjson&fields=ImageId"} {
			rec := get(h, "/v1/images?format="+format+"&"+query)
			got := strings.Fields(strings.NewReplacer(`{"ImageId":"m-`, "", `"}`, "", "m-", "").Replace(rec.Body.String()))
			slices.Sort(got)
			if rec.Code != 200 || strings.Join(got, " ") != want {
				t.Errorf("/v1/images?%s as %s gives %d %q, want %s", query, format, rec.Code, got, want)
			}
		}
	}
}

// TestRoutesAboutEverything: an image, its history, the changes and the clusters are
// about everything captured, unless clusters or types are named.
func TestRoutesAboutEverything(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, centOS79)})
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{
		"ehpc-a/_any":    parseImages(t, centOS79),
		"ehpc-a/ecs.gpu": parseImages(t, centOS79, windows),
		"ehpc-b/ecs.gpu": parseImages(t, windows),
	})
	h := w.Handler()
	for query, want := range map[string]string{
		"":                                   "[ehpc-a ehpc-b] [ecs.gpu]",
		"ClusterId=*":                        "[ehpc-a ehpc-b] [ecs.gpu]",
		"InstanceType=ecs.gpu":               "[ehpc-a ehpc-b] [ecs.gpu]",
		"InstanceType=*":                     "[ehpc-a ehpc-b] [ecs.gpu]",
		"ClusterId=ehpc-a":                   "[ehpc-a] [ecs.gpu]",
		"ClusterId=*&InstanceType=ecs.gpu":   "[ehpc-a ehpc-b] [ecs.gpu]",
		"ClusterId=ehpc-a&InstanceType=_any": "none",
		"ClusterId=_any":                     "none",
	} {
		rec := get(h, "/v1/images/m-win?"+query)
		got := "none"
		if rec.Code == 200 {
			answer := answerOf[struct{ Clusters, InstanceTypes []string }](t, h, 200, "/v1/images/m-win?"+query)
			got = "[" + strings.Join(answer.Clusters, " ") + "] [" + strings.Join(answer.InstanceTypes, " ") + "]"
		}
		if got != want {
			t.Errorf("/v1/images/m-win?%s is offered by %s, want %s", query, got, want)
		}
		for _, feed := range []string{"/v1/changes?by=scope&ImageId=m-win&", "/v1/images/m-win/history?"} {
			rec := get(h, feed+"format=ndjson&"+query)
			if has := strings.Contains(rec.Body.String(), `"Kind":"added"`); has != (want != "none") {
				t.Errorf("%s%s has the addition: %v: %d %s", feed, query, has, rec.Code, rec.Body)
			}
		}
	}
	for query, want := range map[string]int{
		"": 4, "ClusterId=*": 4, "ClusterId=ehpc-a": 2, "InstanceType=ecs.gpu": 2, "InstanceType=*": 4, "ClusterId=_any": 1,
		"ClusterId=ehpc-a&InstanceType=_any": 1,
	} {
		if got := answerOf[struct{ TotalCount int }](t, h, 200, "/v1/clusters?"+query).TotalCount; got != want {
			t.Errorf("/v1/clusters?%s has %d scopes, want %d", query, got, want)
		}
	}
}
