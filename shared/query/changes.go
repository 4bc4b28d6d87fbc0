package query

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

var (
	paramSince = param{name: "since", example: "-24h", about: "where the feed begins: a NextCursor, or after a time or commit; default, and 0: the first commit that is kept. An earlier time is an error if retention has removed commits after it", allowed: "a NextCursor of this feed, " + asOfForms,
		parse: func(p *parser, v []string) (err error) {
			p.request.since, err = p.parseFeedSince(v[0])
			return err
		}}
	paramFeedCursor = param{name: "cursor", about: "the same as since", allowed: "a NextCursor of this feed",
		parse: func(p *parser, v []string) error {
			s, err := p.parseFeedSince(v[0])
			if err != nil || !s.cursor {
				return fmt.Errorf("%s is not a cursor of this feed", quote(v[0]))
			}
			p.request.since = s
			return nil
		}}
	paramKind = param{name: "kind", ignoresCase: true, example: "removed", about: "only these kinds of change", allowed: "added, removed, changed", isList: true,
		parse: func(p *parser, v []string) error {
			for _, name := range v {
				switch strings.ToLower(name) {
				case "added":
					p.request.kinds = append(p.request.kinds, kindAdded)
				case "removed":
					p.request.kinds = append(p.request.kinds, kindRemoved)
				case "changed":
					p.request.kinds = append(p.request.kinds, kindChanged)
				default:
					return fmt.Errorf("%s is not a kind%s", quote(name), didYouMean(name, kindNames[:3]))
				}
			}
			return nil
		}}
	paramImageID = param{name: "ImageId", example: "m-bp181x855551ww5yq", about: "only changes of these images", allowed: "ids of images", isList: true,
		parse: func(p *parser, v []string) error {
			p.request.feedImageIDs = slices.Compact(slices.Sorted(slices.Values(v)))
			return nil
		}}
)

// wantedImageIDs are the ids that a request is about: that of the path, those of a
// feed, or those that a list is filtered by; nil: every image.
func (a *request) wantedImageIDs() []string {
	switch {
	case a.imageID != "":
		return []string{a.imageID}
	case a.feedImageIDs != nil:
		return a.feedImageIDs
	}
	return a.imageIDs
}

// checkFeedStart refuses two beginnings.
func checkFeedStart(p *parser) {
	n := 0
	for _, g := range p.given {
		if g.name == "since" || g.name == "cursor" {
			n++
		}
	}
	if n > 1 {
		p.addFault(codeInvalid, "cursor", "cannot be combined with since", "either since or cursor")
	}
}

// serveFeed serves /v1/changes and /v1/images/{ImageId}/history.
func (s *service) serveFeed(ctx context.Context, a *request) (*answer, error) {
	region, err := s.findRegion(ctx, a)
	if err != nil {
		return nil, err
	}
	h, st, err := s.loadState(ctx, a, region)
	if err != nil {
		return nil, err
	}
	v := st.matchingScopes(a.selection)
	f := v.computeFreshness(h, st, a.at, s.now(), s.maxStale)
	if err := a.checkMaxAge(v, s); err != nil {
		return nil, err
	}
	now, relative := s.now(), ""
	if a.since.asOf.set && !a.since.isAbsolute() { // the place is the question, not the time of asking
		start, err := s.findFeedStart(ctx, a, h, st, now)
		if err != nil {
			return nil, err
		}
		relative = start.String()
	}
	return &answer{
		freshness: &f, region: region, lastModified: st.CommittedAt, immutable: isImmutable(a, false, shownState{a.at, st}),
		etag: makeETag(region+s.grantKey, strconv.FormatInt(st.Sequence, 10), a.canonical, a.format, relative), // callers share numbers, not events
		render: func(ctx context.Context, prefix []byte) (*body, error) {
			return s.renderFeed(ctx, prefix, a, h, st, now)
		},
	}, nil
}

// findFeedStart is where the feed begins that is asked for at now.
func (s *service) findFeedStart(ctx context.Context, a *request, h currentState, st *regionState, now time.Time) (feedPosition, error) {
	t, err := s.loadHistory(ctx, h)
	if err != nil {
		return feedPosition{}, err
	}
	start, err := t.resolveStart(a.since, now, st)
	return start, withParam("since", err)
}

