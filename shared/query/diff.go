package query

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

var (
	paramFrom = param{name: "from", example: "-1m", about: "the earlier state", allowed: asOfForms,
		parse: func(p *parser, v []string) (err error) {
			p.request.from, err = p.parsePastTime(v[0])
			return err
		}}
	paramTo = param{name: "to", example: "-1m", about: "the later state; default: now", allowed: asOfForms,
		parse: func(p *parser, v []string) (err error) {
			p.request.to, err = p.parsePastTime(v[0])
			return err
		}}
)

// checkDiff finds out which of the two forms is asked for: one scope at two
// times, or two clusters at one.
func checkDiff(p *parser) {
	a := p.request
	one := !canMatchSeveral(a.selection.clusters) && !canMatchSeveral(a.selection.types)
	two := len(a.selection.clusters) == 2 && !canMatchSeveral(a.selection.types)
	switch {
	case a.from.set && a.at.set:
		p.addFault(codeInvalid, "at", "cannot be combined with from", "either from and to, or at")
	case a.to.set && !a.from.set:
		p.addFault(codeMissing, "from", "is required with to", asOfForms)
	case a.from.set && !one:
		name := "ClusterId"
		if !canMatchSeveral(a.selection.clusters) {
			name = "InstanceType"
		}
		p.addFault(codeInvalid, name, "names more than one scope", "one cluster and at most one instance type, when from is given")
	case !a.from.set && len(a.selection.clusters) == 2 && !two:
		p.addFault(codeInvalid, "InstanceType", "names more than one", "at most one instance type, with which the two clusters are compared")
	case !a.from.set && !two:
		p.addFault(codeMissing, "from", "is required, unless ClusterId names two clusters to compare", asOfForms)
	}
}

// diffSide is one of the two lists that are compared.
type diffSide struct {
	cluster      string
	instanceType string
	state        *regionState
	scope        archive.ScopeState
	captured     bool
	images       []*catalog.Image
}

// serveDiff serves /v1/diff.
func (s *service) serveDiff(ctx context.Context, a *request) (*answer, error) {
	region, err := s.findRegion(ctx, a)
	if err != nil {
		return nil, err
	}
	h, err := s.states[region].get(ctx)
	if err != nil {
		return nil, wrapStoreError(region, err)
	}
	before, after, err := s.resolveDiffSides(ctx, a, h)
	if err != nil {
		return nil, err
	}
	v := &scopeSet{region: region} // of two times, how fresh the later one is counts
	if after.captured {
		v.scopes = append(v.scopes, after.scope)
	}
	if before.captured && (!after.captured || !a.from.set) {
		v.scopes = append(v.scopes, before.scope)
	}
	v.finish()
	later, shown := a.at, []shownState{{a.at, after.state}}
	if a.from.set {
		later, shown = a.to, []shownState{{a.from, before.state}, {a.to, after.state}}
	}
	f := v.computeFreshness(h, after.state, later, s.now(), s.maxStale)
	if err := a.checkMaxAge(v, s); err != nil {
		return nil, err
	}
	return &answer{
		freshness: &f, region: region, lastModified: v.newestContent,
		immutable: isImmutable(a, false, shown...),
		etag:      makeETag(before.etagKey(), after.etagKey(), a.canonical, a.format),
		render: func(ctx context.Context, prefix []byte) (*body, error) {
			for _, x := range []*diffSide{before, after} {
				if !x.captured {
					continue
				}
				list, err := s.lists.load(ctx, region, x.scope)
				if err != nil {
					return nil, err
				}
				x.images = list.images()
			}
			return renderDiff(prefix, before, after), nil
		},
	}, nil
}

func (x *diffSide) etagKey() string {
	return fmt.Sprint(x.state.Sequence, " ", x.cluster, "/", x.instanceType, " ", x.scope.Digest)
}

