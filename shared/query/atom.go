package query

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// atomFeed is a feed in the form of RFC 4287.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  atomPerson  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

const atomMedia = "application/atom+xml"

type atomEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Link    atomLink `xml:"link"`
	Content atomText `xml:"content"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

// renderAtom renders a feed for feed readers. Its ids are made of what they name,
// so that they are the same in every answer.
func (s *service) renderAtom(a *request, f eventPage, region string, st *regionState, next string) []byte {
	updated := st.CommittedAt
	if len(f.entries) > 0 {
		updated = f.entries[0].at
		for _, e := range f.entries {
			if e.at.After(updated.Time) {
				updated = e.at
			}
		}
	}
	out := atomFeed{
		Lang: "en", ID: nameBasedUUID("feed", region, a.feedIdentity()), Title: "Community images of " + region, Updated: updated.String(), Author: atomPerson{"community-images"},
		Links: []atomLink{{"self", atomMedia, a.feedURL("")}},
	}
	if next != "" { // RFC 5005
		out.Links = append(out.Links, atomLink{"next", atomMedia, a.feedURL(next)})
	}
	for _, e := range f.entries {
		out.Entries = append(out.Entries, e.toAtomEntry(region))
	}
	data, err := xml.MarshalIndent(out, "", " ")
	if err != nil {
		panic("query: encoding strings as XML: " + err.Error())
	}
	return append([]byte(xml.Header), append(data, '\n')...)
}

// feedURL is the address of a feed, relative to the service; with a cursor that
// of the page which begins there.
func (a *request) feedURL(cursor string) string {
	values := a.givenParameters()
	if cursor != "" {
		values.Del("since")
		values.Set("cursor", cursor)
	}
	values.Set("format", formatAtom)
	return a.requestPath() + "?" + values.Encode()
}

// feedIdentity is what all pages of a feed have in common.
func (a *request) feedIdentity() string {
	values := a.givenParameters()
	for _, name := range []string{"since", "cursor", "limit", "format", "maxAge"} {
		values.Del(name)
	}
	return a.requestPath() + "?" + values.Encode()
}

func (a *request) givenParameters() url.Values {
	values := url.Values{}
	for _, g := range a.given {
		values.Set(g.name, joinList(g.values))
	}
	return values
}

func (a *request) requestPath() string {
	return strings.Replace(a.route.pattern, "{ImageId}", url.PathEscape(a.imageID), 1)
}

func (e feedEntry) toAtomEntry(region string) atomEntry {
	var text strings.Builder
	fmt.Fprintf(&text, "Image %s, %s, commit %d of %s.", e.id, describeScope(e.scope), e.position.sequence, region)
	for _, c := range e.fields {
		fmt.Fprintf(&text, "\n%s: %s → %s", c.Field, valueOrNone(c.Before), valueOrNone(c.After))
	}
	return atomEntry{
		ID:    nameBasedUUID("entry", region, strconv.FormatInt(e.position.sequence, 10), kindNames[e.kind], e.scope.ClusterID, e.scope.InstanceType, e.id),
		Title: fmt.Sprintf("%s %s: %s", e.id, kindNames[e.kind], describeScope(e.scope)), Updated: e.at.String(),
		Link:    atomLink{"alternate", "application/json", "/v1/images/" + url.PathEscape(e.id) + "/history?" + url.Values{"RegionId": {region}}.Encode()},
		Content: atomText{"text", text.String()},
	}
}

func valueOrNone(value []byte) string {
	if value == nil {
		return "(none)"
	}
	return string(value)
}

// nameBasedUUID is a name-based UUID (RFC 9562, version 8) of its parts.
func nameBasedUUID(parts ...string) string {
	sum := sha256.Sum256([]byte("community-images\x00" + strings.Join(parts, "\x00")))
	u := sum[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
