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
)

// serveOpenAPI serves /openapi.json.
func (l *Lookup) serveOpenAPI(context.Context, *request.Request) (*answer, error) {
	etag := etag.Make("openapi", l.service.version, strings.Join(l.Regions, ","),
		strconv.FormatBool(l.service.requiresToken()))
	return &answer{omitEnvelope: true, etag: etag, render: func(context.Context, []byte) (*body, error) {
		description := openapi.Description{
			Config: l.parser, Version: l.service.version, RequiresTokens: l.service.requiresToken(),
		}
		data, err := catalog.MarshalLine(description.Document())
		if err != nil {
			return nil, fmt.Errorf("encoding the OpenAPI document: %w", err)
		}
		return &body{bytes: data}, nil
	}}, nil
}
