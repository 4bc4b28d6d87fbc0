// Package response sends the answers of routes. It compares ETags, renders the body or takes it
// from the cache, and sets the headers.
//
// It promises that an error of rendering can still be answered: nothing is written before the
// body is there.
package response

import (
	"context"

	"community-images/shared/catalog"
	"community-images/shared/query/hint"
	"community-images/shared/query/state"
)

// Answer is what a route knows before images are loaded and the body is
// rendered. It is enough for a 304. Routes return it. The body is rendered
// later, and only if the caller does not have it yet or the cache does not hold
// it.
type Answer struct {
	Freshness    *state.Freshness // nil: the answer is not about stored data
	Region       string           // RegionId in the envelope
	ETag         string           // without quotes; empty: the answer must not be cached
	LastModified catalog.Time     // zero: there is no such header

	ContentSecurityPolicy string // header of a page; empty for data
	OmitEnvelope          bool   // the JSON body has none of the common members
	ShowsAges             bool   // the body tells ages, so it is rendered for every call

	// Render appends the body to prefix, which holds the envelope of a JSON
	// answer and is empty otherwise. Rendering in place saves a copy of large
	// answers: a fifth of the CPU of a list of 120 kB.
	Render func(ctx context.Context, prefix []byte) (*Body, error)
}

// Body is a rendered body without its envelope. It is cached and shared, so it
// must not be changed.
type Body struct {
	Bytes    []byte
	Next     string     // cursor of the next page; empty: this is the last
	Total    string     // TotalCount, for formats that have no place for it; empty: nothing is counted
	Cursor   string     // where a feed goes on, even if nothing has happened since; empty: not a feed
	Hints    hint.Hints // why there are few images or none
	View     any        // what a page shows; nil: the answer is not for a page
	deflated []byte     // raw deflate of bytes; nil: not compressed yet
}
