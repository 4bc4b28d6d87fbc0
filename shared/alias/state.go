package alias

import (
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// Change is an alias that appeared, changed, or is no longer defined. A commit of the log
// has a list of them, sorted by name.
type Change struct {
	// After is the definition from the commit on. It is nil if there is none any more.
	After *Definition `json:"After,omitempty"`
	// Name is that of the alias.
	Name string `json:"Name"`
}

// State is an alias that is defined after a commit.
type State struct {
	Definition
	// Sequence is the commit that gave the alias its present rule: its lookup and pin.
	Sequence int64 `json:"Sequence"`
	// Since is the time of that commit.
	Since catalog.Time `json:"Since"`
}

// List has the aliases of a region, sorted by name, each once.
type List []State

// find returns where an alias is in the list, or where it belongs if found is false.
func (l List) find(name string) (at int, found bool) {
	return slices.BinarySearchFunc(l, name, func(s State, name string) int { return strings.Compare(s.Name, name) })
}

// Find returns the alias with a name. ok is false if there is none.
func (l List) Find(name string) (s State, ok bool) {
	at, ok := l.find(name)
	if !ok {
		return State{}, false
	}
	return l[at], true
}

// Apply returns the list after the changes of a commit with a number and a time. It does not
// change l.
func (l List) Apply(changes []Change, sequence int64, committedAt catalog.Time) List {
	if len(changes) == 0 {
		return l
	}
	after := slices.Clone(l)
	for _, c := range changes {
		at, found := after.find(c.Name)
		switch {
		case c.After == nil && !found:
		case c.After == nil:
			after = slices.Delete(after, at, at+1)
		case !found:
			after = slices.Insert(after, at, State{*c.After, sequence, committedAt})
		case after[at].hasRuleOf(*c.After):
			after[at].Definition = *c.After
		default:
			after[at] = State{*c.After, sequence, committedAt}
		}
	}
	if len(after) == 0 {
		return nil
	}
	return after
}

// Changes returns the differences between the list and the definitions of now, which have
// each name once. A nil slice means that these are not known: nothing has changed then.
func (l List) Changes(defined []Definition) []Change {
	if defined == nil {
		return nil
	}
	var changes []Change
	names := map[string]bool{}
	for _, d := range defined {
		names[d.Name] = true
		if s, found := l.Find(d.Name); !found || !s.Equal(d) {
			changes = append(changes, Change{After: &d, Name: d.Name})
		}
	}
	for _, s := range l {
		if !names[s.Name] {
			changes = append(changes, Change{Name: s.Name})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Name, b.Name) })
	return changes
}

// Equal reports whether two lists are the same in everything.
func (l List) Equal(o List) bool {
	return slices.EqualFunc(l, o, func(a, b State) bool {
		return a.Definition.Equal(b.Definition) && a.Sequence == b.Sequence && a.Since.Equal(b.Since.Time)
	})
}
