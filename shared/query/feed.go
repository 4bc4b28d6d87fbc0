package query

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// place is where a reader of the feed stands: before the event with the
// number offset, from 0, of a commit. Every event counts, whatever the reader
// filters.
type feedPosition struct {
	sequence int64
	offset   int
}

func (p feedPosition) String() string { return fmt.Sprintf("c%d.%d", p.sequence, p.offset) }

func (p feedPosition) after(o feedPosition) bool {
	return p.sequence > o.sequence || p.sequence == o.sequence && p.offset > o.offset
}

// since is where a feed begins: at a place, or after a time or commit.
type feedSince struct {
	cursor   bool
	position feedPosition
	asOf
}

// parseSince reads a cursor of the feed or a moment.
func (p *parser) parseFeedSince(s string) (feedSince, error) {
	if rest, ok := strings.CutPrefix(s, "c"); ok {
		a, b, dotted := strings.Cut(rest, ".")
		n, err1 := strconv.ParseInt(a, 10, 53)
		m, err2 := strconv.ParseInt(b, 10, 31) // so that no sum of places overflows
		if !dotted || err1 != nil || err2 != nil || n < 0 || m < 0 {
			return feedSince{}, fmt.Errorf("%s is not a cursor of this feed", quote(s))
		}
		return feedSince{cursor: true, position: feedPosition{n, int(m)}}, nil
	}
	if s == "0" {
		return feedSince{cursor: true}, nil
	}
	m, err := p.parsePastTime(s)
	return feedSince{asOf: m}, err
}

// entry is one event of a feed, as it is shown.
type feedEntry struct {
	id       string // of the image
	scope    archive.ScopeRef
	kind     eventKind
	position feedPosition
	at       catalog.Time
	fields   []catalog.FieldChange
}

// feed is a stretch of the history of a region, oldest first.
type eventPage struct {
	entries []feedEntry
	end     feedPosition // where the next stretch begins
	more    bool
}

// wanted says which events a feed holds.
type eventFilter struct {
	selection selection
	images    []string // ids; nil: every image
	kinds     []eventKind
	limit     int
	newest    bool // the last ones, newest first, instead of the first
}

// stretch collects events from start up to the end of a commit.
func (t *history) readPage(start feedPosition, last int64, w eventFilter) eventPage {
	t.mu.RLock()
	defer t.mu.RUnlock()
	from := min(t.countEventsUpTo(start.sequence-1)+int32(start.offset), t.countEventsUpTo(start.sequence))
	f := eventPage{end: feedPosition{last + 1, 0}}
	if start.after(f.end) { // another instance knows more; the reader never goes back
		f.end = start
	}
	t.eachEvent(from, max(from, t.countEventsUpTo(last)), w, func(at int32) bool {
		if len(f.entries) == w.limit {
			f.more = true
			return false
		}
		f.entries = append(f.entries, t.feedEntryAt(at))
		return true
	})
	if f.more && !w.newest {
		f.end = f.entries[len(f.entries)-1].position
		f.end.offset++
	}
	return f
}

// each yields the places of wanted events in [from, to).
func (t *history) eachEvent(from, to int32, w eventFilter, yield func(int32) bool) {
	covered := make([]bool, len(t.scopes))
	for i, ref := range t.scopes {
		covered[i] = w.selection.includes(ref)
	}
	n, at := int(to-from), func(i int) int32 { return from + int32(i) }
	if w.images != nil {
		own := t.eventsOfImages(w.images, from, to)
		n, at = len(own), func(i int) int32 { return own[i] }
	}
	for i := range n {
		place := at(i)
		if w.newest {
			place = at(n - 1 - i)
		}
		e := t.events[place]
		if covered[e.scope] && slices.Contains(w.kinds, e.kind) && !yield(place) {
			return
		}
	}
}

// eventsOf are the places in [from, to) of the events of images.
func (t *history) eventsOfImages(ids []string, from, to int32) (places []int32) {
	for _, id := range ids {
		if image, known := t.imageAt[id]; known {
			own := t.byImage[image]
			first, _ := slices.BinarySearch(own, from)
			end, _ := slices.BinarySearch(own, to)
			places = append(places, own[first:end]...)
		}
	}
	slices.Sort(places)
	return places
}

