package query

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"community-images/shared/apierror"
	"community-images/shared/archive/format"
)

// serveImages serves /v1/images. The ETag needs neither images nor filters:
// equal scopes and an equal question have equal answers. So a 304 costs no read
// beside the head. It is the lookup that most calls are.
func (s *lookup) serveImages(ctx context.Context, req *request) (*answer, error) {
	region, err := s.findRegion(ctx, req)
	if err != nil {
		return nil, err
	}
	sub, err := s.resolvePage(ctx, req, region)
	if err != nil {
		return nil, err
	}
	return &answer{
		freshness:    &sub.freshness,
		region:       region,
		etag:         makeETag(sub.scopes.digest, req.canonical, req.format),
		lastModified: sub.scopes.newestContent,
		render: func(ctx context.Context, prefix []byte) (*body, error) {
			p, err := s.buildPage(ctx, req, sub)
			if err != nil {
				return nil, err
			}
			return &body{bytes: p.render(prefix), next: p.next, total: strconv.Itoa(len(p.rows))}, nil
		},
	}, nil
}

// buildPage loads the images of a subject, filters, groups and sorts them, and
// returns the page that the request asks for.
//
// The order of the stages is part of the contract: filter, count facets, keep
// the first of each group, check minCount, cut the page.
func (s *lookup) buildPage(ctx context.Context, req *request, sub *subject) (*imagePage, error) {
	// A damaged object of the present state is the operator's problem and is
	// reported. A past state that a cursor names can be collected at any time:
	// the caller has to begin again.
	set, err := s.sets.load(ctx, sub.scopes)
	var damaged *format.DamagedError
	if errors.As(err, &damaged) && req.cursor != nil && !sub.state.live {
		return nil, newCursorExpiredError(err)
	}
	if err != nil {
		return nil, err
	}
	rows, err := set.selectRows(newImageFilter(req, s.parser.schema))
	if err != nil {
		return nil, err
	}
	p := &imagePage{schema: s.parser.schema, set: set, request: req}
	// Facets count all matches, before latestBy selects among them.
	if req.facets != nil {
		p.facets = countFacets(set, rows, req.facets)
	}
	if req.latestBy != nil {
		rows = keepFirstOfGroups(set, rows, req.latestBy)
	}
	// A script that takes the first image must not get an empty answer by
	// surprise.
	if len(rows) < req.minCount {
		return nil, tooFewMatches(len(rows), req.minCount)
	}
	p.rows = rows
	p.from, p.to, p.next = sub.cutPage(req, len(rows))
	return p, nil
}

// newImageFilter returns which images match a request, and in which order they come.
func newImageFilter(req *request, s *schema) imageFilter {
	keys := req.sort
	if req.latestBy != nil && keys == nil {
		// The order decides which image of a group is the first.
		keys = []sortKey{{s.fieldNamed("OsTag.Version"), true}} // the newest version first
	}
	return imageFilter{ids: req.imageIDs, conditions: req.conditions, words: req.searchWords, sort: keys}
}

// tooFewMatches returns the error for minCount. The status is 404, so that a
// script with "curl -f" stops.
func tooFewMatches(found, required int) error {
	return &apierror.Error{
		Status:    http.StatusNotFound,
		Code:      codeNoMatch,
		Message:   fmt.Sprintf("%d images match; minCount requires %d.", found, required),
		Recommend: "Use fewer conditions. facets= shows which values there are.",
	}
}
