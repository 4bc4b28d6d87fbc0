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
func (l *Lookup) serveOpenAPI(context.Context, *request.Request) (*response.Answer, error) {
	etag := etag.Make("openapi", l.service.version, strings.Join(l.Regions, ","),
		strconv.FormatBool(l.service.requiresToken()))
	render := func(context.Context, []byte) (*response.Body, error) {
		description := openapi.Description{
			Config: l.parser, Version: l.service.version, RequiresTokens: l.service.requiresToken(),
		}
		data, err := catalog.MarshalLine(description.Document())
		if err != nil {
			return nil, fmt.Errorf("encoding the OpenAPI document: %w", err)
		}
		return &response.Body{Bytes: data}, nil
	}
	return &response.Answer{OmitEnvelope: true, ETag: etag, Render: render}, nil
}
