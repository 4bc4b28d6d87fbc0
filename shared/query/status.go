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
func (l *Lookup) loadRegions(ctx context.Context, req *request.Request) ([]status.Region, state.Freshness) {
	reader := status.Reader{Resolver: l.Resolver, History: l.history}
	return reader.LoadRegions(ctx, req)
}

// serveStatus serves /v1/status. A region that cannot be read is shown as such
// and does not keep the others from being shown.
func (l *Lookup) serveStatus(ctx context.Context, req *request.Request) (*response.Answer, error) {
	list, f := l.loadRegions(ctx, req)
	region := req.Region
	if len(list) == 1 {
		region = list[0].RegionID
	}
	// What the caller may see is a part of the status, so that people can test
	// a token.
	shown := render.Status{Version: l.service.version, Access: l.summarizeAccess()}
	for _, region := range list {
		shown.Regions = append(shown.Regions, region.Region)
	}
	shown.Notify = l.readNotify(ctx, list)
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
func (l *Lookup) readNotify(ctx context.Context, list []status.Region) *render.Notify {
	if !l.seesInstance() || l.service.notify == nil || !status.StoreAnswers(list) {
		return nil
	}
	n, err := l.service.notify.Read(ctx, l.Now())
	if err != nil {
		l.ReportRegionError(ctx, err)
	}
	return n
}

// serveMetrics serves /metrics: the regions of /v1/status in another form and, unless the
// caller is restricted, the lookups of this instance. It has no ETag: a scrape always
// wants the present values.
func (l *Lookup) serveMetrics(ctx context.Context, req *request.Request) (*response.Answer, error) {
	list, _ := l.loadRegions(ctx, req)
	subscriptions := l.readNotify(ctx, list)
	return &response.Answer{OmitEnvelope: true, Render: func(context.Context, []byte) (*response.Body, error) {
		families := status.Metrics(list, l.Now())
		if l.seesInstance() {
			families = append(families, status.SubscriptionMetrics(subscriptions)...)
			families = append(families, l.service.counts.Metrics()...)
		}
		if req.Format == request.FormatPrometheus {
			return &response.Body{Bytes: metrics.Prometheus(families)}, nil
		}
		return &response.Body{Bytes: metrics.OpenMetrics(families)}, nil
	}}, nil
}

// serveHealth serves /healthz. It does not touch the store: a probe must not
// restart an instance because of an outage that a restart cannot end.
func (l *Lookup) serveHealth(context.Context, *request.Request) (*response.Answer, error) {
	return &response.Answer{OmitEnvelope: true, Render: func(context.Context, []byte) (*response.Body, error) {
		data, err := json.Marshal(render.HealthBody{Status: "ok", Version: l.service.version})
		return &response.Body{Bytes: append(data, '\n')}, err
	}}, nil
}
