// Package aliases finds the images that aliases stand for in a state of a region.
//
// A pin that is active names the image; else it is the first image of the alias's lookup.
// Answers to requests (package query) and messages about aliases that moved (the snapshot
// function) use the same code. Package alias has the definitions.
package aliases

import (
	"context"
	"time"

	"community-images/shared/alias"
	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/imageset"
	"community-images/shared/query/request"
	"community-images/shared/query/source"
	"community-images/shared/query/state"
)

// Finder finds the images of aliases. It is safe for concurrent use.
type Finder struct {
	Resolver *state.Resolver // of what the caller may see
	Sets     *imageset.Cache
	Schema   *field.Schema
}

// NewFinder returns a finder for ImagesOf, which sees all clusters and fields of an archive.
// A caller of the lookups has a Finder with the Resolver of the caller's grant instead.
func NewFinder(a source.Archive, now func() time.Time) *Finder {
	lists := imageset.NewListLoader(a, nil)
	states := &state.FullStates{Source: a, Index: lists, Now: now}
	return &Finder{
		Resolver: &state.Resolver{States: states, Now: now},
		Sets:     imageset.NewCache(lists), Schema: field.NewSchema(nil),
	}
}

// Moment says as of when aliases of a region are resolved.
type Moment struct {
	Current state.Current      // the present state of the region
	State   *state.RegionState // whose definitions and images count; it may be a past one
	At      catalog.Time       // when pins are judged
	AsOf    request.AsOf       // as the caller named the moment
	MaxAge  time.Duration      // of the checks; 0: any age
}

// Rule is what chooses the image of an alias.
type Rule string

// The rules.
const (
	RuleLookup Rule = "lookup"
	RulePin    Rule = "pin"
)

// ActiveRule says which rule of an alias chooses its image at a time.
type ActiveRule struct {
	Rule Rule
	// RuleSince is the time of the commit that gave the alias its lookup or pin, or when the
	// pin ended.
	RuleSince    catalog.Time
	IsPinExpired bool
}

// RuleAt returns the rule that chooses the image of an alias at a time.
func RuleAt(a alias.State, at catalog.Time) ActiveRule {
	switch {
	case a.Pin == nil:
		return ActiveRule{RuleLookup, a.Since, false}
	case a.Pin.IsActive(at):
		return ActiveRule{RulePin, a.Since, false}
	case a.Pin.Until.After(a.Since.Time):
		return ActiveRule{RuleLookup, a.Pin.Until, true}
	}
	return ActiveRule{RuleLookup, a.Since, true} // it had ended before it was committed
}

// ResolvedAlias is an alias with what its lookup selects from. No image is loaded yet.
type ResolvedAlias struct {
	alias.State
	ActiveRule
	Request *request.Request // the parsed lookup
	Subject *state.Subject   // of the lookup
}

// Resolve parses the lookup of an alias and selects its scopes as of a moment. Errors are those
// of the lookup as a request, and an *apierror.Error if the lookup cannot be answered here.
func (f *Finder) Resolve(ctx context.Context, a alias.State, m Moment) (*ResolvedAlias, error) {
	req, err := request.ParseLookup(f.Schema, m.State.RegionID, a.Lookup)
	if err != nil {
		return nil, newUnusableError(a.Name, err)
	}
	req.At, req.MaxAge = m.AsOf, m.MaxAge
	choose := func(st *state.RegionState) (*state.ScopeSet, error) { return st.SelectScopes(req.Selection) }
	sub, err := f.Resolver.SelectSubject(ctx, req, m.Current, m.State, choose)
	if err != nil {
		return nil, err
	}
	return &ResolvedAlias{State: a, ActiveRule: RuleAt(a, m.At), Request: req, Subject: sub}, nil
}

// Found is the result of Find.
type Found struct {
	// Image is the image of the alias; nil: there is none. If the pin is gone, it is the one
	// that the lookup would give.
	Image *catalog.Image
	// IsPinGone says that the pin is active, and that no selected scope offers its image.
	IsPinGone bool
	// Set has the images that the lookup selects from.
	Set *imageset.Set
}

// Find returns the image of an alias. An error means that the store did not give what was
// needed, or that the lookup takes too long.
func (f *Finder) Find(ctx context.Context, t *ResolvedAlias) (Found, error) {
	set, err := f.Sets.Load(ctx, t.Subject.Scopes)
	if err != nil {
		return Found{}, err
	}
	found := Found{Set: set}
	if t.Rule == RulePin {
		if from, to := set.FindImage(t.Pin.ImageID); from < to {
			found.Image = set.Image(int32(from))
			return found, nil
		}
		found.IsPinGone = true
	}
	if dates := t.Subject.Dates(); dates != nil && !dates.IsKnown() {
		return Found{}, newDatesUnknownError(t.Name)
	}
	rows, err := set.SelectRows(imageset.NewFilter(t.Request, t.Subject, f.Schema))
	if err != nil {
		return Found{}, err
	}
	if t.Request.LatestBy != nil {
		rows = imageset.KeepFirstOfGroups(set, rows, t.Request.LatestBy, t.Subject.Dates())
	}
	if len(rows) > 0 {
		found.Image = set.Image(rows[0])
	}
	return found, nil
}
