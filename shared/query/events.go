package query

import (
	"iter"
	"slices"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// event is what one commit did to one image in one scope, or that a scope ended. With a
// row it is what the commit did to the image in all scopes, or to a cluster.
type event struct {
	commit *commitRef
	// position is the event's own. A page that ends with it ends one behind it.
	position  feedPosition
	imageID   string
	imageName string // in the scope: after the commit, or before if the image was removed
	scope     format.ScopeRef
	kind      eventKind
	fields    []catalog.FieldChange // of kindChanged
	isByEnd   bool                  // the image was removed because its scope ended
	ended     endedScope            // of kindEnded, which has no image
	row       *imageRow             // nil: the event is of one scope
}

// endedScope is what an event says of a scope that ended.
type endedScope struct {
	clusterName string // empty if it is not known
	images      int    // that the scope had last
}

// end returns the position behind the event.
func (e *event) end() feedPosition {
	if e.row != nil {
		return e.row.end
	}
	return feedPosition{e.position.sequence, e.position.offset + 1}
}

// commitRef names a commit of the log.
type commitRef struct {
	sequence int64
	at       catalog.Time
	lineID   lineID
}

// clone returns a copy to keep; see eventsOf. It shares no memory with the commit, whose
// line can have megabytes.
func (e *event) clone() *event {
	c := *e
	c.imageID, c.imageName = strings.Clone(e.imageID), strings.Clone(e.imageName)
	c.ended.clusterName = strings.Clone(e.ended.clusterName)
	c.scope = cloneScope(e.scope)
	if e.row != nil {
		c.row = e.row.clone()
	}
	c.fields = slices.Clone(e.fields)
	for i, f := range c.fields {
		c.fields[i].Field = strings.Clone(f.Field)
	}
	return &c
}

// isOf reports whether the event is of an image in its scopes.
func (e *event) isOf(im scopedImage) bool { return e.imageID == im.id && e.isIn(im.selection) }

// cloneScope returns a copy that shares no memory with the commit.
func cloneScope(ref format.ScopeRef) format.ScopeRef {
	return format.ScopeRef{ClusterID: strings.Clone(ref.ClusterID), InstanceType: strings.Clone(ref.InstanceType)}
}

// isIn reports whether the event is of a scope of a selection.
func (e *event) isIn(sel selection) bool {
	return sel.includes(e.scope.ClusterID, e.scope.InstanceType)
}

// eventsOf yields the events of a commit that the caller may see, in the order of
// feeds: the scopes that ended, then the images by ImageId; of one image removed, added
// and then each group of equal changes; of these by the numbers of their scopes. It is the only place where the
// grant and the redacted fields limit what is read of a commit. An event is valid until
// the next one.
func (h *history) eventsOf(c *format.Commit) iter.Seq[*event] {
	return func(yield func(*event) bool) {
		r := &eventReader{history: h, commit: c, yield: yield}
		r.event.commit = &commitRef{c.Sequence, c.CommittedAt, newLineID(c.LineHash)}
		r.readAll()
	}
}

// eventReader reads the events of a commit.
type eventReader struct {
	history *history
	commit  *format.Commit
	yield   func(*event) bool
	event   event               // the present one
	image   *format.ImageChange // the present one; nil: names are redacted
	count   int                 // of events before
}

// readEnded yields an event for each scope that ended. It returns false if no more are
// wanted.
func (r *eventReader) readEnded() bool {
	if len(r.commit.Ended) == 0 {
		return true
	}
	changed := len(r.commit.Scopes) // the numbers of scopes that ended follow
	counts := make([]int, len(r.commit.Ended))
	for i := range r.commit.Images {
		for _, number := range r.commit.Images[i].Removed {
			if number >= changed {
				counts[number-changed]++
			}
		}
	}
	for i, ended := range r.commit.Ended {
		r.event.kind, r.event.scope = kindEnded, r.commit.Scope(changed+i)
		r.event.ended = endedScope{ended.ClusterName, counts[i]}
		if !r.history.covers(r.event.scope) {
			continue
		}
		if !r.yieldEvent() {
			return false
		}
	}
	r.event.ended = endedScope{}
	return true
}

// yieldEvent yields the present event with its position. It returns false if no more are
// wanted.
func (r *eventReader) yieldEvent() bool {
	r.event.position = feedPosition{r.commit.Sequence, r.count}
	r.count++
	return r.yield(&r.event)
}

// readAll yields all events.
func (r *eventReader) readAll() {
	if !r.readEnded() {
		return
	}
	showsNames := r.history.schema.fieldNamed("ImageName") != nil // else they are redacted
	for i := range r.commit.Images {
		im := &r.commit.Images[i]
		r.event.imageID, r.image = im.ImageID, nil
		if showsNames {
			r.image = im
		}
		if !r.readScopes(kindRemoved, im.Removed, nil) || !r.readScopes(kindAdded, im.Added, nil) {
			return
		}
		for _, group := range im.Changed {
			fields := r.history.schema.visibleChanges(group.Fields)
			if len(fields) > 0 && !r.readScopes(kindChanged, group.Scopes, fields) {
				return
			}
		}
	}
}

// readScopes yields an event of the present image for each scope that the caller may
// see. It returns false if no more are wanted.
func (r *eventReader) readScopes(kind eventKind, numbers []int, fields []catalog.FieldChange) bool {
	r.event.kind, r.event.fields = kind, fields
	for _, number := range numbers {
		if r.event.scope = r.commit.Scope(number); !r.history.covers(r.event.scope) {
			continue
		}
		if r.event.imageName = ""; r.image != nil {
			r.event.imageName = r.image.NameIn(number)
		}
		r.event.isByEnd = number >= len(r.commit.Scopes)
		if !r.yieldEvent() {
			return false
		}
	}
	return true
}
