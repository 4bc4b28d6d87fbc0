// Package message writes what receivers are told: the data for programs, and a short text
// for people in English or Chinese. Its texts are in text.go, in both languages; package
// shared/message has those of errors, hints and pages.
package message

import (
	"fmt"
	"net/url"
	"strconv"

	"community-images/shared/catalog"
	"community-images/shared/notify/changes"
)

// Type is what a message is about. It ends the type of a CloudEvent.
type Type string

// The types of messages.
const (
	Changes       Type = "changes"        // what one commit did
	Summary       Type = "summary"        // what many commits did, after a receiver was down
	RegionFailing Type = "region-failing" // E-HPC fails in a region
	RegionWell    Type = "region-well"    // it answers again
	Calm          Type = "calm"           // images that came and went have stopped
	Test          Type = "test"           // a sample
)

// Message is one message. It is the same for every try, but for changes of the program.
type Message struct {
	// ID is the same for every try.
	ID string `json:"-"`
	// Type is what the message is about.
	Type Type `json:"-"`
	// At is when it happened.
	At catalog.Time `json:"-"`
	// RegionID is the region, if the message is about one alone.
	RegionID string `json:"-"`
	// Regions has what happened in each region.
	Regions []Region `json:"Regions"`
	// Text says it to people, in the language of the subscription.
	Text string `json:"Text"`
}

// Region is what happened in one region. A list has at most MaxListed entries; Counts has
// their true numbers.
type Region struct {
	RegionID string `json:"RegionId"`
	// From and To are the numbers of the first and the last commit. They are 0 if no commit
	// is meant.
	From int64 `json:"FirstSequence,omitempty"`
	To   int64 `json:"Sequence,omitempty"`
	// CommittedAt is the time of the last commit.
	CommittedAt *catalog.Time `json:"CommittedAt,omitempty"`
	Counts      *Counts       `json:"Counts,omitempty"`
	Lists
	// FailingSince is when the last scope of the region began to fail.
	FailingSince *catalog.Time `json:"FailingSince,omitempty"`
	// Link is where to read more. It is empty without a public address.
	Link string `json:"Link,omitempty"`
}

// Lists are what happened in one region. In JSON they stand in the Region.
type Lists struct {
	Added      []changes.Image        `json:"Added,omitempty"`
	Removed    []changes.Image        `json:"Removed,omitempty"`
	Changed    []changes.ChangedImage `json:"Changed,omitempty"`
	Ended      []changes.Ended        `json:"Ended,omitempty"`
	BootImages []changes.BootImage    `json:"GoneBootImages,omitempty"`
	Aliases    []changes.AliasMove    `json:"Aliases,omitempty"`
	// Flapping are images that have come and gone several times.
	Flapping []Flapping `json:"Flapping,omitempty"`
}

// Counts are the numbers of the entries of a Region.
type Counts struct {
	Added      int `json:"Added"`
	Removed    int `json:"Removed"`
	Changed    int `json:"Changed"`
	Ended      int `json:"Ended"`
	BootImages int `json:"GoneBootImages"`
	Aliases    int `json:"Aliases"`
	Flapping   int `json:"Flapping"`
}

// Flapping is an image that has come and gone several times within a day.
type Flapping struct {
	changes.Image
	// Times is how often it came or went.
	Times int `json:"Times"`
	// Since is when it did so first.
	Since catalog.Time `json:"Since"`
	// IsOffered tells whether it is there after the last commit.
	IsOffered bool `json:"Offered"`
}

// MaxListed bounds the lists of a message, so that a receiver takes it.
const MaxListed = 50

// NewRegion returns what commits did in a region. publicURL is the address of the lookups.
func NewRegion(c *changes.Changes, flapping []Flapping, publicURL string) Region {
	counts := Counts{
		Added: len(c.Added), Removed: len(c.Removed), Changed: len(c.Changed), Ended: len(c.Ended),
		BootImages: len(c.BootImages), Aliases: len(c.Aliases), Flapping: len(flapping),
	}
	at := c.At
	return Region{
		RegionID: c.RegionID, From: c.From, To: c.To, CommittedAt: &at, Counts: &counts,
		Lists: Lists{
			Added: cut(c.Added), Removed: cut(c.Removed), Changed: cut(c.Changed), Ended: cut(c.Ended),
			BootImages: cut(c.BootImages), Aliases: cut(c.Aliases), Flapping: cut(flapping),
		},
		Link: changesLink(publicURL, c),
	}
}

// cut returns the first entries of a list.
func cut[T any](list []T) []T { return list[:min(len(list), MaxListed)] }

// changesLink returns the address of what the commits did.
func changesLink(publicURL string, c *changes.Changes) string {
	if publicURL == "" {
		return ""
	}
	before, last := strconv.FormatInt(c.From-1, 10), strconv.FormatInt(c.To, 10)
	q := url.Values{"RegionId": {c.RegionID}, "since": {before}, "at": {last}}
	return publicURL + "/v1/changes?" + q.Encode()
}

// NewOutage returns a region in which E-HPC fails since a time, or failed.
func NewOutage(region string, since catalog.Time, publicURL string) Region {
	r := Region{RegionID: region, FailingSince: &since}
	if publicURL != "" {
		r.Link = publicURL + "/v1/status?" + url.Values{"RegionId": {region}}.Encode()
	}
	return r
}

// NewTest returns a sample for a subscription.
func NewTest(name, publicURL string, at catalog.Time) *Message {
	m := &Message{ID: fmt.Sprintf("test-%s-%d", name, at.UnixMilli()), Type: Test, At: at, Regions: []Region{}}
	if publicURL != "" {
		m.Regions = []Region{{RegionID: "", Link: publicURL + "/"}}
	}
	return m
}
