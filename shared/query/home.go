package query

import (
	"context"

	"community-images/shared/message"
	"community-images/shared/query/etag"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
)

// serveHome serves /: the routes as text, or the page for people. The page is about the
// region that the request names, else about the first one that the caller may see.
func (g *GrantReader) serveHome(_ context.Context, req *request.Request) (*response.Answer, error) {
	// The text is short, and its hash is the ETag, so it is rendered even for a 304.
	text := g.listRoutes()
	region := req.Region
	if region == "" && len(g.Regions) > 0 {
		region = g.Regions[0]
	}
	return &response.Answer{
		OmitEnvelope: true, Region: region, ETag: etag.Make("index", text.String()),
		Render: func(context.Context, []byte) (*response.Body, error) {
			return &response.Body{Bytes: []byte(text.String()), View: text}, nil
		},
	}, nil
}

// listRoutes lists the routes with an example that works, for curl.
func (g *GrantReader) listRoutes() message.Text {
	lines := []message.Text{
		message.New("Community images of E-HPC, version %q", g.service.version), message.Untranslated("\n"),
	}
	for _, rt := range g.service.routes {
		lines = append(lines, message.Untranslated("\n"+rt.Pattern+"\n    "), message.New(rt.About),
			message.Untranslated("\n"))
		if rt.Example != "" {
			lines = append(lines, message.Untranslated("    "+rt.Pattern+"?"+g.parser.ExampleQuery(rt.Route)+"\n"))
		}
	}
	return message.Join(lines...)
}
