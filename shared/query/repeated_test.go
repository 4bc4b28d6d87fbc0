package query_test

import (
	"net/url"
	"strings"
	"testing"
)

// TestParameterThatMayHaveBeenGivenTwice: FC joins the values of a repeated
// parameter by commas. A parameter that takes one value refuses both forms, on
// every route.
func TestParameterThatMayHaveBeenGivenTwice(t *testing.T) {
	t.Parallel()
	h, tried := newSmallRegion(t).Handler(), map[string]bool{}
	try := func(path, name string) {
		tried[name] = true
		checkError(t, get(h, path+"?"+name+"=a,b"), 400, "InvalidParameter",
			[]string{name + ` takes one value, got "a,b"; it may have been given twice.`})
		checkError(t, get(h, path+"?"+name+"=a&"+strings.ToLower(name)+"=a"), 400, "InvalidParameter",
			[]string{name + ` takes one value, got "a,a"; it may have been given twice.`})
	}
	for path, item := range readOpenAPIDocument(t, h).Paths {
		for _, p := range item.Get.Parameters {
			if p.In == "query" && p.Style == "" {
				try(strings.NewReplacer("{ImageId}", "m-cent79", "{Name}", "newest").Replace(path), p.Name)
			}
		}
	}
	for _, name := range []string{"RegionId", "at", "maxAge", "limit", "cursor", "since", "from", "to", "format",
		"minCount"} {
		if !tried[name] {
			t.Errorf("%s was not tried", name)
		}
	}
	for _, field := range []string{"Size", "OsTag.Version", "ImageName"} {
		for _, op := range []string{"gt", "gte", "lt", "lte", "exists"} {
			try("/v1/images", field+"__"+op)
			try("/v1/matrix", field+"__"+op)
		}
	}
}

// TestCommaInAValue: a comma that is escaped belongs to the value. One in q
// separates words.
func TestCommaInAValue(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, `{"ImageId":"m-1","ImageName":"gcc, make"}`,
		`{"ImageId":"m-2","ImageName":"gcc"}`, `{"ImageId":"m-3","ImageName":"make"}`)})
	h := w.Handler()
	for query, want := range map[string]string{
		`ImageName=gcc\, make`:       "m-1\n",
		`ImageName=gcc,make`:         "m-2\nm-3\n",
		`ImageName__gt=gcc\,`:        "m-1\nm-3\n",
		`q=gcc,make`:                 "m-1\n",
		`q=gcc, make`:                "m-1\n",
		`q=gcc&q=make`:               "m-1\n",
		`q=\, make`:                  "m-1\n",
		`ImageName__regex=gcc\,.*`:   "m-1\n",
		`ImageName__regex=gcc,m.{3}`: "m-2\nm-3\n",
	} {
		name, value, _ := strings.Cut(query, "=")
		query = name + "=" + strings.ReplaceAll(url.QueryEscape(value), "%26q%3D", "&q=")
		if rec := get(h, "/v1/images?format=ids&"+query); rec.Body.String() != want {
			t.Errorf("%s gives %d %s, want %s", query, rec.Code, rec.Body, want)
		}
	}
}
