package query

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// The writing of feeds: from a page of events to bytes. How the page was found does not
// matter here.

// newFieldChanges returns the changes of an image's fields as JSON has them.
func newFieldChanges(fields []catalog.FieldChange) []fieldChangeJSON {
	list := make([]fieldChangeJSON, 0, len(fields))
	for _, c := range fields {
		list = append(list, fieldChangeJSON{upstreamName(c.Field), json.RawMessage(c.Before), json.RawMessage(c.After)})
	}
	return list
}

// newEventJSON returns an event of one scope of a region as JSON has it.
func newEventJSON(e *event, region string) eventJSON {
	j := eventJSON{
		Sequence: e.commit.sequence, CommittedAt: e.commit.at, Kind: e.kind.name(), ImageID: e.imageID,
		ImageName: e.imageName, RegionID: region, ClusterID: e.scope.ClusterID, InstanceType: e.scope.InstanceType,
		Fields: newFieldChanges(e.fields),
	}
	if e.kind == kindEnded {
		j.ClusterName, j.ImageCount = e.ended.clusterName, &e.ended.images
	}
	return j
}

// newChangeJSON returns a row as JSON has it.
func newChangeJSON(e *event, region string) changeJSON {
	j := changeJSON{Kind: e.kind.name(), RegionID: region}
	if e.commit != nil { // a diff has no commit
		j.Sequence, j.CommittedAt = e.commit.sequence, e.commit.at
	}
	if e.kind == kindEnded {
		j.ClusterID, j.ClusterName, j.ImageCount = &e.scope.ClusterID, e.ended.clusterName, &e.ended.images
		j.InstanceTypes = typesIn(e.row.lost)
		return j
	}
	j.ImageID, j.ImageName, j.Offered = e.imageID, e.imageName, &e.row.isOffered
	j.Lost, j.Gained, j.Changed = newScopesJSON(e.row.lost), newScopesJSON(e.row.gained), newScopesJSON(e.row.changed)
	j.Fields = newFieldChanges(e.fields)
	return j
}

// newScopesJSON returns scopes as JSON has them, or nil if there are none.
func newScopesJSON(scopes []format.ScopeRef) *scopesJSON {
	if len(scopes) == 0 {
		return nil
	}
	clusters, everyCluster := clustersIn(scopes)
	return &scopesJSON{clusters, typesIn(scopes), everyCluster}
}

// eventColumns are the columns of eventJSON.cells.
var eventColumns = []string{
	"Sequence", "CommittedAt", "Kind", "ImageId", "ImageName", "ClusterId", "InstanceType", "Details",
}

// cells returns a row for csv and the like.
func (e eventJSON) cells() []string {
	details := describeFields(e.Fields)
	if e.ImageCount != nil {
		details = describeEnded(e.ClusterName, *e.ImageCount)
	}
	return []string{
		strconv.FormatInt(e.Sequence, 10), e.CommittedAt.String(), string(e.Kind), e.ImageID, e.ImageName, e.ClusterID,
		e.InstanceType, details,
	}
}

// changeColumns are the columns of changeJSON.cells, of a feed. A diff lacks the first
// two.
var changeColumns = []string{
	"Sequence", "CommittedAt", "Kind", "ImageId", "ImageName", "Offered", "LostBy", "GainedBy", "ChangedIn",
	"InstanceTypes", "Details",
}

// cells returns a row for csv and the like. A cluster that ended is in LostBy.
func (c changeJSON) cells() []string {
	cells := []string{
		strconv.FormatInt(c.Sequence, 10), c.CommittedAt.String(), string(c.Kind), c.ImageID, c.ImageName, "",
		c.Lost.joinClusters(), c.Gained.joinClusters(), c.Changed.joinClusters(), "", describeFields(c.Fields),
	}
	types := c.InstanceTypes
	if c.Offered != nil {
		cells[5] = strconv.FormatBool(*c.Offered)
		for _, scopes := range []*scopesJSON{c.Lost, c.Gained, c.Changed} {
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
func (s *scopesJSON) joinClusters() string {
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
func describeFields(fields []fieldChangeJSON) string {
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
func (r listRenderer[T]) render(req *request, lastLine string) ([]byte, error) {
	if req.format == formatNDJSON {
		return appendLines(nil, r.list, func(item T) T { return item })
	}
	t := cellTable{columns: r.columns, rows: rowsOf(r.list, r.cells), byteOrder: req.bom, lastLine: lastLine}
	return t.render(req.format), nil
}

// renderEvents renders a page of events that ends with a state, in the format of the
// request. next is the cursor of the next page; empty: there is none.
func renderEvents(page eventPage, prefix []byte, req *request, end *regionState, next string) ([]byte, error) {
	feed := feedJSON{Count: len(page.entries), More: page.more, NextCursor: page.end.String()}
	lastLine := ""
	if page.more {
		lastLine = describeMore(len(page.entries), next)
	}
	switch {
	case req.format == formatAtom:
		return renderAtom(req, page, end, next), nil
	case !req.listsScopes():
		list := mapList(page.entries, func(e *event) changeJSON { return newChangeJSON(e, end.RegionID) })
		if req.format == formatJSON {
			return appendMembers(prefix, changesJSON{feed, list})
		}
		return listRenderer[changeJSON]{list, changeColumns, changeJSON.cells}.render(req, lastLine)
	}
	list := mapList(page.entries, func(e *event) eventJSON { return newEventJSON(e, end.RegionID) })
	switch {
	case req.format != formatJSON:
		return listRenderer[eventJSON]{list, eventColumns, eventJSON.cells}.render(req, lastLine)
	case req.route.hasImageID():
		return appendMembers(prefix, historyJSON{req.imageID, feed, list})
	}
	return appendMembers(prefix, scopeChangesJSON{feed, list})
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
