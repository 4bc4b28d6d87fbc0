package query

import (
	"context"
	"strconv"

	"community-images/shared/query/etag"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
	"community-images/shared/query/state"
)

// serveDiffOfTimes serves /v1/diff with from and to: what is gone, new and changed between
// two times in everything that is selected. Only the later state says how fresh the answer
// is: the other is compared as it was.
func (g *GrantReader) serveDiffOfTimes(
	ctx context.Context, req *request.Request, region string, current state.Current,
) (*response.Answer, error) {
	from, to, err := g.loadDiffStates(ctx, req, current)
	if err != nil {
		return nil, err
	}
	d := g.history.NewStateDiff(from, to, req.Selection, req.Kinds)
	if err := d.CheckSelection(); err != nil {
		return nil, err
	}
	later := *req // CheckFreshness reads At, which this form of the question does not have
	later.At = req.To
	sub := &state.Subject{Current: current, State: to, Scopes: to.MatchingScopes(req.Selection)}
	if err := g.CheckFreshness(&later, sub); err != nil {
		return nil, err
	}
	return &response.Answer{
		Freshness:    &sub.Freshness,
		Region:       region,
		ETag:         etag.Make(g.grantKey, from.LineHash(), to.LineHash(), req.Canonical, req.Format),
		LastModified: to.CommittedAt,
		Render: func(ctx context.Context, prefix []byte) (*response.Body, error) {
			rows, err := d.Find(ctx, req.ByScope)
			if err != nil {
				return nil, err
			}
			before, after := d.HasCaptured()
			sides := [2]render.DiffSide{newDiffTime(from, before), newDiffTime(to, after)}
			if req.Format == request.FormatHTML {
				view := render.ViewDiffOfTimes(region, sides, rows, req)
				return &response.Body{View: view, Total: strconv.Itoa(len(rows))}, nil
			}
			b, err := render.DiffOfTimes(prefix, region, sides, rows, req)
			return &response.Body{Bytes: b, Total: strconv.Itoa(len(rows))}, err
		},
	}, nil
}

// newDiffTime returns a state that is compared, as JSON has it.
func newDiffTime(st *state.RegionState, isCaptured bool) render.DiffSide {
	return render.DiffSide{Sequence: st.Sequence, CommittedAt: st.CommittedAt, Captured: isCaptured}
}