func (s *service) renderFeed(ctx context.Context, prefix []byte, a *request, h currentState, st *regionState, now time.Time) (*body, error) {
	region := st.RegionID
	t, err := s.loadHistory(ctx, h)
	if err != nil {
		return nil, err
	}
	if err := t.checkSelection(a.selection, st); err != nil {
		return nil, err
	}
	w := eventFilter{selection: a.selection, images: a.wantedImageIDs(), kinds: a.kinds, limit: a.limit, newest: a.format == formatAtom && !a.since.cursor && !a.since.asOf.set}
	history := a.route.hasImageID()
	if w.kinds == nil {
		w.kinds = []eventKind{kindAdded, kindRemoved, kindChanged}
		if history {
			w.kinds = append(w.kinds, kindPresent)
		}
	}
	start, err := t.resolveStart(a.since, now, st)
	if err != nil {
		return nil, withParam("since", err)
	}
	f := t.readPage(start, st.Sequence, w)
	if history && len(f.entries) == 0 {
		if l := t.lifespanOf(a.imageID, st, a.selection); !l.known {
			return nil, l.imageUnknownError(a, st)
		}
	}
	b := &body{cursor: f.end.String()}
	if f.more && !w.newest {
		b.next = b.cursor
	}
	switch a.format {
	case formatNDJSON:
		for _, e := range f.entries {
			b.bytes = append(e.appendJSON(b.bytes, region), '\n')
		}
	case formatAtom:
		b.bytes = s.renderAtom(a, f, region, st, b.next)
	default:
		b.bytes = f.appendJSON(prefix, region, history, a.imageID)
	}
	return b, nil
}

// appendJSON writes the body of a feed after the common members.
func (f eventPage) appendJSON(b []byte, region string, history bool, id string) []byte {
	name := "Changes"
	if history {
		name = "Events"
		b = append(append(b, `,"ImageId":`...), jsonString(id)...)
	}
	b = strconv.AppendInt(append(b, `,"Count":`...), int64(len(f.entries)), 10)
	b = strconv.AppendBool(append(b, `,"More":`...), f.more)
	b = append(append(b, `,"NextCursor":`...), jsonString(f.end.String())...)
	b = append(b, `,"`+name+`":[`...)
	for i, e := range f.entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = e.appendJSON(b, region)
	}
	return append(b, "]}\n"...)
}

func (e feedEntry) appendJSON(b []byte, region string) []byte {
	b = append(b, `{"Sequence":`...)
	b = strconv.AppendInt(b, e.position.sequence, 10)
	b = append(b, `,"CommittedAt":"`...)
	b = appendTime(b, e.at)
	b = append(b, `","Kind":"`...)
	b = append(b, kindNames[e.kind]...)
	b = append(b, `","ImageId":`...)
	b = appendString(b, e.id)
	b = append(b, `,"RegionId":`...)
	b = appendString(b, region)
	b = append(b, `,"ClusterId":`...)
	b = appendString(b, e.scope.ClusterID)
	b = append(b, `,"InstanceType":`...)
	b = appendString(b, e.scope.InstanceType)
	if e.kind == kindChanged {
		b = append(b, `,"Fields":`...)
		b = appendFieldChanges(b, e.fields)
	}
	return append(b, '}')
}

// appendFieldChanges writes field changes; a side that is missing is left out.
func appendFieldChanges(b []byte, fields []catalog.FieldChange) []byte {
	b = append(b, '[')
	for i, c := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"Field":`...)
		b = appendString(b, c.Field)
		if c.Before != nil {
			b = append(append(b, `,"Before":`...), c.Before...)
		}
		if c.After != nil {
			b = append(append(b, `,"After":`...), c.After...)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

// describeScope names a scope for people.
func describeScope(ref archive.ScopeRef) string {
	text := "every cluster"
	if ref.ClusterID != "" {
		text = "cluster " + ref.ClusterID
	}
	if ref.InstanceType != "" {
		text += " with " + ref.InstanceType
	}
	return text
}
