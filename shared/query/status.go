package query

import (
	"context"
	"encoding/json"

	"community-images/shared/metrics"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
	"community-images/shared/query/state"
	"community-images/shared/query/status"
)

// loadRegions returns the status of the regions that a request asks for, and their
// freshness together.
func (g *GrantReader) loadRegions(ctx context.Context, req *request.Request) ([]status.Region, state.Freshness) {
	reader := status.Reader{Resolver: g.Resolver, History: g.history}
	return reader.LoadRegions(ctx, req)
}

// serveStatus serves /v1/status. A region that cannot be read is shown as such
// and does not keep the others from being shown.
func (g *GrantReader) serveStatus(ctx context.Context, req *request.Request) (*response.Answer, error) {
	list, f := g.loadRegions(ctx, req)
	region := req.Region
	if len(list) == 1 {
		region = list[0].RegionID
	}
	// What the caller may see is a part of the status, so that people can test
	// a token.
	shown := render.Status{Version: g.service.version, Access: g.summarizeAccess()}
	for _, region := range list {
		shown.Regions = append(shown.Regions, region.Region)
	}
	shown.Notify = g.readNotify(ctx, list)
	etag, err := status.ETag(shown, f.Stale, req.Canonical, req.Format)
	if err != nil {
		return nil, err
	}
	return &response.Answer{
		Freshness:    &f,
		Region:       region,
		ETag:         etag,
		LastModified: status.LastRunOrCommit(list),
		ShowsAges:    true,
		Render: func(_ context.Context, b []byte) (*response.Body, error) {
			if req.Format == request.FormatHTML {
				return &response.Body{View: &shown}, nil
			}
			b, err := render.AppendMembers(b, shown)
			return &response.Body{Bytes: b}, err
		},
	}, nil
}

// readNotify returns how the subscriptions to messages stand; nil: there are none, the
// caller is restricted, or the store does not answer. list are the regions that were read.
func (g *GrantReader) readNotify(ctx context.Context, list []status.Region) *render.Notify {
	if !g.seesInstance() || g.service.notify == nil || !status.StoreAnswers(list) {
		return nil
	}
	n, err := g.service.notify.Read(ctx, g.Now())
	if err != nil {
		g.ReportRegionError(ctx, err)
	}
	return n
}

// serveMetrics serves /metrics: the regions of /v1/status in another form and, unless the
// caller is restricted, the lookups of this instance. It has no ETag: a scrape always
// wants the present values.
func (g *GrantReader) serveMetrics(ctx context.Context, req *request.Request) (*response.Answer, error) {
	list, _ := g.loadRegions(ctx, req)
	subscriptions := g.readNotify(ctx, list)
	return &response.Answer{OmitEnvelope: true, Render: func(context.Context, []byte) (*response.Body, error) {
		families := status.Metrics(list, g.Now())
		if g.seesInstance() {
			families = append(families, status.SubscriptionMetrics(subscriptions)...)
			families = append(families, g.service.counts.Metrics()...)
		}
		if req.Format == request.FormatPrometheus {
			return &response.Body{Bytes: metrics.Prometheus(families)}, nil
		}
		return &response.Body{Bytes: metrics.OpenMetrics(families)}, nil
	}}, nil
}

// serveHealth serves /healthz. It does not touch the store: a probe must not
// restart an instance because of an outage that a restart cannot end.
func (g *GrantReader) serveHealth(context.Context, *request.Request) (*response.Answer, error) {
	return &response.Answer{OmitEnvelope: true, Render: func(context.Context, []byte) (*response.Body, error) {
		data, err := json.Marshal(render.HealthBody{Status: "ok", Version: g.service.version})
		return &response.Body{Bytes: append(data, '\n')}, err
	}}, nil
}
