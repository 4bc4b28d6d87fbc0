package query

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"community-images/shared/catalog"
	"community-images/shared/query/etag"
	"community-images/shared/query/openapi"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
)

// serveOpenAPI serves /openapi.json.
func (g *GrantReader) serveOpenAPI(context.Context, *request.Request) (*response.Answer, error) {
	etag := etag.Make("openapi", g.service.version, strings.Join(g.Regions, ","),
		strconv.FormatBool(g.service.requiresToken()))
	render := func(context.Context, []byte) (*response.Body, error) {
		description := openapi.Description{
			Config: g.parser, Version: g.service.version, RequiresTokens: g.service.requiresToken(),
		}
		data, err := catalog.MarshalLine(description.Document())
		if err != nil {
			return nil, fmt.Errorf("encoding the OpenAPI document: %w", err)
		}
		return &response.Body{Bytes: data}, nil
	}
	return &response.Answer{OmitEnvelope: true, ETag: etag, Render: render}, nil
}
