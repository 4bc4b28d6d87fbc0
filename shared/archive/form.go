package archive

import (
	"encoding/json"
	"strconv"
	"strings"

	"community-images/shared/catalog"
)

// form reads JSON whose members stand where our encoder puts them, without a
// space. After something unexpected it has failed and stands still.
type form struct {
	rest   string
	failed bool
	times  map[string]catalog.Time // most scopes share a few
}

func (f *form) fail() { f.failed, f.rest = true, "" }

// has consumes text if it is next.
func (f *form) has(text string) bool {
	if !strings.HasPrefix(f.rest, text) {
		return false
	}
	f.rest = f.rest[len(text):]
	return true
}

func (f *form) expect(text string) {
	if !f.has(text) {
		f.fail()
	}
}

// text reads a string. Without escapes it shares memory with what is read.
func (f *form) text() string {
	f.expect(`"`)
	end := strings.IndexByte(f.rest, '"')
	if end < 0 {
		f.fail()
		return ""
	}
	if text := f.rest[:end]; strings.IndexByte(text, '\\') < 0 {
		f.rest = f.rest[end+1:]
		return text
	}
	return f.escaped()
}

// escaped reads the rest of a string that has escapes.
func (f *form) escaped() (text string) {
	for i := 0; i < len(f.rest); i++ {
		switch f.rest[i] {
		case '\\':
			i++
		case '"':
			if json.Unmarshal([]byte(`"`+f.rest[:i+1]), &text) != nil {
				f.fail()
				return ""
			}
			f.rest = f.rest[i+1:]
			return text
		}
	}
	f.fail()
	return ""
}

func (f *form) number() int {
	end := 0
	if strings.HasPrefix(f.rest, "-") {
		end = 1
	}
	for end < len(f.rest) && '0' <= f.rest[end] && f.rest[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(f.rest[:end])
	if err != nil {
		f.fail()
		return 0
	}
	f.rest = f.rest[end:]
	return n
}

func (f *form) time() (t catalog.Time) {
	text := f.text()
	if t, known := f.times[text]; known {
		return t
	}
	if t.UnmarshalText([]byte(text)) != nil {
		f.fail()
	}
	if f.times == nil {
		f.times = map[string]catalog.Time{}
	}
	f.times[text] = t
	return t
}

// list calls element before each element of an array.
func (f *form) list(element func()) {
	f.expect("[")
	if f.has("]") {
		return
	}
	for !f.failed {
		element()
		if f.has("]") {
			return
		}
		f.expect(",")
	}
}

// leastCluster and leastScope are about how many bytes an element of the
// tables has at least: to make room for them once.
const leastCluster, leastScope = 130, 400

// clusters and scopes expect canonical order.
func (f *form) clusters(room int) []catalog.Cluster {
	list := make([]catalog.Cluster, 0, room)
	f.list(func() {
		c := f.cluster()
		if last := len(list) - 1; last >= 0 && list[last].ClusterID >= c.ClusterID {
			f.fail()
		}
		list = append(list, c)
	})
	return list
}

func (f *form) cluster() (c catalog.Cluster) {
	f.expect(`{"ClusterId":`)
	c.ClusterID = f.text()
	f.expect(`,"InstanceTypes":`)
	if !f.has("null") {
		c.InstanceTypes = []string{}
		f.list(func() { c.InstanceTypes = append(c.InstanceTypes, f.text()) })
	}
	f.expect(`,"Name":`)
	c.Name = f.text()
	f.expect(`,"OsTag":`)
	c.OsTag = f.text()
	f.expect(`,"RegionId":`)
	c.RegionID = f.text()
	f.expect(`,"SchedulerType":`)
	c.SchedulerType = f.text()
	f.expect("}")
	return c
}

// scopes reads elements up to the end of what is read, without brackets.
func (f *form) scopes(room int) []ScopeState {
	list := make([]ScopeState, 0, room)
	for more := f.rest != ""; more && !f.failed; more = f.has(",") {
		list = append(list, ScopeState{})
		last := len(list) - 1
		if f.scope(&list[last]); !list[last].follows(list[:last]) {
			f.fail()
		}
	}
	return list
}

func (f *form) scope(s *ScopeState) {
	f.expect("{")
	if f.has(`"Candidate":`) {
		s.Candidate = f.candidate()
		f.expect(",")
	}
	f.expect(`"CapturedAt":`)
	s.CapturedAt = f.time()
	f.expect(`,"CheckedAt":`)
	s.CheckedAt = f.time()
	f.expect(`,"ClusterId":`)
	s.ClusterID = f.text()
	f.expect(`,"Digest":`)
	s.Digest = f.text()
	if f.has(`,"Fingerprint":`) {
		s.Fingerprint = f.text()
	}
	f.expect(`,"ImageCount":`)
	s.ImageCount = f.number()
	f.expect(`,"InstanceType":`)
	s.InstanceType = f.text()
	if f.has(`,"Problem":`) {
		s.Problem = f.problem()
	}
	f.expect(`,"Since":`)
	s.Since = f.time()
	f.expect(`,"State":`)
	s.State = State(f.text())
	f.expect(`,"TriedAt":`)
	s.TriedAt = f.time()
	f.expect("}")
}

func (f *form) candidate() *Candidate {
	c := &Candidate{}
	f.expect(`{"Digest":`)
	c.Digest = f.text()
	f.expect(`,"ImageCount":`)
	c.ImageCount = f.number()
	f.expect(`,"Seen":`)
	c.Seen = f.number()
	f.expect(`,"Since":`)
	c.Since = f.time()
	f.expect("}")
	return c
}

func (f *form) problem() *Problem {
	p := &Problem{}
	f.expect(`{"Class":`)
	p.Class = f.text()
	f.expect(`,"Code":`)
	p.Code = f.text()
	f.expect(`,"Message":`)
	p.Message = f.text()
	f.expect(`,"RequestId":`)
	p.RequestID = f.text()
	f.expect("}")
	return p
}
