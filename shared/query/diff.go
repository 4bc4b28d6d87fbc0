package query

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// diffSide is one of the two lists that are compared. before and after are two
// states of one scope, or one state of two scopes.
type diffSide struct {
	cluster      string // empty: the list without a cluster
	instanceType string // empty: the list without a type
	// state is the region at the time of this side.
	state *state.RegionState
	// scope is the list that is compared. It is zero unless captured.
	scope    format.ScopeState
	captured bool // the state has the scope; else the list is empty
	// images are those of the list. loadDiffImages sets them.
	images []*catalog.Image
}

// serveDiff serves /v1/diff.
//
// Only the later of two times says how fresh the answer is: the earlier list is
// compared as it was, however old it is.
//
// The snapshots of both sides are loaded by digest, and only if the answer is
// not cached: an equal pair of digests has an equal answer.
func (s *lookup) serveDiff(ctx context.Context, req *request.Request) (*answer, error) {
	region, err := s.FindRegion(ctx, req)
	if err != nil {
		return nil, err
	}
	current, err := s.LoadCurrent(ctx, region)
	if err != nil {
		return nil, err
	}
	before, after, err := s.resolveDiffSides(ctx, req, current)
	if err != nil {
		return nil, err
	}
	sub, err := s.newDiffSubject(req, current, before, after)
	if err != nil {
		return nil, err
	}
	return &answer{
		freshness:    &sub.Freshness,
		region:       region,
		etag:         makeETag(before.etagKey(), after.etagKey(), req.Canonical, req.Format),
		lastModified: sub.Scopes.NewestContent,
		render: func(ctx context.Context, prefix []byte) (*body, error) {
			if err := s.loadDiffImages(ctx, region, before, after); err != nil {
				return nil, err
			}
			return renderDiff(prefix, before, after, req)
		},
	}, nil
}

// newDiffSubject returns the subject whose freshness the answer has: both
// clusters, or the later of two times. It returns an error if it is older than
// the request's maxAge.
func (s *lookup) newDiffSubject(req *request.Request, current state.Current, before, after *diffSide) (*state.Subject, error) {
	// A set of at most two scopes, made for the freshness only.
	scopes := &state.ScopeSet{Region: current.RegionID}
	if after.captured {
		scopes.Scopes = append(scopes.Scopes, after.scope)
	}
	// The earlier of two times counts only if the scope has ended since.
	if before.captured && (!after.captured || !req.From.IsSet) {
		scopes.Scopes = append(scopes.Scopes, before.scope)
	}
	scopes.Finish()
	// A copy: checkFreshness reads at, which this form of the question does not
	// have.
	later := *req
	if req.From.IsSet {
		later.At = req.To
	}
	sub := &state.Subject{Current: current, State: after.state, Scopes: scopes}
	return sub, s.CheckFreshness(&later, sub)
}

// loadDiffImages loads the images of the sides that are captured.
func (s *lookup) loadDiffImages(ctx context.Context, region string, sides ...*diffSide) error {
	for _, side := range sides {
		if !side.captured {
			continue
		}
		list, err := s.sets.Lists.LoadList(ctx, region, side.scope)
		if err != nil {
			return err
		}
		side.images = list.Images()
	}
	return nil
}

// etagKey returns what the answer depends on of one side. The digest stands for
// the images.
func (side *diffSide) etagKey() string {
	return fmt.Sprint(side.state.LineHash(), " ", side.cluster, "/", side.instanceType, " ", side.scope.Digest)
}

// resolveDiffSides returns the two scopes that a request compares, without
// their images. It returns an error if one is not captured, except that a scope
// that came or went between two times is compared with nothing.
//
// The present state is the argument current; moments are resolved from it.
func (s *lookup) resolveDiffSides(
	ctx context.Context, req *request.Request, current state.Current,
) (before, after *diffSide, err error) {
	clusters, instanceType := request.ToScopeNames(req.Selection.Clusters), request.ToScopeNames(req.Selection.Types)[0]
	before = &diffSide{cluster: clusters[0], instanceType: instanceType}
	// With one cluster this is the same scope as before.
	after = &diffSide{cluster: clusters[len(clusters)-1], instanceType: instanceType}
	if before.state, after.state, err = s.loadDiffStates(ctx, req, current); err != nil {
		return nil, nil, err
	}
	var missing []error
	for _, side := range []*diffSide{before, after} {
		scope := catalog.Scope{ClusterID: side.cluster, InstanceType: side.instanceType}
		side.scope, side.captured = side.state.Scope(scope)
		// A scope that was asked about but never answered has nothing to
		// compare.
		side.captured = side.captured && side.scope.Digest != ""
		if !side.captured {
			sel := request.Selection{Clusters: []string{request.AnyIfEmpty(side.cluster)}, Types: []string{request.AnyIfEmpty(side.instanceType)}}
			// This finds no list, and says why.
			_, err := side.state.SelectScopes(sel)
			missing = append(missing, err)
		}
	}
	// Between two times a scope can come or go, which is what the caller wants
	// to see. Two clusters that are named must both be there.
	if len(missing) == 2 || len(missing) == 1 && !req.From.IsSet {
		return nil, nil, missing[0]
	}
	return before, after, nil
}

