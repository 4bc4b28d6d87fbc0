package changes

import (
	"context"
	"slices"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/notify/subscription"
)

// Span is some commits of a log, prepared for comparisons by several filters.
type Span struct {
	log      *Log
	from, to int64
	// before and after are the states at both ends.
	before, after *format.Head
	// had and has are the scopes that have an image before and after, by ImageId.
	had, has map[string]scopeSet
	// isNew are the scopes that had no content before, or whose content was lost.
	isNew map[int]bool
	// touched are the images of the commits, by ImageId.
	touched map[string]*touchedImage
	aliases []AliasMove
}

// touchedImage is what the commits say of one image.
type touchedImage struct {
	listsChanged bool // some list gained or lost it
	changes      []fieldChanges
	names        []scopeName // the latest last
}

// fieldChanges is a change of some fields in some scopes.
type fieldChanges struct {
	scopes scopeSet
	fields []catalog.FieldChange
}

// scopeName is the name of an image in one scope.
type scopeName struct {
	scope int
	name  string
}

// Span returns the commits from one number to another, both included.
func (l *Log) Span(ctx context.Context, from, to int64) (*Span, error) {
	s := &Span{
		log: l, from: from, to: to, before: l.stateAfter(from - 1), after: l.stateAfter(to),
		had: l.copyMembers(from - 1), has: l.copyMembers(to),
		isNew: map[int]bool{}, touched: map[string]*touchedImage{},
	}
	for n := from; n <= to; n++ {
		s.addCommit(l.Commit(n))
	}
	if l.moves == nil || len(s.before.Aliases)+len(s.after.Aliases) == 0 {
		return s, nil
	}
	var err error
	s.aliases, err = l.moves(ctx, &archive.Region{Head: *s.before}, &archive.Region{Head: *s.after})
	return s, err
}

// addCommit notes which images and scopes a commit touches.
func (s *Span) addCommit(c *format.Commit) {
	for i, scope := range c.Scopes {
		ref := c.Scope(i)
		was, _ := s.before.Scope(catalog.Scope{ClusterID: ref.ClusterID, InstanceType: ref.InstanceType})
		if was.Digest == "" || scope.PreviousLost {
			s.isNew[s.log.scopes[ref]] = true
		}
	}
	for i := range c.Images {
		im := &c.Images[i]
		t := s.touched[im.ImageID]
		if t == nil {
			t = &touchedImage{}
			s.touched[im.ImageID] = t
		}
		t.listsChanged = t.listsChanged || len(im.Added)+len(im.Removed) > 0
		for _, group := range im.Changed {
			t.changes = append(t.changes, fieldChanges{s.setOf(c, group.Scopes), group.Fields})
			t.addNames(s, c, im, group.Scopes)
		}
		t.addNames(s, c, im, im.Removed)
		t.addNames(s, c, im, im.Added)
	}
}

// setOf returns the set of the scopes with some numbers of a commit.
func (s *Span) setOf(c *format.Commit, numbers []int) scopeSet {
	set := newScopeSet(len(s.log.refs))
	for _, number := range numbers {
		set.add(s.log.scopes[c.Scope(number)])
	}
	return set
}

// addNames notes the names of an image in some scopes. The usual case is one name for all.
func (t *touchedImage) addNames(s *Span, c *format.Commit, im *format.ImageChange, numbers []int) {
	for _, number := range numbers {
		t.names = append(t.names, scopeName{s.log.scopes[c.Scope(number)], im.NameIn(number)})
	}
}

// nameIn returns the latest name of the image in one of some scopes.
func (t *touchedImage) nameIn(selected scopeSet) string {
	for _, n := range slices.Backward(t.names) {
		if selected.has(n.scope) {
			return n.name
		}
	}
	return ""
}

// Compare returns what the commits did, as far as a filter wants to know.
func (s *Span) Compare(ctx context.Context, f *subscription.Filter) (*Changes, error) {
	c := &Changes{RegionID: s.log.present.RegionID, From: s.from, To: s.to, At: s.after.CommittedAt}
	if !f.HasRegion(c.RegionID) {
		return c, nil
	}
	sel := &selection{Span: s, filter: f, scopes: newScopeSet(len(s.log.refs))}
	for number, ref := range s.log.refs {
		if f.HasScope(ref.ClusterID, ref.InstanceType) {
			sel.scopes.add(number)
		}
	}
	for id, t := range s.touched {
		if !f.HasImage(id) {
			continue
		}
		if err := sel.addImage(ctx, c, id, t); err != nil {
			return nil, err
		}
	}
	if f.Wants(subscription.BootImageGone) {
		if err := sel.addBootImages(ctx, c); err != nil {
			return nil, err
		}
	}
	if f.Wants(subscription.Ended) {
		sel.addEnded(c)
	}
	for _, m := range s.aliases {
		if f.Wants(subscription.Alias) && f.HasAlias(m.Name) {
			c.Aliases = append(c.Aliases, m)
		}
	}
	c.sort()
	return c, nil
}
