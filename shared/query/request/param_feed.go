package request

import (
	"slices"
	"strings"

	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
)

var (
	// since and cursor write to the same field, and both take a cursor.
	ParamSince = Param{
		Name:    "since",
		Example: "-24h",
		About: "where the feed begins: a NextCursor of this region, or after a time or commit; default, and 0: the first " +
			"commit that is kept. An earlier time is an error if retention has removed commits after it. A NextCursor " +
			"names its region, and the commit that it follows: 410 CursorExpired if the log does not hold that commit",
		allowed: "a NextCursor of this feed, " + allowedTimes,
		parse: func(p *parser, v []string) (err error) {
			p.request.Since, err = p.parseFeedSince(v[0])
			return err
		},
	}
	// cursor is the name by which Link headers and other routes go on.
	paramFeedCursor = Param{
		Name:    "cursor",
		About:   "the same as since",
		allowed: "a NextCursor of this feed",
		parse: func(p *parser, v []string) error {
			since, err := p.parseFeedSince(v[0])
			if err != nil || since.Cursor == nil {
				return &fault.ValueError{Value: v[0]}
			}
			p.request.Since = since
			return nil
		},
	}
	// The kind "kept" cannot be asked for: it is no change, but where a history
	// begins.
	paramKind = Param{
		Name:        "kind",
		ignoresCase: true,
		Example:     "removed",
		About:       "only these kinds of change",
		allowed:     "added, removed, changed or ended",
		IsList:      true,
		parse: func(p *parser, v []string) error {
			for _, name := range v {
				kind := slices.Index(KindNames[:KindPresent], field.FoldCase(name))
				if kind < 0 {
					return &fault.ValueError{Value: name, Suggestion: fault.DidYouMean(name, KindNames[:KindPresent])}
				}
				p.request.Kinds = append(p.request.Kinds, Kind(kind))
			}
			return nil
		},
	}
	// A feed takes ids only. Other fields change over time, so it would not be
	// clear which state they should match.
	paramImageID = Param{
		Name:    "ImageId",
		Example: "m-bp181x855551ww5yq",
		About:   "only changes of these images",
		allowed: "ids of images",
		IsList:  true,
		parse: func(p *parser, v []string) error {
			// Sorted, so that the order of the question makes no other feed.
			p.request.feedImageIDs = slices.Compact(slices.Sorted(slices.Values(v)))
			return nil
		},
	}
)

// Since is where a feed begins, as the caller wrote it: at a cursor, or
// after a moment. The zero value is the beginning of the kept history.
type Since struct {
	Cursor *FeedCursor // nil: none
	// fromStart says that since=0 was given. Only an Atom feed tells it from no
	// since at all.
	fromStart bool
	// AsOf is the moment to begin after. It counts if it is set.
	AsOf
}

// parseFeedSince reads a cursor of a feed, or a moment that is not in the
// future.
func (p *parser) parseFeedSince(text string) (Since, error) {
	if strings.HasPrefix(text, "c") { // no moment begins so
		c, ok := parseFeedCursor(text)
		if !ok {
			return Since{}, &fault.ValueError{Value: text}
		}
		return Since{Cursor: &c}, nil
	}
	if text == "0" {
		return Since{fromStart: true}, nil
	}
	m, err := p.parsePastTime(text)
	return Since{AsOf: m}, err
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
	c := p.request.Since.Cursor
	switch {
	case len(starts) > 1:
		p.addFault(fault.CodeInvalid, "cursor", message.New("cannot be combined with since"),
			message.New("either since or cursor"))
	case c != nil && p.request.Region != "" && p.request.Region != c.Region:
		reason := message.New("is a position in region %s, not in %s",
			fault.Quote(c.Region), fault.Quote(p.request.Region))
		p.addFault(fault.CodeInvalid, starts[0], reason, message.New("a NextCursor of the same region"))
	case c != nil && !slices.Contains(p.config.Regions, c.Region):
		reason := message.New("is a position in region %s, which is not served here", fault.Quote(c.Region))
		p.addFault(fault.CodeInvalid, starts[0], reason,
			message.New("a NextCursor of %s", message.Choice(p.config.Regions)))
	}
}
