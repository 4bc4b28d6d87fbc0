package state

import (
	"context"
	"slices"
	"strings"

	"community-images/shared/query/field"
	"community-images/shared/query/request"
)

// namedDates is what a subject knows of the derived fields that its request names.
type namedDates struct {
	dates *RegionDates
	// rowsKey stands for what decides the rows of an answer and their order, wholeKey for
	// everything that it shows. Both are empty if no derived field is named.
	rowsKey, wholeKey string
}

// makeKeys sets the keys for the derived fields of a request. places are those of its
// times; see PlaceOf.
func (n *namedDates) makeKeys(rowFields, fields []*field.Field, places []string) {
	keys := func(fields []*field.Field) string {
		list := slices.Clone(places)
		for _, f := range fields {
			list = append(list, f.Name, n.dates.Key(f))
		}
		return "\x00" + strings.Join(list, "\x00")
	}
	if len(rowFields) > 0 {
		n.rowsKey = keys(rowFields)
	}
	n.wholeKey = keys(fields)
}

// Dates returns the dates of the images in the state; nil: the request names none.
func (sub *Subject) Dates() *RegionDates { return sub.dates }

// ContentKey stands for all content from which an answer with images is made.
func (sub *Subject) ContentKey() string { return sub.Scopes.Digest + sub.wholeKey }

// SelectSubject returns the subject of a request in a state that was loaded before, with its
// freshness, as Resolve does. choose selects the scopes from the state.
func (r *Resolver) SelectSubject(
	ctx context.Context, req *request.Request, current Current, st *RegionState,
	choose func(*RegionState) (*ScopeSet, error),
) (*Subject, error) {
	scopes, err := choose(st)
	if err != nil {
		return nil, err
	}
	sub, err := r.newSubject(ctx, req, current, st, scopes)
	if err != nil {
		return nil, err
	}
	return sub, r.CheckFreshness(req, sub)
}

// newSubject returns the subject of a request, without its freshness. It reads the index
// if the request names a derived field.
func (r *Resolver) newSubject(
	ctx context.Context, req *request.Request, current Current, st *RegionState, scopes *ScopeSet,
) (*Subject, error) {
	sub := &Subject{Current: current, State: st, Scopes: scopes, Conditions: req.Conditions}
	if len(req.DerivedFields) == 0 {
		return sub, nil
	}
	var err error
	if sub.dates, err = r.DatesIn(ctx, current, st); err != nil {
		return nil, err
	}
	sub.Conditions = slices.Clone(sub.Conditions)
	var places []string
	for i := range req.TimeConditions {
		c := &req.TimeConditions[i]
		condition, times, err := c.Resolve(r.Now())
		if err != nil {
			return nil, err
		}
		sub.Conditions = append(sub.Conditions, condition)
		for _, t := range times {
			places = append(places, sub.dates.PlaceOf(c.Field, t))
		}
	}
	sub.makeKeys(req.RowFields(), req.DerivedFields, places)
	return sub, nil
}

// rowsHash stands for the content that decides which rows an answer has.
func (sub *Subject) rowsHash() [8]byte { return request.ShortHash(sub.Scopes.Digest + sub.rowsKey) }
