package query_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// expectedEvent is one event, in text that can be compared.
type expectedEvent struct {
	sequence int64
	kind     string
	id       string
	path     string
	fields   string
	name     string // in the scope, after the commit or before a removal; not of kept events

	offset int    // in its commit
	change string // fields without a short form
	group  int    // of equal changes of the image
}

func (e expectedEvent) String() string {
	return fmt.Sprintf("%d %s %s %s %s %q", e.sequence, e.kind, e.id, e.path, e.fields, e.name)
}

// expectedEvents derives the events from the states alone: by commit, first the scopes
// that ended, then by image, of one image removed, added and then each group of equal
// changes, and by scope. A scope that ends comes behind the others.
func (c *simulation) expectedEvents() []expectedEvent {
	var list []expectedEvent
	was := map[string]expectedScope{}
	for i, state := range c.expected {
		paths := slices.Sorted(maps.Keys(state.scopes))
		for _, path := range slices.Sorted(maps.Keys(was)) {
			if _, there := state.scopes[path]; !there {
				paths = append(paths, path)
			}
		}
		var events, ended []expectedEvent
		for path := range was {
			if _, there := state.scopes[path]; !there {
				ended = append(ended, expectedEvent{sequence: int64(i + 1), kind: "ended", path: path})
			}
		}
		slices.SortFunc(ended, func(a, b expectedEvent) int { return strings.Compare(a.path, b.path) })
		groups := map[string]int{} // the first scope of each group of equal changes of an image
		for number, path := range paths {
			for _, e := range compareDocs(was[path].docs, state.scopes[path].docs) {
				e.sequence, e.path = int64(i+1), path
				group := e.id + " " + e.change
				if _, known := groups[group]; !known {
					groups[group] = number
				}
				e.group = groups[group]
				events = append(events, e)
			}
		}
		slices.SortStableFunc(events, func(a, b expectedEvent) int {
			order := []string{"removed", "added", "changed"}
			return cmp.Or(strings.Compare(a.id, b.id), slices.Index(order, a.kind)-slices.Index(order, b.kind),
				a.group-b.group)
		})
		events = slices.Concat(ended, events)
		for offset := range events {
			events[offset].offset = offset
		}
		list = append(list, events...)
		was = state.scopes
	}
	return list
}

// summarize counts what the simulation holds, for the log of the test.
func (c *simulation) summarize() string {
	n := map[string]int{}
	for _, e := range c.expectedEvents() {
		n[e.kind]++
		if e.fields == "several" {
			n["of several entries"]++
		}
	}
	was := map[string]expectedScope{}
	for _, state := range c.expected {
		if state.endsMonth {
			n["seals"]++
		}
		for path, s := range state.scopes {
			if old, there := was[path]; !there {
				n["scopes appeared"]++
			} else if old.state != s.state {
				n["to "+string(s.state)]++
			}
		}
		for path := range was {
			if _, there := state.scopes[path]; !there {
				n["scopes ended"]++
			}
		}
		was = state.scopes
	}
	return fmt.Sprint(n)
}

