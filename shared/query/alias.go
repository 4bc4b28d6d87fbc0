package query

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"community-images/shared/alias"
	"community-images/shared/apierror"
	"community-images/shared/catalog"
	"community-images/shared/message"
	"community-images/shared/query/aliases"
	"community-images/shared/query/etag"
	"community-images/shared/query/fault"
	"community-images/shared/query/hint"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
	"community-images/shared/query/state"
)

// serveAlias serves /v1/aliases/{Name}. As with a list of images, the ETag is known before
// any image is loaded.
func (g *GrantReader) serveAlias(ctx context.Context, req *request.Request) (*response.Answer, error) {
	region, err := g.aliases.FindRegion(ctx, req)
	if err != nil {
		return nil, err
	}
	current, st, err := g.LoadState(ctx, req, region)
	if err != nil {
		return nil, err
	}
	a, ok := st.VisibleAliases().Find(req.AliasName)
	if !ok {
		return nil, aliases.NewNotFoundError(req.AliasName, []string{region}, st)
	}
	t, err := g.aliases.Resolve(ctx, a, g.aliasMoment(req, current, st))
	if err != nil {
		return nil, err
	}
	modified := t.Subject.Scopes.NewestContent
	if t.RuleSince.After(modified.Time) {
		modified = t.RuleSince
	}
	return &response.Answer{
		Freshness:    &t.Subject.Freshness,
		Region:       region,
		ETag:         etag.Make(region, aliasETagPart(a, t), req.Canonical, req.Format),
		LastModified: modified,
		Render: func(ctx context.Context, prefix []byte) (*response.Body, error) {
			return g.renderAlias(ctx, prefix, req, t)
		},
	}, nil
}

// aliasMoment returns the moment that a request about aliases means. A pin is judged at the
// time that is asked for; of a commit that is the time when it was made.
func (g *GrantReader) aliasMoment(req *request.Request, current state.Current, st *state.RegionState) aliases.Moment {
	m := aliases.Moment{Current: current, State: st, At: catalog.At(g.Now()), AsOf: req.At, MaxAge: req.MaxAge}
	switch {
	case req.At.Sequence != 0:
		m.At = st.CommittedAt
	case req.At.IsSet:
		m.At = catalog.At(req.At.ResolveTime(g.Now()))
	}
	return m
}

// aliasETagPart stands for all that the answer about an alias depends on.
func aliasETagPart(a alias.State, t *aliases.ResolvedAlias) string {
	data, _ := json.Marshal(a) // it came from JSON
	return fmt.Sprint(string(data), t.ActiveRule, t.Subject.ContentKey())
}

// renderAlias finds the image of an alias and renders it.
func (g *GrantReader) renderAlias(
	ctx context.Context, prefix []byte, req *request.Request, t *aliases.ResolvedAlias,
) (*response.Body, error) {
	found, err := g.aliases.Find(ctx, t)
	switch {
	case err != nil:
		return nil, err
	case found.IsPinGone:
		return nil, aliases.NewPinGoneError(t, found)
	case found.Image == nil:
		return nil, g.newAliasEmptyError(ctx, t, found)
	}
	b := &response.Body{}
	if t.IsPinExpired {
		b.Hints.Texts = append(b.Hints.Texts, message.New(
			"The pin on image %s (%s) ended at %s; the lookup decides again.", t.Pin.ImageID, t.Pin.Reason,
			t.Pin.Until))
	}
	switch req.Format {
	case request.FormatHTML:
		b.View = render.NewAliasView(t, found.Image)
		return b, nil
	case request.FormatIDs:
		b.Bytes = []byte(found.Image.ImageID + "\n")
		return b, nil
	}
	b.Bytes, err = render.AppendMembers(prefix, render.NewAliasAnswer(t, found.Image, b.Hints.Strings()))
	return b, err
}

