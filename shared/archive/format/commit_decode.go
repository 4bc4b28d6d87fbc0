package format

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"

	"community-images/shared/catalog"
)

// DecodeCommit decodes a line without its line end. It returns nil if the bytes
// are no commit, for example a torn line. intact is false if they are a commit
// that was altered. A commit of another format may have no more than its Digest,
// Format and Sequence. If withImages is false, Images may be left out: a replay that
// only wants the state need not decode them.
//
// Lines that Commit.Encode wrote go through fixedDecoder, which takes a seventh of
// the time of encoding/json: a lookup into the past replays a whole month.
func DecodeCommit(line []byte, withImages bool) (c *Commit, intact bool) {
	at := commitDigest.offset(line)
	if stated, ok := commitDigest.stated(line, at); ok && commitDigest.verifyAt(line, at, stated) {
		text := string(line) // the decoded strings share its memory, and the line's is used again
		if !withImages {
			text = cutImages(line)
		}
		if c, ok := decodeFixedCommit(text); ok {
			return c, c.hasValidNumbers()
		}
	}
	c = new(Commit)
	if json.Unmarshal(line, c) != nil {
		var other struct { // its other members may have other types
			Digest   string
			Format   int
			Sequence int64
		}
		if json.Unmarshal(line, &other) != nil || other.Format == Version {
			return nil, false
		}
		c = &Commit{Digest: other.Digest, Format: other.Format, Sequence: other.Sequence}
	}
	if c.Sequence < 1 {
		return nil, false
	}
	return c, commitDigest.Verify(line, c.Digest) && c.hasValidNumbers()
}

// The texts around Images in a line. Only typed members follow the second one, so its
// last occurrence is the right one whatever JSON of upstream's stands in Images.
const (
	beforeImages = `,"Images":[`
	afterImages  = `],"Previous":"`
)

// cutImages returns a line without its Images.
func cutImages(line []byte) string {
	start, end := bytes.Index(line, []byte(beforeImages)), bytes.LastIndex(line, []byte(afterImages))
	if start < 0 || end < start {
		return string(line)
	}
	var text strings.Builder
	text.Grow(len(line) - (end + 1 - start))
	text.Write(line[:start])
	text.Write(line[end+1:])
	return text.String()
}

// decodeFixedCommit decodes a line in the layout that Commit.Encode gives it. Its
// digest must have been verified. ok is false if it has another layout.
func decodeFixedCommit(text string) (c *Commit, ok bool) {
	d := newFixedDecoder(text)
	c = new(Commit)
	d.Expect("{")
	if d.Has(`"Aliases":`) {
		d.json(&c.Aliases)
		d.Expect(",")
	}
	if d.Has(`"Checkpoint":`) {
		c.Checkpoint = d.checkpoint(len(text))
		d.Expect(",")
	}
	if d.Has(`"Clusters":`) {
		d.Array(func() { c.Clusters = append(c.Clusters, d.clusterChange()) })
		d.Expect(",")
	}
	c.CommittedAt = d.time(`"CommittedAt":`)
	c.Digest = d.text(`,"Digest":`)
	if d.Has(`,"Ended":`) {
		d.Array(func() { c.Ended = append(c.Ended, d.endedScope()) })
	}
	c.Format = d.number(`,"Format":`)
	if d.Has(`,"Images":`) {
		c.Images = make([]ImageChange, 0, strings.Count(text, `"ImageName":`)) // or some more
		d.Array(func() { c.Images = append(c.Images, d.imageChange()) })
	}
	c.Previous = d.text(`,"Previous":`)
	c.RegionID = d.text(`,"RegionId":`)
	c.RunID = d.text(`,"RunId":`)
	if d.Has(`,"Scopes":`) {
		c.Scopes = make([]ScopeChange, 0, strings.Count(text, `{"CheckedAt":`))
		d.Array(func() { c.Scopes = append(c.Scopes, d.scopeChange()) })
	}
	c.Sequence = int64(d.number(`,"Sequence":`))
	c.StartedAt = d.time(`,"StartedAt":`)
	if d.Has(`,"States":`) {
		d.Array(func() { c.States = append(c.States, d.stateChange()) })
	}
	if d.Has(`,"Successor":`) {
		c.Successor = d.Text()
	}
	c.Trigger = d.text(`,"Trigger":`)
	d.Expect("}")
	return c, d.AtEnd() && c.Sequence > 0
}

// checkpoint reads a Checkpoint. size is that of the line.
func (d *fixedDecoder) checkpoint(size int) *Checkpoint {
	c := new(Checkpoint)
	d.Expect("{")
	if d.Has(`"Aliases":`) {
		d.json(&c.Aliases)
		d.Expect(",")
	}
	d.Expect(`"Clusters":`)
	c.Clusters = d.clusters(size / minScopeSize)
	d.Expect(`,"Files":`)
	c.Files = []LogFile{}
	d.Array(func() {
		c.Files = append(c.Files, LogFile{
			FirstCommittedAt: d.time(`{"FirstCommittedAt":`),
			FirstSequence:    int64(d.number(`,"FirstSequence":`)),
			Month:            d.text(`,"Month":`),
			Previous:         d.text(`,"Previous":`),
		})
		d.Expect("}")
	})
	d.Expect(`,"Scopes":`)
	c.Scopes = d.scopes(size / minScopeSize)
	if d.Has(`,"SimulatedUntil":`) {
		d.json(&c.SimulatedUntil)
	}
	d.Expect("}")
	return c
}