// compareDocs compares two lists of objects by id.
func compareDocs(before, after []string) []expectedEvent {
	group := func(docs []string) map[string][]string {
		byID := map[string][]string{}
		for _, doc := range docs {
			byID[docID(doc)] = append(byID[docID(doc)], doc)
		}
		return byID
	}
	old, new := group(before), group(after)
	var list []expectedEvent
	for _, id := range slices.Sorted(maps.Keys(old)) {
		switch {
		case new[id] == nil:
			list = append(list, expectedEvent{kind: "removed", id: id, name: docName(old[id])})
		case !slices.Equal(old[id], new[id]):
			list = append(list, expectedEvent{kind: "changed", id: id, fields: describeChanges(old[id], new[id]),
				change: describePairs(old[id], new[id]), name: docName(new[id])})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(new)) {
		if old[id] == nil {
			list = append(list, expectedEvent{kind: "added", id: id, name: docName(new[id])})
		}
	}
	return list
}

// docName returns the name of the image with these entries.
func docName(docs []string) string {
	var image struct{ ImageName string }
	if err := json.Unmarshal([]byte(slices.Min(docs)), &image); err != nil {
		panic(err)
	}
	return image.ImageName
}

// describePairs names the fields that differ between the entries of one id. Entries on
// both sides cancel out, the others are paired in order.
func describePairs(before, after []string) string {
	if len(before) == 1 && len(after) == 1 {
		return describeChanges(before, after)
	}
	old := slices.DeleteFunc(slices.Clone(before), func(doc string) bool { return slices.Contains(after, doc) })
	new := slices.DeleteFunc(slices.Clone(after), func(doc string) bool { return slices.Contains(before, doc) })
	var list []string
	for len(old) > 0 && len(new) > 0 {
		list = append(list, describeChanges(old[:1], new[:1]))
		old, new = old[1:], new[1:]
	}
	return fmt.Sprint(list, "gone", old, "new", new)
}

// describeChanges names the fields that differ between two entries. If an id
// has several entries, it only says so.
func describeChanges(before, after []string) string {
	if len(before) != 1 || len(after) != 1 {
		return "several"
	}
	old, new := flattenObject(before[0]), flattenObject(after[0])
	for name := range old { // an object against something else is one change
		top, _, nested := strings.Cut(name, ".")
		if _, plain := new[top]; nested && (plain || !hasPrefixKey(new, top+".")) {
			old[top] = memberOf(before[0], top)
			delete(old, name)
		}
	}
	for name := range new {
		top, _, nested := strings.Cut(name, ".")
		if _, plain := old[top]; nested && (plain || !hasPrefixKey(old, top+".")) {
			new[top] = memberOf(after[0], top)
			delete(new, name)
		}
	}
	all := maps.Clone(old)
	maps.Copy(all, new)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if old[name] != new[name] {
			list = append(list, fmt.Sprintf("%s:%s>%s", name, old[name], new[name]))
		}
	}
	return strings.Join(list, ";")
}

func hasPrefixKey(m map[string]string, prefix string) bool {
	for name := range m {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func memberOf(doc, name string) string {
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(doc), &object); err != nil {
		panic(err)
	}
	return string(object[name])
}

// flattenObject lists the values of an object by dotted name.
func flattenObject(doc string) map[string]string {
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(doc), &object); err != nil {
		panic(err)
	}
	values := map[string]string{}
	for name, value := range object {
		if !bytes.HasPrefix(value, []byte("{")) {
			values[name] = string(value)
			continue
		}
		for inner, v := range flattenObject(string(value)) {
			values[name+"."+inner] = v
		}
	}
	return values
}

// answeredEvent is an event in an answer: of a feed, a history or a diff.
type answeredEvent struct {
	Sequence                                            int64
	CommittedAt, Kind, ImageId, ClusterId, InstanceType string
	ImageName                                           string
	ImageCount                                          *int // of kind ended
	Fields                                              []struct {
		Field         string
		Before, After json.RawMessage
	}
}

// toExpected turns an answered event into an expected one. several says that
// its id has several entries, which only the simulation knows.
func (e answeredEvent) toExpected(several bool) expectedEvent {
	out := expectedEvent{sequence: e.Sequence, kind: e.Kind, id: e.ImageId, path: orAnyPath(e.ClusterId) + "/" +
		orAnyPath(e.InstanceType)}
	if e.Kind != "kept" {
		out.name = e.ImageName
	}
	var list []string
	for _, f := range e.Fields {
		list = append(list, fmt.Sprintf("%s:%s>%s", f.Field, f.Before, f.After))
	}
	slices.Sort(list)
	out.fields = strings.Join(list, ";")
	if several && out.fields != "" {
		out.fields = "several"
	}
	return out
}

func orAnyPath(name string) string {
	if name == "" {
		return "_any"
	}
	return name
}
