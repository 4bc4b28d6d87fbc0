package history

import (
	"iter"
	"slices"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/request"
)

// Event is what one commit did to one image in one scope, or that a scope ended. With a
// row it is what the commit did to the image in all scopes, or to a cluster.
type Event struct {
	Commit *commitRef
	// position is the event's own. A page that ends with it ends one behind it.
	position  request.Position
	ImageID   string
	ImageName string // in the scope: after the commit, or before if the image was removed
	Scope     format.ScopeRef
	Kind      request.Kind
	Fields    []catalog.FieldChange // of request.KindChanged
	isByEnd   bool                  // the image was removed because its scope ended
	Ended     endedScope            // of request.KindEnded, which has no image
	Row       *imageRow             // nil: the event is of one scope
}

// endedScope is what an event says of a scope that ended.
type endedScope struct {
	ClusterName string // empty if it is not known
	Images      int    // that the scope had last
}

// end returns the position behind the event.
func (e *Event) end() request.Position {
	if e.Row != nil {
		return e.Row.end
	}
	return request.Position{Sequence: e.position.Sequence, Offset: e.position.Offset + 1}
}

// commitRef names a commit of the log.
type commitRef struct {
	Sequence int64
	At       catalog.Time
	lineID   request.LineID
}

// clone returns a copy to keep; see eventsOf. It shares no memory with the commit, whose
// line can have megabytes.
func (e *Event) clone() *Event {
	c := *e
	c.ImageID, c.ImageName = strings.Clone(e.ImageID), strings.Clone(e.ImageName)
	c.Ended.ClusterName = strings.Clone(e.Ended.ClusterName)
	c.Scope = cloneScope(e.Scope)
	if e.Row != nil {
		c.Row = e.Row.clone()
	}
	c.Fields = slices.Clone(e.Fields)
	for i, f := range c.Fields {
		c.Fields[i].Field = strings.Clone(f.Field)
	}
	return &c
}

// isOf reports whether the event is of an image in its scopes.
func (e *Event) isOf(im ScopedImage) bool { return e.ImageID == im.id && e.isIn(im.selection) }

// cloneScope returns a copy that shares no memory with the commit.
func cloneScope(ref format.ScopeRef) format.ScopeRef {
	return format.ScopeRef{ClusterID: strings.Clone(ref.ClusterID), InstanceType: strings.Clone(ref.InstanceType)}
}

// isIn reports whether the event is of a scope of a selection.
func (e *Event) isIn(sel request.Selection) bool {
	return sel.Includes(e.Scope.ClusterID, e.Scope.InstanceType)
}

// eventsOf yields the events of a commit that the caller may see, in the order of
// feeds: the scopes that ended, then the images by ImageId; of one image removed, added
// and then each group of equal changes; of these by the numbers of their scopes. It is the only place where the
// grant and the redacted fields limit what is read of a commit. An event is valid until
// the next one.
func (h *Reader) eventsOf(c *format.Commit) iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		r := &eventReader{history: h, commit: c, yield: yield}
		r.event.Commit = &commitRef{c.Sequence, c.CommittedAt, request.NewLineID(c.LineHash)}
		r.readAll()
	}
}

// eventReader reads the events of a commit.
type eventReader struct {
	history *Reader
	commit  *format.Commit
	yield   func(*Event) bool
	event   Event               // the present one
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
		r.event.Kind, r.event.Scope = request.KindEnded, r.commit.Scope(changed+i)
		r.event.Ended = endedScope{ended.ClusterName, counts[i]}
		if !r.history.Covers(r.event.Scope) {
			continue
		}
		if !r.yieldEvent() {
			return false
		}
	}
	r.event.Ended = endedScope{}
	return true
}

// yieldEvent yields the present event with its position. It returns false if no more are
// wanted.
func (r *eventReader) yieldEvent() bool {
	r.event.position = request.Position{Sequence: r.commit.Sequence, Offset: r.count}
	r.count++
	return r.yield(&r.event)
}

// readAll yields all events.
func (r *eventReader) readAll() {
	if !r.readEnded() {
		return
	}
	showsNames := r.history.Schema.FieldNamed("ImageName") != nil // else they are redacted
	for i := range r.commit.Images {
		im := &r.commit.Images[i]
		r.event.ImageID, r.image = im.ImageID, nil
		if showsNames {
			r.image = im
		}
		if !r.readScopes(request.KindRemoved, im.Removed, nil) || !r.readScopes(request.KindAdded, im.Added, nil) {
			return
		}
		for _, group := range im.Changed {
			fields := r.history.Schema.VisibleChanges(group.Fields)
			if len(fields) > 0 && !r.readScopes(request.KindChanged, group.Scopes, fields) {
				return
			}
		}
	}
}

// readScopes yields an event of the present image for each scope that the caller may
// see. It returns false if no more are wanted.
func (r *eventReader) readScopes(kind request.Kind, numbers []int, fields []catalog.FieldChange) bool {
	r.event.Kind, r.event.Fields = kind, fields
	for _, number := range numbers {
		if r.event.Scope = r.commit.Scope(number); !r.history.Covers(r.event.Scope) {
			continue
		}
		if r.event.ImageName = ""; r.image != nil {
			r.event.ImageName = r.image.NameIn(number)
		}
		r.event.isByEnd = number >= len(r.commit.Scopes)
		if !r.yieldEvent() {
			return false
		}
	}
	return true
}
