package query_test

import (
	"encoding/xml"
	"net/http"
	"strings"
	"testing"
	"time"

	"community-images/shared/query"
)

// atomFeedDocument is an Atom feed as a reader parses it.
type atomFeedDocument struct {
	XMLName struct{}          `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string            `xml:"id"`
	Title   string            `xml:"title"`
	Updated time.Time         `xml:"updated"`
	Author  string            `xml:"author>name"`
	Links   []atomLinkElement `xml:"link"`
	Entries []struct {
		ID      string            `xml:"id"`
		Title   string            `xml:"title"`
		Updated time.Time         `xml:"updated"`
		Links   []atomLinkElement `xml:"link"`
		Content string            `xml:"content"`
	} `xml:"entry"`
}

type atomLinkElement struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

func readAtomFeed(t *testing.T, h http.Handler, target string) (f atomFeedDocument) {
	t.Helper()
	rec := get(h, target)
	if err := xml.Unmarshal(rec.Body.Bytes(), &f); err != nil || rec.Code != 200 ||
		rec.Header().Get("Content-Type") != "application/atom+xml; charset=utf-8" {
		t.Fatalf("%s: %d %v %v\n%s", target, rec.Code, rec.Header(), err, rec.Body)
	}
	return f
}

func findLink(links []atomLinkElement, rel string) string {
	for _, l := range links {
		if l.Rel == rel {
			return l.Href
		}
	}
	return ""
}

// newAtomRegion returns a region whose feed has texts that break careless XML.
func newAtomRegion(t *testing.T) *fixture {
	w := newSmallRegion(t)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage,
		`{"ImageId":"m-ubuntu","ImageName":"]]>&\u0001\u0008\ufffe<x>\ud83d\ude00","Status":"深"}`,
		`{"ImageId":"m-<&\"'>","ImageName":"n"}`)})
	w.Now = w.Now.Add(time.Minute)
	return w
}

func TestAtomPages(t *testing.T) {
	t.Parallel()
	h := newAtomRegion(t).Handler()
	for by, entries := range map[string]int{"scope": 15, "image": 9} {
		t.Run("by "+by, func(t *testing.T) {
			t.Parallel()
			checkAtomPages(t, h, "/v1/changes?by="+by+"&", entries)
		})
	}
}

// checkAtomPages reads a feed with at least so many entries as a whole and in pages.
func checkAtomPages(t *testing.T, h http.Handler, feed string, entries int) {
	whole := readAtomFeed(t, h, feed+"since=0&limit=1000&format=atom")
	if whole.Author == "" || whole.Title == "" || findLink(whole.Links, "next") != "" || len(whole.Entries) < entries {
		t.Fatalf("the whole feed: %+v", whole)
	}
	n, ids := 0, map[string]bool{}
	for target := feed + "since=0&limit=3&format=atom"; target != ""; {
		page := readAtomFeed(t, h, target)
		if page.ID != whole.ID {
			t.Errorf("the pages of a feed have the ids %s and %s", page.ID, whole.ID)
		}
		if again := readAtomFeed(t, h, findLink(page.Links, "self")); len(again.Entries) != len(page.Entries) {
			t.Errorf("%s and the page itself differ", findLink(page.Links, "self"))
		}
		for _, e := range page.Entries {
			if e.ID != whole.Entries[n].ID || ids[e.ID] || e.Updated.After(page.Updated) {
				t.Errorf("entry %d is %+v", n, e)
			}
			ids[e.ID] = true
			if rec := get(h, findLink(e.Links, "alternate")); rec.Code != 200 {
				t.Errorf("%s leads to %d %s", findLink(e.Links, "alternate"), rec.Code, rec.Body)
			}
			n++
		}
		target = findLink(page.Links, "next")
	}
	if n != len(whole.Entries) {
		t.Errorf("the pages have %d entries, the whole feed %d", n, len(whole.Entries))
	}
	newest := readAtomFeed(t, h, feed+"limit=3&format=atom")
	for i, e := range newest.Entries {
		if e.ID != whole.Entries[n-1-i].ID {
			t.Errorf("the newest first, entry %d is %s", i, e.Title)
		}
	}
	if findLink(newest.Links, "next") != "" || newest.ID != whole.ID {
		t.Errorf("the newest first: %+v", newest)
	}
	other := readAtomFeed(t, h, feed+"kind=removed&format=atom")
	if other.ID == whole.ID {
		t.Error("two feeds have one id")
	}
	if again := readAtomFeed(t, h, feed+"KIND=Removed&format=ATOM"); again.ID != other.ID {
		t.Errorf("another spelling of a feed has the id %s, want %s", again.ID, other.ID)
	}
}

// TestAtomIDsOutliveRetention: entries keep their ids when retention removes older
// months, so a feed reader does not show them again.
func TestAtomIDsOutliveRetention(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, sampleImage, windows)})
	w.Now = w.Now.AddDate(0, 1, 0)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, sampleImage, centOS79)})
	target := "/v1/changes?format=atom&limit=2"
	before := readAtomFeed(t, w.Handler(), target)
	w.RemoveMonth(hangzhou, "2026-11")
	after := readAtomFeed(t, w.Handler(func(o *query.Options) { o.Version = "another" }), target)
	for i := range 2 {
		if before.Entries[i].ID != after.Entries[i].ID {
			t.Errorf("%s was %s and is %s", before.Entries[i].Title, before.Entries[i].ID, after.Entries[i].ID)
		}
	}
	if !strings.HasPrefix(before.Entries[0].ID, "urn:uuid:") {
		t.Errorf("the id is %s", before.Entries[0].ID)
	}
}