// clusterChange reads a ClusterChange.
func (d *fixedDecoder) clusterChange() (c ClusterChange) {
	d.Expect("{")
	if d.Has(`"After":`) {
		c.After = new(catalog.Cluster)
		d.cluster(c.After)
		d.Expect(",")
	}
	c.ClusterID = d.text(`"ClusterId":`)
	d.Expect("}")
	return c
}

// endedScope reads an EndedScope.
func (d *fixedDecoder) endedScope() (e EndedScope) {
	d.Expect("{")
	more := false // a member came before
	e.ClusterID = d.optionalText(`"ClusterId":`, &more)
	e.ClusterName = d.optionalText(`"ClusterName":`, &more)
	e.InstanceType = d.optionalText(`"InstanceType":`, &more)
	e.PreviousLost = d.isTrue(`"PreviousLost":`, &more)
	d.Expect("}")
	return e
}

// scopeChange reads a ScopeChange.
func (d *fixedDecoder) scopeChange() (s ScopeChange) {
	s.CheckedAt = d.time(`{"CheckedAt":`)
	more := true
	s.ClusterID = d.optionalText(`"ClusterId":`, &more)
	s.Digest = d.text(`,"Digest":`)
	s.ImageCount = d.number(`,"ImageCount":`)
	s.InstanceType = d.optionalText(`"InstanceType":`, &more)
	s.PreviousLost = d.isTrue(`"PreviousLost":`, &more)
	d.Expect("}")
	return s
}

// stateChange reads a StateChange.
func (d *fixedDecoder) stateChange() (s StateChange) {
	s.At = d.time(`{"At":`)
	more := true
	s.ClusterID = d.optionalText(`"ClusterId":`, &more)
	s.InstanceType = d.optionalText(`"InstanceType":`, &more)
	if d.Has(`,"Problem":`) {
		s.Problem = d.problem()
	}
	s.To = State(d.text(`,"To":`))
	d.Expect("}")
	return s
}

// imageChange reads an ImageChange.
func (d *fixedDecoder) imageChange() (im ImageChange) {
	d.Expect("{")
	if d.Has(`"Added":`) {
		im.Added = d.numbers()
		d.Expect(",")
	}
	if d.Has(`"Changed":`) {
		d.Array(func() { im.Changed = append(im.Changed, d.fieldChanges()) })
		d.Expect(",")
	}
	im.ImageID = d.text(`"ImageId":`)
	im.ImageName = d.text(`,"ImageName":`)
	if d.Has(`,"OtherNames":`) {
		d.Array(func() {
			other := OtherName{ImageName: d.text(`{"ImageName":`)}
			d.Expect(`,"Scopes":`)
			other.Scopes = d.numbers()
			d.Expect("}")
			im.OtherNames = append(im.OtherNames, other)
		})
	}
	if d.Has(`,"Removed":`) {
		im.Removed = d.numbers()
	}
	d.Expect("}")
	return im
}

// fieldChanges reads a FieldChanges.
func (d *fixedDecoder) fieldChanges() (c FieldChanges) {
	d.Expect(`{"Fields":`)
	d.Array(func() {
		var f catalog.FieldChange
		d.Expect("{")
		if d.Has(`"After":`) {
			f.After = json.RawMessage(d.Value())
			d.Expect(",")
		}
		if d.Has(`"Before":`) {
			f.Before = json.RawMessage(d.Value())
			d.Expect(",")
		}
		f.Field = d.text(`"Field":`)
		d.Expect("}")
		c.Fields = append(c.Fields, f)
	})
	d.Expect(`,"Scopes":`)
	c.Scopes = d.numbers()
	d.Expect("}")
	return c
}

// numbers reads an array of numbers of scopes, which ascend.
func (d *fixedDecoder) numbers() []int {
	d.Expect("[")
	list, ok := parseAscending[int](d.Until("]"), math.MaxInt32)
	if !ok {
		d.Fail()
	}
	return list
}

// optionalText reads a member if it stands next, with a comma before it if *more is
// true. After that *more is true.
func (d *fixedDecoder) optionalText(label string, more *bool) string {
	if !d.hasMember(label, more) {
		return ""
	}
	return d.Text()
}

// isTrue reads a member that is true or missing, as optionalText.
func (d *fixedDecoder) isTrue(label string, more *bool) bool {
	return d.hasMember(label, more) && d.Bool()
}

// hasMember consumes the label of a member, as optionalText.
func (d *fixedDecoder) hasMember(label string, more *bool) bool {
	if *more {
		label = "," + label
	}
	has := d.Has(label)
	*more = *more || has
	return has
}

// json reads a value as encoding/json does. Few objects have such values.
func (d *fixedDecoder) json(into any) {
	if json.Unmarshal([]byte(d.Value()), into) != nil {
		d.Fail()
	}
}
