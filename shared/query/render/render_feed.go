package render

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/history"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// The writing of feeds: from a page of events to bytes. How the page was found does not
// matter here.

// newFieldChanges returns the changes of an image's fields as JSON has them.
func newFieldChanges(fields []catalog.FieldChange) []FieldChange {
	list := make([]FieldChange, 0, len(fields))
	for _, c := range fields {
		list = append(list, FieldChange{field.UpstreamName(c.Field),
			json.RawMessage(c.Before), json.RawMessage(c.After)})
	}
	return list
}

// newEventJSON returns an event of one scope of a region as JSON has it.
func newEventJSON(e *history.Event, region string) Event {
	j := Event{
		Kind: e.Kind.Name(), ImageID: e.ImageID, ImageName: e.ImageName, RegionID: region,
		ClusterID: e.Scope.ClusterID, InstanceType: e.Scope.InstanceType, Fields: newFieldChanges(e.Fields),
	}
	if e.Commit != nil { // a diff has no commit
		j.Sequence, j.CommittedAt = e.Commit.Sequence, e.Commit.At
	}
	if e.Kind == request.KindEnded {
		j.ClusterName, j.ImageCount = e.Ended.ClusterName, &e.Ended.Images
	}
	return j
}

// newChangeJSON returns a row as JSON has it.
func newChangeJSON(e *history.Event, region string) Change {
	j := Change{Kind: e.Kind.Name(), RegionID: region}
	if e.Commit != nil { // a diff has no commit
		j.Sequence, j.CommittedAt = e.Commit.Sequence, e.Commit.At
	}
	if e.Kind == request.KindEnded {
		j.ClusterID, j.ClusterName, j.ImageCount = &e.Scope.ClusterID, e.Ended.ClusterName, &e.Ended.Images
		j.InstanceTypes = history.TypesIn(e.Row.Lost)
		return j
	}
	j.ImageID, j.ImageName, j.Offered = e.ImageID, e.ImageName, &e.Row.IsOffered
	j.Lost, j.Gained, j.Changed = newScopesJSON(e.Row.Lost), newScopesJSON(e.Row.Gained), newScopesJSON(e.Row.Changed)
	j.Fields = newFieldChanges(e.Fields)
	return j
}

// newScopesJSON returns scopes as JSON has them, or nil if there are none.
func newScopesJSON(scopes []format.ScopeRef) *Scopes {
	if len(scopes) == 0 {
		return nil
	}
	clusters, everyCluster := history.ClustersIn(scopes)
	return &Scopes{clusters, history.TypesIn(scopes), everyCluster}
}

// eventColumns are the columns of Event.cells.
var eventColumns = []string{
	"Sequence", "CommittedAt", "Kind", "ImageId", "ImageName", "ClusterId", "InstanceType", "Details",
}

// cells returns a row for csv and the like.
func (e Event) cells() []string {
	details := describeFields(e.Fields)
	if e.ImageCount != nil {
		details = describeEnded(e.ClusterName, *e.ImageCount)
	}
	return []string{
		strconv.FormatInt(e.Sequence, 10), e.CommittedAt.String(), string(e.Kind), e.ImageID, e.ImageName, e.ClusterID,
		e.InstanceType, details,
	}
}

// changeColumns are the columns of Change.cells, of a feed. A diff lacks the first
// two.
var changeColumns = []string{
	"Sequence", "CommittedAt", "Kind", "ImageId", "ImageName", "Offered", "LostBy", "GainedBy", "ChangedIn",
	"InstanceTypes", "Details",
}

// cells returns a row for csv and the like. A cluster that ended is in LostBy.
func (c Change) cells() []string {
	cells := []string{
		strconv.FormatInt(c.Sequence, 10), c.CommittedAt.String(), string(c.Kind), c.ImageID, c.ImageName, "",
		c.Lost.joinClusters(), c.Gained.joinClusters(), c.Changed.joinClusters(), "", describeFields(c.Fields),
	}
	types := c.InstanceTypes
	if c.Offered != nil {
		cells[5] = strconv.FormatBool(*c.Offered)
		for _, scopes := range []*Scopes{c.Lost, c.Gained, c.Changed} {
			if scopes != nil {
				types = append(types, scopes.InstanceTypes...)
			}
		}
		slices.Sort(types)
	} else {
		cells[6], cells[10] = cmp.Or(*c.ClusterID, catalog.Any), describeEnded(c.ClusterName, *c.ImageCount)
	}
	cells[9] = strings.Join(slices.Compact(types), ";")
	return cells
}

