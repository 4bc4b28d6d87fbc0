package query

import (
	"fmt"
	"slices"
	"strings"
)

var (
	// since and cursor write to the same field, and both take a cursor.
	paramSince = param{
		name:    "since",
		example: "-24h",
		about: "where the feed begins: a NextCursor of this region, or after a time or commit; default, and 0: the first " +
			"commit that is kept. An earlier time is an error if retention has removed commits after it. A NextCursor " +
			"names its region, and the commit that it follows: 410 CursorExpired if the log does not hold that commit",
		allowed: "a NextCursor of this feed, " + allowedTimes,
		parse: func(p *parser, v []string) (err error) {
			p.request.since, err = p.parseFeedSince(v[0])
			return err
		},
	}
	// cursor is the name by which Link headers and other routes go on.
	paramFeedCursor = param{
		name:    "cursor",
		about:   "the same as since",
		allowed: "a NextCursor of this feed",
		parse: func(p *parser, v []string) error {
			since, err := p.parseFeedSince(v[0])
			if err != nil || since.cursor == nil {
				return &valueError{value: v[0]}
			}
			p.request.since = since
			return nil
		},
	}
	// The kind "kept" cannot be asked for: it is no change, but where a history
	// begins.
	paramKind = param{
		name:        "kind",
		ignoresCase: true,
		example:     "removed",
		about:       "only these kinds of change",
		allowed:     "added, removed, changed or ended",
		isList:      true,
		parse: func(p *parser, v []string) error {
			for _, name := range v {
				kind := slices.Index(kindNames[:kindPresent], foldCase(name))
				if kind < 0 {
					return &valueError{name, didYouMean(name, kindNames[:kindPresent])}
				}
				p.request.kinds = append(p.request.kinds, eventKind(kind))
			}
			return nil
		},
	}
	// A feed takes ids only. Other fields change over time, so it would not be
	// clear which state they should match.
	paramImageID = param{
		name:    "ImageId",
		example: "m-bp181x855551ww5yq",
		about:   "only changes of these images",
		allowed: "ids of images",
		isList:  true,
		parse: func(p *parser, v []string) error {
			// Sorted, so that the order of the question makes no other feed.
			p.request.feedImageIDs = slices.Compact(slices.Sorted(slices.Values(v)))
			return nil
		},
	}
)

// feedSince is where a feed begins, as the caller wrote it: at a cursor, or
// after a moment. The zero value is the beginning of the kept history.
type feedSince struct {
	cursor *feedCursor // nil: none
	// fromStart says that since=0 was given. Only an Atom feed tells it from no
	// since at all.
	fromStart bool
	// asOf is the moment to begin after. It counts if it is set.
	asOf
}

// parseFeedSince reads a cursor of a feed, or a moment that is not in the
// future.
func (p *parser) parseFeedSince(text string) (feedSince, error) {
	if strings.HasPrefix(text, "c") { // no moment begins so
		c, ok := parseFeedCursor(text)
		if !ok {
			return feedSince{}, &valueError{value: text}
		}
		return feedSince{cursor: &c}, nil
	}
	if text == "0" {
		return feedSince{fromStart: true}, nil
	}
	m, err := p.parsePastTime(text)
	return feedSince{asOf: m}, err
}

// checkFeedStart adds a fault if a request has both since and cursor, or a
// cursor of another region. It looks at the names as given, because both
// parameters have the same field.
func checkFeedStart(p *parser) {
	var starts []string
	for _, given := range p.given {
		if given.name == "since" || given.name == "cursor" {
			starts = append(starts, given.name)
		}
	}
	c := p.request.since.cursor
	switch {
	case len(starts) > 1:
		p.addFault(codeInvalid, "cursor", "cannot be combined with since", "either since or cursor")
	case c != nil && p.request.region != "" && p.request.region != c.region:
		reason := fmt.Sprintf("is a position in region %s, not in %s", quote(c.region), quote(p.request.region))
		p.addFault(codeInvalid, starts[0], reason, "a NextCursor of the same region")
	case c != nil && !slices.Contains(p.config.regions, c.region):
		reason := fmt.Sprintf("is a position in region %s, which is not served here", quote(c.region))
		p.addFault(codeInvalid, starts[0], reason, "a NextCursor of "+joinWithOr(p.config.regions))
	}
}
