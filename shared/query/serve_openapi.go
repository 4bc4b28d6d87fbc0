package query

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"community-images/shared/catalog"
)

// serveOpenAPI serves /openapi.json.
func (s *lookup) serveOpenAPI(context.Context, *request) (*answer, error) {
	etag := makeETag("openapi", s.service.version, strings.Join(s.regions, ","),
		strconv.FormatBool(s.service.requiresToken()))
	return &answer{omitEnvelope: true, etag: etag, render: func(context.Context, []byte) (*body, error) {
		description := apiDescription{s.parser, s.service.version, s.service.requiresToken()}
		data, err := catalog.MarshalLine(description.document())
		if err != nil {
			return nil, fmt.Errorf("encoding the OpenAPI document: %w", err)
		}
		return &body{bytes: data}, nil
	}}, nil
}
