package query

import (
	"context"
	"slices"
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

// scopesForImage returns the scopes of a selection, or all scopes if it selects
// nothing. The image set of the result always knows which scopes offer an
// image. An image set with a single scope would not know this.
func (st *regionState) scopesForImage(sel selection) (*scopeSet, error) {
	if sel.isEverything() {
		all := st.allScopes()
		if len(all.scopes) == 0 && len(all.empty) > 0 {
			return nil, st.scopeNotReadyError(all.empty[0])
		}
		return all, nil
	}
	selected, err := st.selectScopes(sel)
	if err != nil {
		return nil, err
	}
	scopes := *selected // the cached one must not be changed
	scopes.several, scopes.byType = true, true
	return &scopes, nil
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
	first, err := s.firstSeen(ctx, req, sub)
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
		b = set.appendVariants(b, from, to)
	}
	return append(b, "}\n"...), nil
}

// firstSeen returns the time of the first commit that had the image of a request in the
// scopes that it selects. It is zero if that is not known: the image was there in commit
// 1, or when the kept log begins. The image must be or have been in the subject.
func (s *lookup) firstSeen(ctx context.Context, req *request, sub *subject) (catalog.Time, error) {
	// The index may remember more than the log, but counts every scope of the region.
	if req.selection.isEverything() {
		if dates, ok, err := s.imageDates(ctx, sub.current, req.imageID); ok || err != nil {
			return dates.FirstSeen, err
		}
	}
	first, ok, err := s.firstEvent(ctx, req, sub.current)
	if err != nil || !ok || first.kind != kindAdded || first.commit.sequence == 1 {
		return catalog.Time{}, err
	}
	// Another scope may have had the image before.
	hadBefore, err := s.wasThereBeforeLog(ctx, req, sub.current)
	if err != nil || hadBefore {
		return catalog.Time{}, err
	}
	return first.commit.at, nil
}

// wasThereBeforeLog reports whether the image of a request was there when the kept log
// begins, in the scopes that it selects.
func (s *lookup) wasThereBeforeLog(ctx context.Context, req *request, current currentState) (bool, error) {
	ids := []string{req.imageID}
	kept, err := s.newKeptEvents(ctx, current, feedPosition{}, eventFilter{images: ids, kinds: []eventKind{kindPresent}})
	if err != nil || kept == nil {
		return false, err
	}
	for c, err := range s.commits(ctx, current, ids, 1) {
		if err != nil {
			return false, err
		}
		for e := range s.eventsOf(c) {
			kept.add(e)
		}
	}
	list, err := kept.list(ctx, s, current)
	return slices.ContainsFunc(list, func(e *event) bool { return e.isIn(req.selection) }), err
}

// appendVariants writes the different contents of one image: the rows from to
// to-1.
func (s *imageSet) appendVariants(b []byte, from, to int) []byte {
	b = append(b, `,"Variants":[`...)
	for row := from; row < to; row++ {
		if row > from {
			b = append(b, ',')
		}
		b = append(b, `{"Image":`...)
		b = appendUpstreamImage(b, s.image(int32(row)).Raw)
		b = append(s.appendOffers(b, int32(row), true, true, false), '}')
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

// lastCheckOf returns the time of the last check that found one of the rows
// from to to-1. scopes are those of the present request: s may have been built
// for earlier scopes with the same content.
func (s *imageSet) lastCheckOf(scopes *scopeSet, from, to int) (last catalog.Time) {
	for row := from; row < to; row++ {
		for _, i := range s.scopesOf[row] {
			if at := scopes.scopes[i].CheckedAt; at.After(last.Time) {
				last = at
			}
		}
	}
	return last
}

// listOfferingScopes returns the clusters and instance types that offer one of
// the rows from to to-1. everyCluster is true if the list without a cluster has
// one.
func (s *imageSet) listOfferingScopes(from, to int) (clusters, types []string, everyCluster bool) {
	for row := from; row < to; row++ {
		clusters = append(clusters, s.clustersOffering(int32(row))...)
		types = append(types, s.typesOffering(int32(row))...)
		// The list without a cluster has the images that every cluster
		// supports.
		hasNoCluster := func(i int32) bool { return s.scopes[i].ClusterID == "" }
		everyCluster = everyCluster || slices.ContainsFunc(s.scopesOf[row], hasNoCluster)
	}
	slices.Sort(clusters)
	slices.Sort(types)
	return slices.Compact(clusters), slices.Compact(types), everyCluster
}