// resolveDiffSides finds what is to be compared.
func (s *service) resolveDiffSides(ctx context.Context, a *request, h currentState) (before, after *diffSide, err error) {
	clusters, types := toScopeNames(a.selection.clusters), toScopeNames(a.selection.types)
	if a.from.set {
		before, after = &diffSide{cluster: clusters[0], instanceType: types[0]}, &diffSide{cluster: clusters[0], instanceType: types[0]}
		if before.state, err = s.stateAsOf(ctx, h, a.from); err != nil {
			return nil, nil, withParam("from", err)
		}
		if after.state, err = s.stateAsOf(ctx, h, a.to); err != nil {
			return nil, nil, withParam("to", err)
		}
	} else {
		before, after = &diffSide{cluster: clusters[0], instanceType: types[0]}, &diffSide{cluster: clusters[1], instanceType: types[0]}
		if before.state, err = s.stateAsOf(ctx, h, a.at); err != nil {
			return nil, nil, withParam("at", err)
		}
		after.state = before.state
	}
	var faults []error
	for _, x := range []*diffSide{before, after} {
		x.scope, x.captured = x.state.Scope(catalog.Scope{ClusterID: x.cluster, InstanceType: x.instanceType})
		x.captured = x.captured && x.scope.Digest != ""
		if !x.captured {
			_, err := x.state.selectScopes(selection{[]string{anyIfEmpty(x.cluster)}, []string{anyIfEmpty(x.instanceType)}})
			faults = append(faults, err)
		}
	}
	// A scope that came or went between two times is compared with nothing.
	if len(faults) == 2 || len(faults) == 1 && !a.from.set {
		return nil, nil, faults[0]
	}
	return before, after, nil
}

func anyIfEmpty(name string) string {
	if name == "" {
		return catalog.Any
	}
	return name
}

func renderDiff(b []byte, before, after *diffSide) *body {
	d := catalog.Compare(before.images, after.images)
	b = append(before.appendJSON(append(b, `,"From":`...)), `,"To":`...)
	b = after.appendJSON(b)
	b = append(b, `,"TotalCount":`...)
	ids := map[string]bool{}
	for _, c := range d.Changed {
		ids[c.ImageID] = true
	}
	total := strconv.Itoa(len(d.Added) + len(d.Removed) + len(ids))
	b = append(b, total...)
	b = appendImagesWithIDs(append(b, `,"Added":`...), after.images, d.Added)
	b = appendImagesWithIDs(append(b, `,"Removed":`...), before.images, d.Removed)
	b = append(b, `,"Changed":[`...)
	for rest := d.Changed; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].ImageID == rest[0].ImageID {
			n++
		}
		if b[len(b)-1] != '[' {
			b = append(b, ',')
		}
		b = append(b, `{"ImageId":`...)
		b = append(appendString(b, rest[0].ImageID), `,"Fields":`...)
		b = append(appendFieldChanges(b, rest[:n]), '}')
		rest = rest[n:]
	}
	return &body{bytes: append(b, "]}\n"...), total: total}
}

func (x *diffSide) appendJSON(b []byte) []byte {
	b = append(b, `{"Sequence":`...)
	b = strconv.AppendInt(b, x.state.Sequence, 10)
	b = append(b, `,"CommittedAt":"`...)
	b = appendTime(b, x.state.CommittedAt)
	b = append(b, `","ClusterId":`...)
	b = appendString(b, x.cluster)
	b = append(b, `,"InstanceType":`...)
	b = appendString(b, x.instanceType)
	b = append(b, `,"Captured":`...)
	b = strconv.AppendBool(b, x.captured)
	b = append(b, `,"ImageCount":`...)
	return append(strconv.AppendInt(b, int64(len(x.images)), 10), '}')
}

// appendImagesWithIDs writes the images of a sorted list that have the ids.
func appendImagesWithIDs(b []byte, images []*catalog.Image, ids []string) []byte {
	b = append(b, '[')
	first := true
	for _, im := range images {
		if _, ok := slices.BinarySearch(ids, im.ImageID); !ok {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, im.Raw...)
	}
	return append(b, ']')
}