// joinClusters returns the clusters as one cell.
func (s *Scopes) joinClusters() string {
	switch {
	case s == nil:
		return ""
	case s.EveryCluster:
		return strings.Join(append([]string{catalog.Any}, s.Clusters...), ";")
	}
	return strings.Join(s.Clusters, ";")
}

// describeEnded says what a cluster was that ended: its name, and how many images it had.
func describeEnded(clusterName string, images int) string {
	text := fmt.Sprintf("%d images", images)
	if images == 1 {
		text = "1 image"
	}
	if clusterName != "" {
		text = clusterName + ", " + text
	}
	return text
}

// describeFields writes changes of fields into one cell.
func describeFields(fields []FieldChange) string {
	var list []string
	for _, f := range fields {
		list = append(list, fmt.Sprintf("%s: %s → %s", f.Field, valueOrNone(f.Before), valueOrNone(f.After)))
	}
	return strings.Join(list, "; ")
}

// listRenderer writes a list of wire structs in the formats that every list has but JSON.
type listRenderer[T any] struct {
	list    []T
	columns []string
	cells   func(T) []string
}

// render writes the list. lastLine is that of a table; empty: none.
func (r listRenderer[T]) render(req *request.Request, lastLine string) ([]byte, error) {
	if req.Format == request.FormatNDJSON {
		return AppendLines(nil, r.list, func(item T) T { return item })
	}
	t := Table{Columns: r.columns, Rows: Rows(r.list, r.cells), ByteOrder: req.Bom, LastLine: lastLine}
	return t.Render(req.Format), nil
}

// Events renders a page of events that ends with a state, in the format of the
// request. next is the cursor of the next page; empty: there is none.
func Events(
	page history.Page, prefix []byte, req *request.Request, end *state.RegionState, next string,
) ([]byte, error) {
	feed := Feed{Count: len(page.Entries), More: page.More, NextCursor: page.End.String()}
	lastLine := ""
	if page.More {
		lastLine = describeMore(len(page.Entries), next)
	}
	switch {
	case req.Format == request.FormatAtom:
		return Atom(req, page, end, next), nil
	case !req.ListsScopes():
		list := newChanges(page.Entries, end.RegionID)
		if req.Format == request.FormatJSON {
			return AppendMembers(prefix, ChangeFeed{feed, list})
		}
		return listRenderer[Change]{list, changeColumns, Change.cells}.render(req, lastLine)
	}
	list := newEvents(page.Entries, end.RegionID)
	switch {
	case req.Format != request.FormatJSON:
		return listRenderer[Event]{list, eventColumns, Event.cells}.render(req, lastLine)
	case req.Route.HasImageID():
		return AppendMembers(prefix, History{req.ImageID, feed, list})
	}
	return AppendMembers(prefix, ScopeChangeFeed{feed, list})
}

// EventView is some events of a region, for an HTML page.
type EventView struct {
	Feed
	Newest  bool     // they are newest first, else oldest first
	Changes []Change // nil: there is an entry for each scope
	Events  []Event
}

// ViewEvents returns events for an HTML page.
func ViewEvents(page history.Page, req *request.Request, region string) *EventView {
	view := &EventView{
		Feed:   Feed{Count: len(page.Entries), More: page.More, NextCursor: page.End.String()},
		Newest: req.ShowsNewest(),
	}
	if req.ListsScopes() {
		view.Events = newEvents(page.Entries, region)
	} else {
		view.Changes = newChanges(page.Entries, region)
	}
	return view
}

// newChanges returns rows of a region as JSON has them.
func newChanges(rows []*history.Event, region string) []Change {
	return mapList(rows, func(e *history.Event) Change { return newChangeJSON(e, region) })
}

// newEvents returns events of scopes of a region as JSON has them.
func newEvents(events []*history.Event, region string) []Event {
	return mapList(events, func(e *history.Event) Event { return newEventJSON(e, region) })
}

// mapList returns a list of what a function makes of each item. It is never nil.
func mapList[T, J any](list []T, f func(T) J) []J {
	out := make([]J, 0, len(list))
	for _, item := range list {
		out = append(out, f(item))
	}
	return out
}

// describeMore returns the last line of a table of events that is followed by others.
// next is the cursor of the next page.
func describeMore(shown int, next string) string {
	return fmt.Sprintf("%d shown; there can be more: add cursor=%s for the next, or leave limit out for all.", shown, next)
}

// describeScope names a scope in a sentence. It is used in the text of feeds,
// where "_any" would say nothing.
func describeScope(ref format.ScopeRef) string {
	// The list without a cluster has what every cluster supports.
	text := "every cluster"
	if ref.ClusterID != "" {
		text = "cluster " + ref.ClusterID
	}
	if ref.InstanceType != "" {
		text += " with " + ref.InstanceType
	}
	return text
}
