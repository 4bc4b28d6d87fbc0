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

// atom renders a feed for feed readers. Its ids are made of what they name,
// so that they are the same in every answer.
func (s *service) atom(a *request, f eventPage, region string, st *regionState, next string) []byte {
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
		Lang: "en", ID: urn("feed", region, a.about()), Title: "Community images of " + region, Updated: updated.String(), Author: atomPerson{"community-images"},
		Links: []atomLink{{"self", atomMedia, a.self("")}},
	}
	if next != "" { // RFC 5005
		out.Links = append(out.Links, atomLink{"next", atomMedia, a.self(next)})
	}
	for _, e := range f.entries {
		out.Entries = append(out.Entries, e.atom(region))
	}
	data, err := xml.MarshalIndent(out, "", " ")
	if err != nil {
		panic("query: encoding strings as XML: " + err.Error())
	}
	return append([]byte(xml.Header), append(data, '\n')...)
}

// self is the address of a feed, relative to the service; with a cursor that
// of the page which begins there.
func (a *request) self(cursor string) string {
	values := a.asked()
	if cursor != "" {
		values.Del("since")
		values.Set("cursor", cursor)
	}
	values.Set("format", formatAtom)
	return a.path() + "?" + values.Encode()
}

// about is what all pages of a feed have in common.
func (a *request) about() string {
	values := a.asked()
	for _, name := range []string{"since", "cursor", "limit", "format", "maxAge"} {
		values.Del(name)
	}
	return a.path() + "?" + values.Encode()
}

func (a *request) asked() url.Values {
	values := url.Values{}
	for _, g := range a.given {
		values.Set(g.name, joinList(g.values))
	}
	return values
}

func (a *request) path() string {
	return strings.Replace(a.route.pattern, "{ImageId}", url.PathEscape(a.imageID), 1)
}

func (e feedEntry) atom(region string) atomEntry {
	var text strings.Builder
	fmt.Fprintf(&text, "Image %s, %s, commit %d of %s.", e.id, scopeText(e.scope), e.position.sequence, region)
	for _, c := range e.fields {
		fmt.Fprintf(&text, "\n%s: %s → %s", c.Field, orMissing(c.Before), orMissing(c.After))
	}
	return atomEntry{
		ID:    urn("entry", region, strconv.FormatInt(e.position.sequence, 10), kindNames[e.kind], e.scope.ClusterID, e.scope.InstanceType, e.id),
		Title: fmt.Sprintf("%s %s: %s", e.id, kindNames[e.kind], scopeText(e.scope)), Updated: e.at.String(),
		Link:    atomLink{"alternate", "application/json", "/v1/images/" + url.PathEscape(e.id) + "/history?" + url.Values{"RegionId": {region}}.Encode()},
		Content: atomText{"text", text.String()},
	}
}

func orMissing(value []byte) string {
	if value == nil {
		return "(none)"
	}
	return string(value)
}

// urn is a name-based UUID (RFC 9562, version 8) of its parts.
func urn(parts ...string) string {
	sum := sha256.Sum256([]byte("community-images\x00" + strings.Join(parts, "\x00")))
	u := sum[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
