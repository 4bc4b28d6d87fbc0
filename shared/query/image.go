package query

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// serveImage serves /v1/images/{ImageId}.
func (s *service) serveImage(ctx context.Context, a *request) (*answer, error) {
	region, err := s.findRegion(ctx, a)
	if err != nil {
		return nil, err
	}
	if a.selection.isEverything() {
		s.prefetchIndex(ctx, a, region)
	}
	h, st, err := s.loadState(ctx, a, region)
	if err != nil {
		return nil, err
	}
	v, err := st.scopesForImage(a.selection)
	if err != nil {
		return nil, err
	}
	f := v.computeFreshness(h, st, a.at, s.now(), s.maxStale)
	if err := a.checkMaxAge(v, s); err != nil {
		return nil, err
	}
	checks := "" // of a past state the log knows no more than its own
	if st.live {
		checks = v.latestCheck.String() // LastSeen moves with them
	}
	return &answer{
		freshness: &f, region: region, lastModified: st.CommittedAt, immutable: isImmutable(a, true, shownState{a.at, st}),
		etag: makeETag(v.digest+s.grantKey, strconv.FormatInt(st.Sequence, 10), checks, a.canonical, a.format),
		render: func(ctx context.Context, prefix []byte) (*body, error) {
			b, err := s.renderImage(ctx, prefix, a, h, st, v)
			return &body{bytes: b}, err
		},
	}, nil
}

// around is the view of a choice, or of everything if nothing was chosen,
// always with the scopes that offer an image.
func (st *regionState) scopesForImage(c selection) (*scopeSet, error) {
	if c.isEverything() {
		v := st.allScopes()
		if len(v.scopes) == 0 && len(v.empty) > 0 {
			return nil, st.scopeNotReady(v.empty[0])
		}
		return v, nil
	}
	v, err := st.selectScopes(c)
	if err != nil {
		return nil, err
	}
	wide := *v
	wide.several, wide.byType = true, true
	return &wide, nil
}

func (s *service) renderImage(ctx context.Context, b []byte, a *request, h currentState, st *regionState, v *scopeSet) ([]byte, error) {
	set, err := s.sets.load(ctx, v)
	if err != nil {
		return nil, err
	}
	from, to := set.findImage(a.imageID)
	first, known := s.lists.firstSeen(h.RegionID, a.imageID)
	// The catalogue counts every scope of the region.
	if from == to || !known || !a.selection.isEverything() || s.full != nil {
		t, err := s.loadHistory(ctx, h)
		if err != nil {
			return nil, err
		}
		life := t.lifespanOf(a.imageID, st, a.selection)
		if life.cut && (life.known || from < to) && a.selection.isEverything() && s.full == nil {
			if err := s.loadFirstSeen(ctx, h, a.imageID, &life); err != nil {
				return nil, err
			}
		}
		if from == to {
			return nil, s.imageGoneError(ctx, a, h, st, life)
		}
		first = life.first
	}
	b = append(append(b, `,"ImageId":`...), jsonString(a.imageID)...)
	last := set.lastCheckOf(v, from, to)
	if last.Before(first.Time) { // a commit is dated after the checks that it is of
		last = first
	}
	b = appendFirstAndLastSeen(b, first, last)
	b = append(b, `,"Image":`...)
	b = append(b, set.image(int32(from)).Raw...)
	clusters, types, every := set.listOfferingScopes(from, to)
	b = append(b, `,"Clusters":`...)
	b = appendStrings(b, clusters)
	b = append(b, `,"InstanceTypes":`...)
	b = appendStrings(b, types)
	b = append(b, `,"EveryCluster":`...)
	b = strconv.AppendBool(b, every)
	b = append(b, `,"ContentDiffers":`...)
	b = strconv.AppendBool(b, to-from > 1)
	if to-from > 1 {
		b = append(b, `,"Variants":[`...)
		for p := from; p < to; p++ {
			if p > from {
				b = append(b, ',')
			}
			b = append(b, `{"Image":`...)
			b = append(b, set.image(int32(p)).Raw...)
			b = append(set.appendOffers(b, int32(p), true, true, false), '}')
		}
		b = append(b, ']')
	}
	return append(b, "}\n"...), nil
}

// loadFirstSeen has the catalogue tell when an image was first seen, which remembers
// more than a log that retention has cut.
func (s *service) loadFirstSeen(ctx context.Context, h currentState, id string, l *lifespan) error {
	first, known := s.lists.firstSeen(h.RegionID, id)
	if !known {
		if err := s.lists.ensureIndex(ctx, h.RegionID, h.IndexSequence); err != nil {
			return err
		}
		first, known = s.lists.firstSeen(h.RegionID, id)
	}
	if known {
		l.first = first
	}
	return nil
}

func appendFirstAndLastSeen(b []byte, first, last catalog.Time) []byte {
	b = append(b, `,"FirstSeen":"`...)
	b = appendTime(b, first)
	b = append(b, `","LastSeen":"`...)
	b = appendTime(b, last)
	return append(b, '"')
}

func jsonString(s string) string { return string(appendString(nil, s)) }

// lastCheckOf is the last check that found one of the entries. It goes by the
// view that s was got for: s itself may have been built for an earlier one
// with the same content.
func (s *imageSet) lastCheckOf(v *scopeSet, from, to int) (last catalog.Time) {
	for p := from; p < to; p++ {
		for _, o := range s.scopesOf[p] {
			if at := v.scopes[o].CheckedAt; at.After(last.Time) {
				last = at
			}
		}
	}
	return last
}

