package format

import (
	"community-images/shared/catalog"
	"community-images/shared/jsonscan"
)

// fixedDecoder reads the tables of a head in the fixed layout that Head.Encode
// writes: members in one order, no white space. Other layouts make it fail. A
// digest over the head proves the text.
type fixedDecoder struct {
	jsonscan.Scanner
	// dropsLists makes it check lists within rows without returning them.
	dropsLists bool
	// times has some times that were read last, since most rows share a few.
	times [4]parsedTime
	// nextTime is the element of times to be replaced next.
	nextTime int
}

// parsedTime is a time beside its text.
type parsedTime struct {
	text string
	time catalog.Time
}

// newFixedDecoder returns a decoder of text. Decoded strings share its memory.
func newFixedDecoder(text string) *fixedDecoder {
	return &fixedDecoder{Scanner: jsonscan.NewTrustedScanner(text)}
}

// beginRow reports whether another row follows after the first count rows, and
// consumes the comma before it.
func (d *fixedDecoder) beginRow(count int) bool {
	if d.Remaining() == 0 {
		return false
	}
	if count > 0 {
		d.Expect(",")
	}
	return !d.Failed()
}

// minAliasSize, minClusterSize and minScopeSize are about the least bytes of an element of the
// tables. They bound how many elements a table may have, to allocate it once.
const minAliasSize, minClusterSize, minScopeSize = 120, 160, 400

// text consumes label and reads the string after it.
func (d *fixedDecoder) text(label string) string {
	d.Expect(label)
	return d.Text()
}

// number consumes label and reads the integer after it.
func (d *fixedDecoder) number(label string) int {
	d.Expect(label)
	return d.Int()
}

// time consumes label and reads the time after it.
func (d *fixedDecoder) time(label string) (t catalog.Time) {
	text := d.text(label)
	if text == "" {
		return catalog.Time{}
	}
	for i := range d.times {
		if d.times[i].text == text {
			return d.times[i].time
		}
	}
	if t.UnmarshalText([]byte(text)) != nil {
		d.Fail()
	}
	d.times[d.nextTime] = parsedTime{text, t}
	d.nextTime = (d.nextTime + 1) % len(d.times)
	return t
}

// clusters reads an array of clusters. It fails unless they are in canonical
// order. capacity is a guess at their number.
func (d *fixedDecoder) clusters(capacity int) []catalog.Cluster {
	list := make([]catalog.Cluster, 0, capacity)
	d.Array(func() {
		var c catalog.Cluster
		d.cluster(&c)
		if last := len(list) - 1; last >= 0 && list[last].ClusterID >= c.ClusterID {
			d.Fail()
		}
		list = append(list, c)
	})
	return list
}

// cluster reads one cluster into c, which must be zero. A null InstanceTypes stays
// nil: the answer had none, which is not the same as an empty list.
func (d *fixedDecoder) cluster(c *catalog.Cluster) {
	c.ClusterID = d.text(`{"ClusterId":`)
	c.ImageID = d.text(`,"ImageId":`)
	c.ImageOwnerAlias = d.text(`,"ImageOwnerAlias":`)
	d.Expect(`,"InstanceTypes":`)
	if !d.Has("null") {
		c.InstanceTypes = []string{}
		d.Array(func() {
			if t := d.Text(); !d.dropsLists {
				c.InstanceTypes = append(c.InstanceTypes, t)
			}
		})
	}
	c.Name = d.text(`,"Name":`)
	c.OsTag = d.text(`,"OsTag":`)
	c.RegionID = d.text(`,"RegionId":`)
	c.SchedulerType = d.text(`,"SchedulerType":`)
	d.Expect("}")
}

// scopes reads an array of scopes. It fails unless they are in canonical order.
// capacity is a guess at their number.
func (d *fixedDecoder) scopes(capacity int) []ScopeState {
	// Each scope is decoded in its place, because copying the large struct is slow.
	list := make([]ScopeState, 0, capacity)
	d.Array(func() {
		list = append(list, ScopeState{})
		last := len(list) - 1
		if d.scope(&list[last]); !list[last].isAfter(list[:last]) {
			d.Fail()
		}
	})
	return list
}

// scope reads one scope into s, which must be zero. Members with omitempty may be
// missing.
func (d *fixedDecoder) scope(s *ScopeState) {
	d.Expect("{")
	if d.Has(`"Candidate":`) {
		s.Candidate = d.candidate()
		d.Expect(",")
	}
	s.CapturedAt = d.time(`"CapturedAt":`)
	s.CheckedAt = d.time(`,"CheckedAt":`)
	s.ClusterID = d.text(`,"ClusterId":`)
	s.Digest = d.text(`,"Digest":`)
	if d.Has(`,"Fingerprint":`) {
		s.Fingerprint = d.Text()
	}
	s.ImageCount = d.number(`,"ImageCount":`)
	s.InstanceType = d.text(`,"InstanceType":`)
	if d.Has(`,"Problem":`) {
		s.Problem = d.problem()
	}
	s.Since = d.time(`,"Since":`)
	s.State = State(d.text(`,"State":`))
	s.TriedAt = d.time(`,"TriedAt":`)
	d.Expect("}")
}

// candidate reads the suspicious answer of a held scope. Its four members are all
// there.
func (d *fixedDecoder) candidate() *Candidate {
	c := &Candidate{
		Digest:     d.text(`{"Digest":`),
		ImageCount: d.number(`,"ImageCount":`),
		Seen:       d.number(`,"Seen":`),
		Since:      d.time(`,"Since":`),
	}
	d.Expect("}")
	return c
}

// problem reads why a check did not succeed. Its four members are all there.
func (d *fixedDecoder) problem() *Problem {
	p := &Problem{
		Class:     d.text(`{"Class":`),
		Code:      d.text(`,"Code":`),
		Message:   d.text(`,"Message":`),
		RequestID: d.text(`,"RequestId":`),
	}
	d.Expect("}")
	return p
}