// newAliasEmptyError returns the error for a lookup that no image matches, as minCount does.
func (g *GrantReader) newAliasEmptyError(ctx context.Context, t *aliases.ResolvedAlias, found aliases.Found) error {
	hints := hint.Find(ctx, g.history, hint.Lookup{Request: t.Request, Subject: t.Subject, Set: found.Set}, true)
	return &apierror.Error{
		Status: http.StatusNotFound, Code: fault.CodeNoMatch,
		Message:   hints.After(message.New("No image matches the lookup of alias %s.", fault.Quote(t.Name))),
		Recommend: message.New("Tell the operator, who defines the aliases."),
	}
}

// listedAlias is an alias on its way into the list.
type listedAlias struct {
	alias.State
	aliases.ActiveRule
	region   string
	resolved *aliases.ResolvedAlias // nil: err says why
	err      error
}

// resolveListed returns an alias without its image.
func (g *GrantReader) resolveListed(ctx context.Context, a alias.State, m aliases.Moment) listedAlias {
	l := listedAlias{State: a, ActiveRule: aliases.RuleAt(a, m.At), region: m.State.RegionID}
	l.resolved, l.err = g.aliases.Resolve(ctx, a, m)
	return l
}

// etagPart stands for all that the row of the alias depends on.
func (l *listedAlias) etagPart() string {
	if l.err == nil {
		return aliasETagPart(l.State, l.resolved)
	}
	return fmt.Sprint(l.Name, l.Description, l.Lookup, l.ActiveRule, state.ToAPIError(l.err).Message)
}

// serveAliases serves /v1/aliases. Without RegionId it covers every region. An alias without
// an image is in the list with its error. How fresh the answer is depends on all scopes of
// the regions.
func (g *GrantReader) serveAliases(ctx context.Context, req *request.Request) (*response.Answer, error) {
	subjects, ans, err := g.answerRegions(ctx, req)
	if err != nil {
		return nil, err
	}
	var list []listedAlias
	parts := []string{req.Canonical, req.Format}
	for _, sub := range subjects {
		for _, a := range sub.State.VisibleAliases() {
			l := g.resolveListed(ctx, a, g.aliasMoment(req, sub.Current, sub.State))
			list, parts = append(list, l), append(parts, l.region, l.etagPart())
		}
	}
	ans.ETag = etag.Make(parts...)
	ans.Render = func(ctx context.Context, prefix []byte) (*response.Body, error) {
		rows, isWhole := g.findAliases(ctx, list)
		if !isWhole {
			ans.ETag = "" // the problem may be over soon, with the same commits
		}
		b := &response.Body{Total: strconv.Itoa(rows.TotalCount)}
		if req.Format == request.FormatHTML {
			b.View = &rows
			return b, nil
		}
		var err error
		b.Bytes, err = rows.Render(prefix, req)
		return b, err
	}
	return ans, nil
}

// findAliases finds the images of listed aliases. isWhole is false if one of them could not be
// found because of the storage.
func (g *GrantReader) findAliases(ctx context.Context, list []listedAlias) (rows render.AliasList, isWhole bool) {
	rows = render.AliasList{TotalCount: len(list), Aliases: []render.Alias{}}
	isWhole = true
	for _, l := range list {
		row := render.NewAlias(l.region, l.State, l.ActiveRule)
		err := l.err
		if err == nil {
			var found aliases.Found
			found, err = g.aliases.Find(ctx, l.resolved)
			switch {
			case err != nil:
			case found.IsPinGone:
				err = aliases.NewPinGoneError(l.resolved, found)
			case found.Image == nil:
				err = g.newAliasEmptyError(ctx, l.resolved, found)
			default:
				row.ImageID, row.ImageName = found.Image.ImageID, found.Image.Text("ImageName")
			}
		}
		if err != nil {
			e := g.ReportRegionError(ctx, err)
			isWhole = isWhole && e.Cause == nil
			row.Error = render.NewStatusError(e)
		}
		rows.Aliases = append(rows.Aliases, row)
	}
	return rows, isWhole
}
