package request

import (
	"slices"
	"time"

	"community-images/shared/query/fault"
	"community-images/shared/query/field"
	"community-images/shared/query/filter"
)

// TimeCondition is a condition on a field of TimeKind. What its times mean is known only
// when the request is served: requests are kept, and a time can be relative to now.
type TimeCondition struct {
	Name  string       // of the parameter, for example "FirstSeen__gte"
	Field *field.Field // whose value is tested
	op    *filter.Operator
	times []AsOf // that are no commits
}

// addTimeCondition adds the condition of a filter whose number of values is right. The
// error completes "NAME ...".
func (p *parser) addTimeCondition(name string, f *field.Field, op *filter.Operator, values []string) error {
	c := TimeCondition{Name: name, Field: f, op: op}
	for _, value := range values {
		at, err := parseMoment(value)
		switch {
		case err != nil:
			return err
		case at.Sequence != 0:
			return &fault.ValueError{Value: value}
		}
		c.times = append(c.times, at)
	}
	p.request.TimeConditions = append(p.request.TimeConditions, c)
	return nil
}

// Resolve returns the condition with the times that are meant at now, and these times as
// field.FormatTime writes them.
func (c *TimeCondition) Resolve(now time.Time) (filter.Predicate, []string, error) {
	texts := make([]string, len(c.times))
	for i, at := range c.times {
		texts[i] = field.FormatTime(at.ResolveTime(now))
	}
	test, err := filter.New(c.Field, c.op, false, texts)
	test.Name = c.Name
	return test, texts, err
}

// RowFields returns those of DerivedFields that decide which rows an answer has, and in
// which order. The others are only shown or counted.
func (req *Request) RowFields() []*field.Field { return req.DerivedFields[:req.rowFields] }

// findDerivedFields sets the derived fields that the request names, or that its page shows.
func (req *Request) findDerivedFields(s *field.Schema) {
	for i := range req.TimeConditions {
		req.addDerivedField(req.TimeConditions[i].Field)
	}
	for i := range req.Conditions {
		req.addDerivedField(req.Conditions[i].Field)
	}
	for _, key := range req.Sort {
		req.addDerivedField(key.Field)
	}
	for _, f := range req.LatestBy {
		req.addDerivedField(f)
	}
	req.rowFields = len(req.DerivedFields)
	for _, f := range req.Facets {
		req.addDerivedField(f)
	}
	for _, c := range req.Columns {
		req.addDerivedField(c.Field)
	}
	if req.Format == FormatHTML && req.Columns == nil && req.Route.HasParam(paramFields.Name) {
		req.addDerivedField(s.FieldNamed(field.FirstSeen)) // a column of the page
	}
}

// addDerivedField adds a field to DerivedFields, if it is one that they lack. It may be
// nil.
func (req *Request) addDerivedField(f *field.Field) {
	if f != nil && f.IsDerived && !slices.Contains(req.DerivedFields, f) {
		req.DerivedFields = append(req.DerivedFields, f)
	}
}
