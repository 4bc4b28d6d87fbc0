package query

import (
	"context"
	"strconv"

	"community-images/shared/catalog"
)

// serveImage serves /v1/images/{ImageId}. Unlike a list, it shows when the
// image was last seen, so the answer changes with every check even if the
// content does not.
func (s *lookup) serveImage(ctx context.Context, req *request) (*answer, error) {
	region, err := s.findRegion(ctx, req)
	if err != nil {
		return nil, err
	}
	choose := func(state *regionState) (*scopeSet, error) { return state.scopesForImage(req.selection) }
	sub, err := s.resolve(ctx, req, region, req.selection.isEverything(), choose)
	if err != nil {
		return nil, err
	}
	state := sub.state
	// LastSeen of a past state is fixed: the check times in its commit.
	checks := "" // of a past state the log knows its own checks only
	if state.live {
		checks = sub.scopes.latestCheck.String() // LastSeen moves with them
	}
	return &answer{
		freshness:    &sub.freshness,
		region:       region,
		etag:         makeETag(sub.scopes.digest+s.grantKey, state.LineHash(), checks, req.canonical, req.format),
		lastModified: state.CommittedAt,
		render: func(ctx context.Context, prefix []byte) (*body, error) {
			b, err := s.renderImage(ctx, prefix, req, sub)
			return &body{bytes: b}, err
		},
	}, nil
}

// renderImage appends the image of a request to b. It returns an error if the
// image is not in the subject, which says whether it ever was.
func (s *lookup) renderImage(ctx context.Context, b []byte, req *request, sub *subject) ([]byte, error) {
	set, err := s.sets.load(ctx, sub.scopes)
	if err != nil {
		return nil, err
	}
	// Several rows are several contents of one image: clusters can disagree.
	// No row means that nobody offers it.
	from, to := set.findImage(req.imageID)
	if from == to {
		return nil, s.imageMissingError(ctx, req, sub)
	}
	first, err := s.history.firstSeen(ctx, newScopedImage(req), sub)
	if err != nil {
		return nil, err
	}
	// LastSeen must not be before FirstSeen.
	last := set.lastCheckOf(sub.scopes, from, to)
	if last.Before(first.Time) { // a commit is dated after the checks that are in it
		last = first
	}
	b = append(append(b, `,"ImageId":`...), jsonString(req.imageID)...)
	b = appendFirstAndLastSeen(b, first, last)
	// The first content in canonical order stands for the image; the others
	// follow in Variants.
	b = append(b, `,"Image":`...)
	b = appendUpstreamImage(b, set.image(int32(from)).Raw)
	clusters, types, everyCluster := set.listOfferingScopes(from, to)
	b = append(b, `,"Clusters":`...)
	b = appendStrings(b, clusters)
	b = append(b, `,"InstanceTypes":`...)
	b = appendStrings(b, types)
	b = append(b, `,"EveryCluster":`...)
	b = strconv.AppendBool(b, everyCluster)
	b = append(b, `,"ContentDiffers":`...)
	b = strconv.AppendBool(b, to-from > 1)
	if to-from > 1 {
		b = appendVariants(b, set, from, to)
	}
	return append(b, "}\n"...), nil
}

// appendVariants writes the different contents of one image: the rows from to
// to-1.
func appendVariants(b []byte, s *imageSet, from, to int) []byte {
	b = append(b, `,"Variants":[`...)
	for row := from; row < to; row++ {
		if row > from {
			b = append(b, ',')
		}
		b = append(b, `{"Image":`...)
		b = appendUpstreamImage(b, s.image(int32(row)).Raw)
		b = append(appendOffers(b, s, int32(row), true, true, false), '}')
	}
	return append(b, ']')
}

// appendFirstAndLastSeen writes two members. A zero time becomes an empty text.
func appendFirstAndLastSeen(b []byte, first, last catalog.Time) []byte {
	b = append(b, `,"FirstSeen":"`...)
	b = appendTime(b, first)
	b = append(b, `","LastSeen":"`...)
	b = appendTime(b, last)
	return append(b, '"')
}

// jsonString returns s as a JSON string, with its quotes.
func jsonString(s string) string { return string(appendString(nil, s)) }