// listOfferingScopes sums up the scopes of several entries; every says that the image
// is in the answer to the question without a cluster.
func (s *imageSet) listOfferingScopes(from, to int) (clusters, types []string, every bool) {
	for p := from; p < to; p++ {
		clusters = append(clusters, s.clustersOffering(int32(p))...)
		types = append(types, s.typesOffering(int32(p))...)
		every = every || slices.ContainsFunc(s.scopesOf[p], func(o int32) bool { return s.scopes[o].ClusterID == "" })
	}
	slices.Sort(clusters)
	slices.Sort(types)
	return slices.Compact(clusters), slices.Compact(types), every
}

// lifespan is what the timeline knows of an image up to a state.
type lifespan struct {
	known  bool
	first  catalog.Time
	cut    bool             // retention has removed what was before
	goneAt int64            // commit in which it disappeared from its last scope
	gone   catalog.Time     // of that commit
	last   catalog.Time     // of the last commit dated before that
	scope  archive.ScopeRef // from which it disappeared last
	later  int64            // the first commit after the state that is about it; 0: none
}

// lifespanOf follows an image through the scopes of a choice.
func (t *history) lifespanOf(id string, st *regionState, c selection) lifespan {
	t.mu.RLock()
	defer t.mu.RUnlock()
	l := lifespan{cut: len(t.commits) > 0 && t.commits[0].sequence > 1}
	image, ok := t.imageAt[id]
	if !ok {
		return l
	}
	end := t.countEventsUpTo(st.Sequence)
	for _, at := range t.byImage[image] {
		e := t.events[at]
		if !c.includes(t.scopes[e.scope]) {
			continue
		}
		if at >= end {
			l.later = t.commits[e.commit].sequence
			break
		}
		if !l.known {
			l.known, l.first = true, t.commits[e.commit].at
		}
		if e.kind != kindRemoved {
			continue
		}
		l.goneAt, l.gone, l.scope = t.commits[e.commit].sequence, t.commits[e.commit].at, t.scopes[e.scope]
		before := e.commit
		for before > 0 && !t.commits[before].at.Before(l.gone.Time) { // such as the seal of a month
			before--
		}
		if l.last = t.commits[before].at; l.last.Before(l.first.Time) {
			l.last = l.first
		}
	}
	return l
}

// imageGoneError is the error for an image that is not there: never, or no more.
func (s *service) imageGoneError(ctx context.Context, a *request, h currentState, st *regionState, l lifespan) error {
	if !l.known {
		return l.imageUnknownError(a, st)
	}
	e := &apierror.Error{Status: http.StatusGone, Code: codeGone, Recommend: "Look for a successor in /v1/images; the image's own history is under /v1/images/{ImageId}/history.",
		Message: fmt.Sprintf("Image %s was offered until %s and is no more.", quote(a.imageID), l.gone)}
	if !a.selection.isEverything() {
		e.Message = fmt.Sprintf("Image %s was offered by the scopes asked for until %s, and by none of them since.", quote(a.imageID), l.gone)
		e.Recommend = "Ask without ClusterId and InstanceType to see whether others offer it; the image's own history is under /v1/images/{ImageId}/history."
	}
	b := append([]byte(`,"ImageId":`), jsonString(a.imageID)...)
	b = appendFirstAndLastSeen(b, l.first, l.last)
	b = append(b, `,"GoneSince":"`...)
	b = append(appendTime(b, l.gone), '"')
	if raw, err := s.loadLastContent(ctx, a.imageID, h, l); err == nil {
		b = append(append(b, `,"Image":`...), raw...)
	} else {
		e.Cause = err
	}
	e.Members = b
	return e
}

// loadLastContent is the image as it was before it disappeared.
func (s *service) loadLastContent(ctx context.Context, id string, h currentState, l lifespan) (string, error) {
	st, err := s.loadStateAtCommit(ctx, h, l.goneAt-1)
	if err != nil {
		return "", err
	}
	sc, ok := st.Scope(catalog.Scope{ClusterID: l.scope.ClusterID, InstanceType: l.scope.InstanceType})
	if !ok || sc.Digest == "" {
		return "", fmt.Errorf("image %q is not in commit %d", id, l.goneAt-1)
	}
	list, err := s.lists.load(ctx, h.RegionID, sc)
	if err != nil {
		return "", err
	}
	for i := range list.len() {
		if im := list.at(i); im.ImageID == id {
			return im.Raw, nil
		}
	}
	return "", fmt.Errorf("image %q is not in commit %d", id, l.goneAt-1)
}

// imageUnknownError is the error for an image that was not there up to a state.
func (l lifespan) imageUnknownError(a *request, st *regionState) error {
	if l.later == 0 || !a.at.set {
		return imageNeverOffered(a.imageID, st.RegionID)
	}
	return &apierror.Error{Status: http.StatusNotFound, Code: codeImage, Recommend: fmt.Sprintf("Ask with at=%d or a later moment, or without at.", l.later),
		Message: fmt.Sprintf("Image %s was not offered in %s by the scopes asked for up to commit %d; it came with commit %d.", quote(a.imageID), st.RegionID, st.Sequence, l.later)}
}

func imageNeverOffered(id, region string) error {
	return &apierror.Error{Status: http.StatusNotFound, Code: codeImage, Message: fmt.Sprintf("Image %s was never offered in %s by the scopes asked for.", quote(id), region),
		Recommend: "Check the ImageId; /v1/images?q= searches names and ids."}
}

// wasEverOffered says whether an image is or was offered in a region.
func (s *service) wasEverOffered(ctx context.Context, h currentState, id string) (bool, error) {
	if v := h.allScopes(); len(v.scopes) > 0 {
		if set, err := s.sets.load(ctx, v); err == nil { // else the history may know
			if from, to := set.findImage(id); from < to {
				return true, nil
			}
		}
	}
	t, err := s.loadHistory(ctx, h)
	if err != nil {
		return false, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	_, ok := t.imageAt[id]
	return ok, nil
}
