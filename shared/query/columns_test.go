package query_test

import (
	"strings"
	"testing"
)

// TestLargeNumbersAreExactEverywhere asks every place that shows or compares the
// size of an image. A float64 would make the first two equal, and round the last.
func TestLargeNumbersAreExactEverywhere(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, `{"ImageId":"m-1","Size":9007199254740992}`,
		`{"ImageId":"m-2","Size":9007199254740993}`, `{"ImageId":"m-3","Size":9223372036854775807}`)})
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, `{"ImageId":"m-1","Size":9007199254740992}`,
		`{"ImageId":"m-2","Size":9007199254740993}`, `{"ImageId":"m-3","Size":9223372036854775806}`)})
	h := w.Handler()
	for target, want := range map[string]string{
		"images?Size=9007199254740993&format=ids":             "m-2|",
		"images?Size__ne=9007199254740993&format=ids":         "m-1|m-3|",
		"images?Size__gt=9007199254740992&format=ids":         "m-2|m-3|",
		"images?Size__lte=9007199254740992&format=ids":        "m-1|",
		"images?Size__lt=9223372036854775807&at=1&format=ids": "m-1|m-2|",
		"images?Size=9223372036854775807.0&at=1&format=ids":   "m-3|",
		"images?sort=-Size&format=ids":                        "m-3|m-2|m-1|",
		"images?latestBy=Size&sort=ImageId&format=ids":        "m-1|m-2|m-3|",
		"images?at=1&fields=Size&format=csv":                  "Size|9007199254740992|9007199254740993|9223372036854775807|",
		"images?at=1&fields=Size&format=tsv":                  "Size|9007199254740992|9007199254740993|9223372036854775807|",
		"images?at=1&ImageId=m-3&fields=Size&format=table":    "Size|9223372036854775807|",
		"images?at=1&ImageId=m-3&fields=Size&format=ndjson":   `{"Size":9223372036854775807}|`,
		"matrix?Size__gte=9007199254740993&ClusterId=*&format=csv": "ImageId,ImageName,Status,ContentDiffers,ehpc-a|" +
			"m-2,,,false,x|" +
			"m-3,,,false,x|",
		"images?Size=9223372036854775806,9007199254740993&format=ids": "m-2|m-3|",
	} {
		path, query, _ := strings.Cut(target, "?")
		if path == "images" {
			query += "&ClusterId=ehpc-a"
		}
		rec := get(h, "/v1/"+path+"?"+query)
		got := strings.NewReplacer("\r\n", "|", "\n", "|").Replace(rec.Body.String())
		if rec.Code != 200 || got != want {
			t.Errorf("%s gives %d %s, want %s", target, rec.Code, got, want)
		}
	}
	for target, want := range map[string]string{
		"images?ClusterId=ehpc-a&at=1&facets=Size": `{"Value":"9223372036854775807","Count":1}`,
		"diff?ClusterId=ehpc-a&from=1":             `"Before":9223372036854775807,"After":9223372036854775806`,
		"changes?since=1&ClusterId=ehpc-a":         `"Before":9223372036854775807,"After":9223372036854775806`,
		"images/m-3?at=1":                          `"Size":9223372036854775807`,
	} {
		if body := get(h, "/v1/"+target).Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s does not have %s: %s", target, want, body)
		}
	}
}
