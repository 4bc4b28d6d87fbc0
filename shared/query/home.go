package query

import (
	"context"
	"strconv"
	"strings"

	"community-images/shared/query/etag"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
)

// serveHome serves /: the routes as text, or the page for people. The page is about the
// region that the request names, else about the first one that the caller may see.
func (l *Lookup) serveHome(_ context.Context, req *request.Request) (*response.Answer, error) {
	// The text is short, and its hash is the ETag, so it is rendered even for a 304.
	text := l.renderHomeText()
	region := req.Region
	if region == "" && len(l.Regions) > 0 {
		region = l.Regions[0]
	}
	return &response.Answer{
		OmitEnvelope: true, Region: region, ETag: etag.Make("index", text),
		Render: func(context.Context, []byte) (*response.Body, error) {
			return &response.Body{Bytes: []byte(text), View: text}, nil
		},
	}, nil
}

// renderHomeText lists the routes with an example that works, for curl.
func (l *Lookup) renderHomeText() string {
	var b strings.Builder
	b.WriteString("Community images of E-HPC, version " + strconv.Quote(l.service.version) + "\n")
	for _, rt := range l.service.routes {
		b.WriteString("\n" + rt.Pattern + "\n    " + rt.About + "\n")
		if rt.Example != "" {
			b.WriteString("    " + rt.Pattern + "?" + l.parser.ExampleQuery(rt.Route) + "\n")
		}
	}
	return b.String()
}
