package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// history is the past of a region; *archive.Archive has the whole one.
type history interface {
	At(ctx context.Context, now *archive.Region, t time.Time) (*archive.Region, error)
	AtSequence(ctx context.Context, now *archive.Region, n int64) (*archive.Region, error)
}

// narrowHistory is the past that a grant covers, derived from the whole one.
type narrowHistory struct {
	whole *service
	grant access.Grant
}

// At is archive.At for the part.
func (n *narrowHistory) At(ctx context.Context, now *archive.Region, t time.Time) (*archive.Region, error) {
	if now.Sequence == 0 { // no commit that is kept concerns the grant
		return nil, fmt.Errorf("region %q: %w", now.RegionID, archive.ErrNoData)
	}
	return n.past(ctx, now.RegionID, moment{set: true, time: t})
}

// AtSequence is archive.AtSequence for the part. The number may be that of a
// commit that is not in it: then the one before answers.
func (n *narrowHistory) AtSequence(ctx context.Context, now *archive.Region, sequence int64) (*archive.Region, error) {
	if sequence > now.Sequence {
		return nil, &archive.FutureError{Last: now.Sequence}
	}
	return n.past(ctx, now.RegionID, moment{set: true, sequence: sequence})
}

func (n *narrowHistory) past(ctx context.Context, region string, m moment) (*archive.Region, error) {
	h, err := n.whole.heads[region].get(ctx)
	if err != nil {
		return nil, err
	}
	ledger := n.whole.ledgers[region]
	st, err := n.whole.moment(ctx, h, m)
	var early *archive.TooEarlyError
	switch {
	case errors.As(err, &early):
		return nil, ledger.tooEarly(ctx, h.Region, n.grant)
	case err != nil:
		return nil, err
	}
	last, err := ledger.last(ctx, h.Region, st.Sequence, n.grant)
	if errors.Is(err, errNoDeed) {
		return nil, ledger.tooEarly(ctx, h.Region, n.grant)
	}
	if err != nil {
		return nil, err
	}
	r := part(st.Region, last, n.grant)
	for i, sc := range r.Scopes {
		r.Scopes[i] = told(sc)
	}
	return r, nil
}

// told is a past state of a scope as its own commits tell it. The first commit
// of a month writes down the checks of all scopes, whichever it is about; how
// far those go depends on the others.
func told(sc archive.ScopeState) archive.ScopeState {
	sc.CheckedAt, sc.TriedAt = sc.CapturedAt, sc.CapturedAt
	if sc.State == archive.OK && sc.Since.After(sc.CheckedAt.Time) {
		sc.CheckedAt = sc.Since
	}
	if sc.Since.After(sc.TriedAt.Time) {
		sc.TriedAt = sc.Since
	}
	return sc
}

// part is what a grant covers of a region after the last commit that concerns
// it. How the runs went is told of the whole only, so the part is without.
func part(whole *archive.Region, last deed, g access.Grant) *archive.Region {
	r := *whole
	r.Sequence, r.CommittedAt = last.sequence, last.at
	r.Scopes, r.Clusters = slices.Clone(whole.Scopes), slices.Clone(whole.Clusters)
	r.Scopes = slices.DeleteFunc(r.Scopes, func(sc archive.ScopeState) bool { return !g.Cluster(sc.ClusterID) })
	r.Clusters = slices.DeleteFunc(r.Clusters, func(c catalog.Cluster) bool { return !g.Cluster(c.ClusterID) })
	r.Discovery, r.Run, r.Swept = archive.Discovery{}, archive.RunInfo{}, archive.Swept{}
	r.Upstream = listing(whole.Upstream, g)
	return &r
}

// listing is the part of upstream's list of clusters that a grant covers.
func listing(upstream json.RawMessage, g access.Grant) json.RawMessage {
	if len(upstream) == 0 {
		return nil
	}
	var entries []json.RawMessage
	_ = json.Unmarshal(upstream, &entries) // what is no list holds nothing that could be shown
	entries = slices.DeleteFunc(entries, func(entry json.RawMessage) bool {
		var cluster struct{ Id string }
		return json.Unmarshal(entry, &cluster) != nil || cluster.Id == "" || !g.Cluster(cluster.Id)
	})
	out := []byte{'['}
	for i, entry := range entries { // not json.Marshal: the entries stay as they were written
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, entry...)
	}
	return append(out, ']')
}
