package query

import (
	"context"
	"strconv"

	"community-images/shared/catalog"
	"community-images/shared/query/etag"
	"community-images/shared/query/field"
	"community-images/shared/query/history"
	"community-images/shared/query/imageset"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// serveImage serves /v1/images/{ImageId}. Unlike a list, it shows when the
// image was last seen, so the answer changes with every check even if the
// content does not.
func (s *Lookup) serveImage(ctx context.Context, req *request.Request) (*answer, error) {
	region, err := s.FindRegion(ctx, req)
	if err != nil {
		return nil, err
	}
	choose := func(state *state.RegionState) (*state.ScopeSet, error) { return state.ScopesForImage(req.Selection) }
	sub, err := s.Resolve(ctx, req, region, req.Selection.IsEverything(), choose)
	if err != nil {
		return nil, err
	}
	state := sub.State
	// LastSeen of a past state is fixed: the check times in its commit.
	checks := "" // of a past state the log knows its own checks only
	if state.Live {
		checks = sub.Scopes.LatestCheck.String() // LastSeen moves with them
	}
	return &answer{
		freshness:    &sub.Freshness,
		region:       region,
		etag:         etag.Make(sub.Scopes.Digest+s.grantKey, state.LineHash(), checks, req.Canonical, req.Format),
		lastModified: state.CommittedAt,
		render: func(ctx context.Context, prefix []byte) (*body, error) {
			b, err := s.renderImage(ctx, prefix, req, sub)
			return &body{bytes: b}, err
		},
	}, nil
}

// renderImage appends the image of a request to b. It returns an error if the
// image is not in the subject, which says whether it ever was.
func (s *Lookup) renderImage(ctx context.Context, b []byte, req *request.Request, sub *state.Subject) ([]byte, error) {
	set, err := s.sets.Load(ctx, sub.Scopes)
	if err != nil {
		return nil, err
	}
	// Several rows are several contents of one image: clusters can disagree.
	// No row means that nobody offers it.
	from, to := set.FindImage(req.ImageID)
	if from == to {
		return nil, s.imageMissingError(ctx, req, sub)
	}
	first, err := s.history.FirstSeen(ctx, history.NewScopedImage(req), sub)
	if err != nil {
		return nil, err
	}
	// LastSeen must not be before FirstSeen.
	last := set.LastCheckOf(sub.Scopes, from, to)
	if last.Before(first.Time) { // a commit is dated after the checks that are in it
		last = first
	}
	b = append(append(b, `,"ImageId":`...), jsonString(req.ImageID)...)
	b = appendFirstAndLastSeen(b, first, last)
	// The first content in canonical order stands for the image; the others
	// follow in Variants.
	b = append(b, `,"Image":`...)
	b = field.AppendUpstreamImage(b, set.Image(int32(from)).Raw)
	clusters, types, everyCluster := set.ListOfferingScopes(from, to)
	b = append(b, `,"Clusters":`...)
	b = field.AppendStrings(b, clusters)
	b = append(b, `,"InstanceTypes":`...)
	b = field.AppendStrings(b, types)
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
func appendVariants(b []byte, s *imageset.Set, from, to int) []byte {
	b = append(b, `,"Variants":[`...)
	for row := from; row < to; row++ {
		if row > from {
			b = append(b, ',')
		}
		b = append(b, `{"Image":`...)
		b = field.AppendUpstreamImage(b, s.Image(int32(row)).Raw)
		b = append(render.AppendOffers(b, s, int32(row), true, true, false), '}')
	}
	return append(b, ']')
}

// appendFirstAndLastSeen writes two members. A zero time becomes an empty text.
func appendFirstAndLastSeen(b []byte, first, last catalog.Time) []byte {
	b = append(b, `,"FirstSeen":"`...)
	b = render.AppendTime(b, first)
	b = append(b, `","LastSeen":"`...)
	b = render.AppendTime(b, last)
	return append(b, '"')
}

// jsonString returns s as a JSON string, with its quotes.
func jsonString(s string) string { return string(field.AppendString(nil, s)) }