func (t *history) feedEntryAt(at int32) feedEntry {
	e := t.events[at]
	c := t.commits[e.commit]
	return feedEntry{
		id: t.images[e.image], scope: t.scopes[e.scope], kind: e.kind, at: c.at, fields: t.fields[at],
		position: feedPosition{c.sequence, int(at - t.countEventsUpTo(c.sequence-1))},
	}
}

// begin resolves where a feed begins whose end is a state. It is an error if
// commits between there and the first that is kept are gone, or if the commit
// to begin after is not there yet.
func (t *history) resolveStart(s feedSince, now time.Time, st *regionState) (feedPosition, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if len(t.commits) == 0 {
		return s.position, nil
	}
	first := t.commits[0]
	early := &archive.TooEarlyError{First: first.at, FirstSequence: first.sequence}
	switch {
	case s.cursor && s.position.sequence > 0 && s.position.sequence < first.sequence:
		return feedPosition{}, feedCursorExpired(early)
	case s.cursor:
		return s.position, nil
	case s.sequence > st.Sequence:
		return feedPosition{}, startAfterEnd(st)
	case s.sequence != 0 && s.sequence+1 < first.sequence:
		return feedPosition{}, early
	case s.sequence != 0:
		return feedPosition{s.sequence + 1, 0}, nil
	case !s.asOf.set:
		return feedPosition{}, nil
	}
	after := s.resolveTime(now)
	if first.sequence > 1 && after.Before(first.at.Time) {
		return feedPosition{}, early
	}
	i, _ := slices.BinarySearchFunc(t.commits, after, func(c commitRef, after time.Time) int {
		if c.at.After(after) {
			return 1
		}
		return -1
	})
	if !st.live && i > 0 && t.commits[i-1].at.After(st.CommittedAt.Time) {
		return feedPosition{}, startAfterEnd(st)
	}
	if i == 0 {
		return feedPosition{}, nil
	}
	return feedPosition{t.commits[i-1].sequence + 1, 0}, nil // not that of the next commit, which may come later
}

// beyond is the error about a feed that would begin after its end.
func startAfterEnd(st *regionState) error {
	if st.live {
		return &archive.FutureError{Last: st.Sequence}
	}
	return &apierror.Error{Status: http.StatusNotFound, Code: codeFuture, Message: fmt.Sprintf("Up to the time of at the last commit is number %d, and since is later.", st.Sequence), Recommend: "Ask since that commit or an earlier one, or for a later time with at."}
}

func feedCursorExpired(early *archive.TooEarlyError) error {
	e := toAPIError(early)
	return &apierror.Error{Status: http.StatusGone, Code: codeExpired, Recommend: "Begin again with since=0, or since that commit.",
		Message: "The commits that this cursor goes on with are not kept any more. " + e.Message}
}

// knows holds a choice against the scopes that are or were captured: a name
// that never was one is an error and not an empty feed.
func (t *history) checkSelection(c selection, st *regionState) error {
	for _, name := range c.clusters {
		if isClusterName(name) && !st.hasCluster(name) && !t.hasCluster(name) {
			return &clusterError{region: st.RegionID, name: name, clusters: st.clusterNames(), listed: st.isListed(name)}
		}
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, name := range c.types {
		one := selection{c.clusters, []string{name}}
		if name != allNames && !slices.ContainsFunc(t.scopes, one.includes) && !slices.ContainsFunc(st.Scopes, func(sc archive.ScopeState) bool {
			return one.includes(archive.ScopeRef{ClusterID: sc.ClusterID, InstanceType: sc.InstanceType})
		}) {
			return scopeNotFound(one, st)
		}
	}
	return nil
}

// knowsCluster says whether a cluster is or was captured.
func (t *history) hasCluster(name string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.ContainsFunc(t.scopes, func(ref archive.ScopeRef) bool { return ref.ClusterID == name })
}
