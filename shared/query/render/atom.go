package render

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/query/history"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// atomFeed is a feed as RFC 4287 describes it. Readers identify a feed and its
// entries by their ids, and show an entry again if its id or its time changes.
type atomFeed struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	// Lang is the language of the texts.
	Lang string `xml:"xml:lang,attr"`
	// ID is the same for all pages of a feed, whatever their address.
	ID string `xml:"id"`
	// Title names the region.
	Title string `xml:"title"`
	// Updated is the time of the newest entry, or of the last commit if there
	// is none.
	Updated string `xml:"updated"`
	// Author is required by the standard, although no person writes entries.
	Author atomPerson `xml:"author"`
	// Links lead to this page and, if there are more events, to the next one.
	Links []atomLink `xml:"link"`
	// Entries are the events of the page.
	Entries []atomEntry `xml:"entry"`
}

// atomPerson is an author without an address.
type atomPerson struct {
	Name string `xml:"name"`
}

// atomLink is a link of a feed or an entry. Rel is "self", "next" or
// "alternate".
type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"` // relative to the address of the feed
}

// atomEntry is one event. Readers show Title in their list and Content when the
// entry is opened.
type atomEntry struct {
	// ID depends on the region, the commit, the kind, the scope and the image.
	ID string `xml:"id"`
	// Title has the image, what happened to it, and where.
	Title string `xml:"title"`
	// Updated is the time of the commit.
	Updated string `xml:"updated"`
	// Link leads to the history of the image, which may be gone.
	Link atomLink `xml:"link"`
	// Content repeats the title as a sentence, with the fields that changed.
	Content atomText `xml:"content"`
}

// atomText is the content of an entry. Type is always "text": readers then show
// the content without reading it as HTML.
type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

// atomMedia is the media type of a feed, in links and in Content-Type.
const atomMedia = "application/atom+xml"

// Atom renders a page of events for feed readers. Ids are made from what
// they name, so an event has the same id in every answer. next is the cursor of
// the next page; empty: there is none.
func Atom(req *request.Request, page history.Page, state *state.RegionState, next string) []byte {
	region, updated := state.RegionID, state.CommittedAt
	if len(page.Entries) > 0 {
		// The newest entry, whatever the order of the page.
		updated = page.Entries[0].Commit.At
		for _, e := range page.Entries {
			if e.Commit.At.After(updated.Time) {
				updated = e.Commit.At
			}
		}
	}
	feed := atomFeed{
		Lang:    "en",
		ID:      nameBasedUUID("feed", region, req.FeedIdentity()),
		Title:   "Community images of " + region,
		Updated: updated.String(),
		Author:  atomPerson{"community-images"},
		Links:   []atomLink{{"self", atomMedia, req.AtomURL("")}},
	}
	if next != "" { // paged feeds: RFC 5005, section 3
		feed.Links = append(feed.Links, atomLink{"next", atomMedia, req.AtomURL(next)})
	}
	for _, e := range page.Entries {
		feed.Entries = append(feed.Entries, newAtomEntry(e, region))
	}
	data, err := xml.MarshalIndent(feed, "", " ")
	if err != nil {
		panic("query: encoding strings as XML: " + err.Error())
	}
	return append([]byte(xml.Header), append(data, '\n')...)
}

// newAtomEntry returns an event or a row as an entry. Its link leads to the history of the
// image and not to the image, which may be gone.
func newAtomEntry(e *history.Event, region string) atomEntry {
	sequence := strconv.FormatInt(e.Commit.Sequence, 10)
	entry := atomEntry{Updated: e.Commit.At.String()}
	if e.Kind == request.KindEnded {
		entry.Link = atomLink{"alternate", "application/json",
			"/v1/clusters?" + url.Values{"RegionId": {region}}.Encode()}
	} else {
		entry.Link = atomLink{"alternate", "application/json",
			"/v1/images/" + url.PathEscape(e.ImageID) + "/history?" + url.Values{"RegionId": {region}}.Encode()}
	}
	// The commit, the kind, the scope and the image make an event unique; of a row the
	// commit and what it is about.
	if e.Row == nil {
		kind := request.KindNames[e.Kind]
		entry.ID = nameBasedUUID("entry", region, sequence, kind, e.Scope.ClusterID, e.Scope.InstanceType, e.ImageID)
	} else {
		entry.ID = nameBasedUUID("row", region, sequence, e.Scope.ClusterID, e.ImageID)
	}
	entry.Title = atomTitle(e)
	var text strings.Builder
	fmt.Fprintf(&text, "%s, commit %s of %s.", atomSentence(e), sequence, region)
	for _, c := range newFieldChanges(e.Fields) {
		fmt.Fprintf(&text, "\n%s: %s → %s", c.Field, valueOrNone(c.Before), valueOrNone(c.After))
	}
	entry.Content = atomText{"text", text.String()}
	return entry
}

// atomTitle says what happened, and where, in one line.
func atomTitle(e *history.Event) string {
	switch {
	case e.Kind == request.KindEnded:
		title := describeScope(e.Scope)
		if e.Row != nil {
			title = describeScope(format.ScopeRef{ClusterID: e.Scope.ClusterID})
		}
		return title + " ended: " + describeEnded(e.Ended.ClusterName, e.Ended.Images)
	case e.Row == nil:
		return fmt.Sprintf("%s %s: %s", e.ImageID, request.KindNames[e.Kind], describeScope(e.Scope))
	}
	title := fmt.Sprintf("%s %s", e.ImageID, request.KindNames[e.Kind])
	if e.ImageName != "" {
		title = fmt.Sprintf("%s (%s) %s", e.ImageID, e.ImageName, request.KindNames[e.Kind])
	}
	if !e.Row.IsOffered {
		title += ", no longer offered"
	}
	return title
}

// atomSentence is the beginning of the text of an entry. Of a row it has all scopes.
func atomSentence(e *history.Event) string {
	switch {
	case e.Kind == request.KindEnded:
		return atomTitle(e)
	case e.Row == nil:
		return fmt.Sprintf("Image %s, %s", e.ImageID, describeScope(e.Scope))
	}
	text := "Image " + e.ImageID
	for _, part := range []struct {
		about  string
		scopes []format.ScopeRef
	}{{"lost by", e.Row.Lost}, {"gained by", e.Row.Gained}, {"changed in", e.Row.Changed}} {
		if len(part.scopes) > 0 {
			text += ", " + part.about + " " + newScopesJSON(part.scopes).describe()
		}
	}
	return text
}

// describe names scopes in a sentence.
func (s *Scopes) describe() string {
	var parts []string
	if s.EveryCluster {
		parts = append(parts, "the list of every cluster")
	}
	if len(s.Clusters) > 0 {
		parts = append(parts, strings.Join(s.Clusters, ", "))
	}
	text := strings.Join(parts, " and ")
	if len(s.InstanceTypes) > 0 {
		text += " for " + strings.Join(s.InstanceTypes, ", ")
	}
	return text
}

// valueOrNone returns a JSON value as text. nil is a field that is missing.
// Texts keep their quotes, so that "" and a missing field differ.
func valueOrNone(value []byte) string {
	if value == nil {
		return "(none)"
	}
	return string(value)
}

// nameBasedUUID returns the urn of a UUID that depends on parts only (RFC 9562,
// version 8). It needs no domain name, which an id as an address would.
func nameBasedUUID(parts ...string) string {
	sum := sha256.Sum256([]byte("community-images\x00" + strings.Join(parts, "\x00")))
	u := sum[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