// loadDiffStates returns the states at from and to, or twice the state at at.
func (s *lookup) loadDiffStates(
	ctx context.Context, req *request.Request, current state.Current,
) (before, after *state.RegionState, err error) {
	if !req.From.IsSet {
		st, err := s.StateAsOf(ctx, current, req.At)
		return st, st, state.WithParam("at", err)
	}
	if before, err = s.StateAsOf(ctx, current, req.From); err != nil {
		return nil, nil, state.WithParam("from", err)
	}
	after, err = s.StateAsOf(ctx, current, req.To)
	return before, after, state.WithParam("to", err)
}

// diffColumns are the columns of render.DiffRow.cells.
var diffColumns = []string{"Kind", "ImageId", "ImageName", "Fields"}

// renderDiff compares the images of both sides, and renders the result in the format of
// a request.
func renderDiff(prefix []byte, before, after *diffSide, req *request.Request) (*body, error) {
	d := catalog.Compare(before.images, after.images)
	total := len(d.Added) + len(d.Removed) + len(d.Changed)
	b, err := &body{total: strconv.Itoa(total)}, error(nil)
	switch req.Format {
	case request.FormatJSON:
		answer := render.Diff{
			From: before.toJSON(), To: after.toJSON(), TotalCount: total, Changed: []render.ChangedImage{},
			Added: imagesWithIDs(after.images, d.Added), Removed: imagesWithIDs(before.images, d.Removed),
		}
		for _, im := range d.Changed {
			answer.Changed = append(answer.Changed, render.ChangedImage{ImageID: im.ImageID, Fields: render.NewFieldChanges(im.Fields)})
		}
		b.bytes, err = render.AppendMembers(prefix, answer)
	case request.FormatNDJSON:
		b.bytes, err = render.AppendLines(nil, diffRows(d, before, after), func(r render.DiffRow) render.DiffRow { return r })
	default:
		t := render.Table{Columns: diffColumns, Rows: render.Rows(diffRows(d, before, after), render.DiffRow.Cells),
			ByteOrder: req.Bom}
		b.bytes = t.Render(req.Format)
	}
	return b, err
}

// diffRows returns a row for each image that differs: the removed ones, the added ones,
// then the changed ones.
func diffRows(d catalog.Diff, before, after *diffSide) []render.DiffRow {
	names := before.imageNames()
	var rows []render.DiffRow
	for _, id := range d.Removed {
		rows = append(rows, render.DiffRow{Kind: request.KindRemoved.Name(), ImageID: id, ImageName: names[id]})
	}
	names = after.imageNames()
	for _, id := range d.Added {
		rows = append(rows, render.DiffRow{Kind: request.KindAdded.Name(), ImageID: id, ImageName: names[id]})
	}
	for _, im := range d.Changed {
		rows = append(rows, render.DiffRow{
			Kind: request.KindChanged.Name(), ImageID: im.ImageID, ImageName: names[im.ImageID], Fields: render.NewFieldChanges(im.Fields),
		})
	}
	return rows
}

// imageNames returns the names of the images by id. Of several contents the first counts.
func (side *diffSide) imageNames() map[string]string {
	names := map[string]string{}
	for _, image := range side.images {
		if _, known := names[image.ImageID]; !known {
			names[image.ImageID] = image.Text("ImageName")
		}
	}
	return names
}

// toJSON returns which list was compared.
func (side *diffSide) toJSON() render.DiffSide {
	return render.DiffSide{
		Sequence: side.state.Sequence, CommittedAt: side.state.CommittedAt, ClusterID: side.cluster, InstanceType: side.instanceType, Captured: side.captured, ImageCount: len(side.images),
	}
}

// imagesWithIDs returns those of images that have one of the sorted ids.
func imagesWithIDs(images []*catalog.Image, sortedIDs []string) []render.Image {
	list := []render.Image{}
	for _, image := range images {
		if _, ok := slices.BinarySearch(sortedIDs, image.ImageID); ok {
			list = append(list, field.AppendUpstreamImage(nil, image.Raw))
		}
	}
	return list
}
