// Package aliases finds the images that aliases stand for in a state of a region.
//
// It owns the rule: a pin that is active names the image, and else the first image of the
// lookup is it. Lookups by name and messages about aliases that moved both ask here.
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

// NewFinder returns a finder in an archive for ImagesOf. It sees everything.
func NewFinder(a source.Archive, now func() time.Time) *Finder {
	lists := imageset.NewListLoader(a, nil)
	states := &state.FullStates{Source: a, Index: lists, Now: now}
	return &Finder{
		Resolver: &state.Resolver{States: states, Now: now}, Sets: imageset.NewCache(lists), Schema: field.NewSchema(nil),
	}
}

// Moment is a state of a region and the time for which it is asked.
type Moment struct {
	Current state.Current      // the present of the region
	State   *state.RegionState // that is asked for
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

// Verdict says which rule holds at a time.
type Verdict struct {
	Rule Rule
	// RuleSince is the time of the commit that gave the alias its lookup or pin, or when the
	// pin ended.
	RuleSince    catalog.Time
	IsPinExpired bool
}

// Judge returns which rule of an alias holds at a time.
func Judge(a alias.State, at catalog.Time) Verdict {
	switch {
	case a.Pin == nil:
		return Verdict{RuleLookup, a.Since, false}
	case a.Pin.IsActive(at):
		return Verdict{RulePin, a.Since, false}
	case a.Pin.Until.After(a.Since.Time):
		return Verdict{RuleLookup, a.Pin.Until, true}
	}
	return Verdict{RuleLookup, a.Since, true} // it had ended before it was committed
}

// Target is an alias at a moment, before any image is loaded.
type Target struct {
	alias.State
	Verdict
	Request *request.Request // the parsed lookup
	Subject *state.Subject   // of the lookup
}

// Resolve returns what an alias is about at a moment. Errors are those of the lookup as a
// request, and an *apierror.Error if the lookup cannot be answered here.
func (f *Finder) Resolve(ctx context.Context, a alias.State, m Moment) (*Target, error) {
	req, err := request.ParseLookup(f.Schema, m.State.RegionID, a.Lookup)
	if err != nil {
		return nil, newUnusableError(a.Name, err)
	}
	req.At, req.MaxAge = m.AsOf, m.MaxAge
	sub, err := f.Resolver.SelectSubject(ctx, req, m.Current, m.State)
	if err != nil {
		return nil, err
	}
	return &Target{State: a, Verdict: Judge(a, m.At), Request: req, Subject: sub}, nil
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

// Find returns the image of a target. An error means that the store did not give what was
// needed, or that the lookup takes too long.
func (f *Finder) Find(ctx context.Context, t *Target) (Found, error) {
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
