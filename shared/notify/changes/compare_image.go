package changes

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/notify/subscription"
)

// selection is what a filter selects of a span.
type selection struct {
	*Span
	filter *subscription.Filter
	scopes scopeSet
}

// addImage adds what the commits did to an image.
func (s *selection) addImage(ctx context.Context, c *Changes, id string, t *touchedImage) error {
	im := Image{ImageID: id, ImageName: t.nameIn(s.scopes)}
	isThere := true
	if t.listsChanged {
		wasThere := s.had[id].meets(s.scopes)
		isThere = s.has[id].meets(s.scopes)
		switch {
		case wasThere == isThere:
		case isThere:
			return s.addNew(ctx, c, im)
		default:
			return s.addGone(ctx, c, im)
		}
	}
	if !isThere || !s.filter.Wants(subscription.Changed) {
		return nil
	}
	return s.addChanged(ctx, c, im, t)
}

// addNew adds an image that is new, unless only new scopes have it and it was in the region
// before.
func (s *selection) addNew(ctx context.Context, c *Changes, im Image) error {
	if !s.filter.Wants(subscription.Added) || !s.isAnnounced(im.ImageID) {
		return nil
	}
	ok, err := s.matches(ctx, s.after, s.has[im.ImageID].and(s.scopes), im.ImageID)
	if ok {
		c.Added = append(c.Added, im)
	}
	return err
}

// isAnnounced reports whether an image that is new for the selection is told.
func (s *selection) isAnnounced(id string) bool {
	for number := range s.log.refs {
		if !s.isNew[number] && s.has[id].has(number) && s.scopes.has(number) {
			return true
		}
	}
	dates, known := s.log.index.DatesOf(id)
	// Nobody knows since when the images of the first commit were there.
	return !known || !dates.FirstSeen.IsZero() && !dates.FirstSeen.Before(s.log.Commit(s.from).CommittedAt.Time)
}

// addGone adds an image that is gone.
func (s *selection) addGone(ctx context.Context, c *Changes, im Image) error {
	if !s.filter.Wants(subscription.Removed) {
		return nil
	}
	ok, err := s.matches(ctx, s.before, s.had[im.ImageID].and(s.scopes), im.ImageID)
	if ok {
		c.Removed = append(c.Removed, im)
	}
	return err
}

// addChanged adds an image with other fields, if one of them counts.
func (s *selection) addChanged(ctx context.Context, c *Changes, im Image, t *touchedImage) error {
	var fields []string
	counts, scopes := false, newScopeSet(len(s.log.refs)) // in which a field that counts has changed
	for _, group := range t.changes {
		if !group.scopes.meets(s.scopes) {
			continue
		}
		for _, f := range group.fields {
			if f.Field != "" && !s.filter.HasField(f.Field) {
				continue
			}
			counts, scopes = true, scopes.or(group.scopes)
			if f.Field != "" {
				fields = append(fields, strings.Clone(f.Field)) // the line of the commit can have megabytes
			}
		}
	}
	if !counts {
		return nil
	}
	if scopes = scopes.and(s.scopes); t.listsChanged { // some may have lost it
		scopes = scopes.and(s.has[im.ImageID])
	}
	ok, err := s.matches(ctx, s.after, scopes, im.ImageID)
	if ok {
		slices.Sort(fields)
		c.Changed = append(c.Changed, ChangedImage{im, slices.Compact(fields)})
	}
	return err
}

// matches reports whether the content that an image has in some scopes of a state meets the
// conditions of the filter. If it differs, that of the first scope counts: most lists of the past
// would have to be read for the others. Of several contents in one list one is enough.
func (s *selection) matches(ctx context.Context, state *format.Head, scopes scopeSet, id string) (bool, error) {
	if !s.filter.NeedsContent() {
		return true, nil
	}
	ref, ok := s.log.firstRef(scopes)
	if !ok {
		return false, nil
	}
	scope, ok := state.Scope(catalog.Scope{ClusterID: ref.ClusterID, InstanceType: ref.InstanceType})
	if !ok || scope.Digest == "" {
		return false, fmt.Errorf("scope %q has no content in commit %d", scope.Scope(s.log.present.RegionID),
			state.Sequence)
	}
	images, err := s.log.list(ctx, scope)
	if err != nil {
		return false, err
	}
	at, _ := slices.BinarySearchFunc(images, id, func(im *catalog.Image, id string) int {
		return strings.Compare(im.ImageID, id)
	})
	for ; at < len(images) && images[at].ImageID == id; at++ {
		if s.filter.Matches(images[at]) {
			return true, nil
		}
	}
	return false, nil
}

// addBootImages adds the clusters that lost their boot image: no list of the cluster has it
// any more, and one had it before.
func (s *selection) addBootImages(ctx context.Context, c *Changes) error {
	for _, cluster := range s.after.Clusters() {
		t := s.touched[cluster.ImageID]
		if t == nil || !t.listsChanged || !s.filter.HasCluster(cluster.ClusterID) ||
			!s.filter.HasImage(cluster.ImageID) {
			continue
		}
		own := newScopeSet(len(s.log.refs))
		for number, ref := range s.log.refs {
			if ref.ClusterID == cluster.ClusterID {
				own.add(number)
			}
		}
		if !s.had[cluster.ImageID].meets(own) || s.has[cluster.ImageID].meets(own) {
			continue
		}
		ok, err := s.matches(ctx, s.before, s.had[cluster.ImageID].and(own), cluster.ImageID)
		if err != nil {
			return err
		}
		if ok {
			c.BootImages = append(c.BootImages, BootImage{
				cluster.ClusterID, cluster.Name, Image{cluster.ImageID, t.nameIn(own)},
			})
		}
	}
	return nil
}

// addEnded adds the clusters, and the instance types of clusters, that ended.
func (s *selection) addEnded(c *Changes) {
	for n := s.from; n <= s.to; n++ {
		for _, e := range s.log.Commit(n).Ended {
			scope := catalog.Scope{ClusterID: e.ClusterID, InstanceType: e.InstanceType}
			_, wasThere := s.before.Scope(scope) // another commit of the span can have begun it
			_, isThere := s.after.Scope(scope)
			if !wasThere || isThere || !s.filter.HasScope(e.ClusterID, e.InstanceType) {
				continue
			}
			i := slices.IndexFunc(c.Ended, func(o Ended) bool { return o.ClusterID == e.ClusterID })
			if i < 0 {
				i = len(c.Ended)
				c.Ended = append(c.Ended, Ended{ClusterID: e.ClusterID, ClusterName: e.ClusterName})
			}
			instanceType := cmp.Or(e.InstanceType, catalog.Any)
			if !slices.Contains(c.Ended[i].InstanceTypes, instanceType) {
				c.Ended[i].InstanceTypes = append(c.Ended[i].InstanceTypes, instanceType)
			}
		}
	}
	for i := range c.Ended {
		if len(s.after.ScopesOf(c.Ended[i].ClusterID)) == 0 {
			c.Ended[i].InstanceTypes = nil // the whole cluster
		}
		slices.Sort(c.Ended[i].InstanceTypes)
	}
}
