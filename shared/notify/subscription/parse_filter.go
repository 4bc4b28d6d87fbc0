package subscription

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"community-images/shared/alias"
	"community-images/shared/catalog"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
	"community-images/shared/query/filter"
	"community-images/shared/query/request"
)

// filter reads a filter, which may be absent. Each member is a parameter of a query, and a list
// is a parameter that is given several times. So lookups and subscriptions have one parser.
func (r *reader) filter(at string, raw json.RawMessage) (f Filter) {
	if raw == nil {
		return f
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		r.addFault(at, "", "is not an object", "a JSON object with parameters of /v1/changes and /v1/images")
		return f
	}
	query := url.Values{}
	for _, name := range sortedKeys(members) {
		query[name] = r.values(at+"."+name, members[name])
	}
	req, faults := request.ParseSubscription(query.Encode(), f.params())
	for _, wrong := range faults {
		r.addFault(strings.TrimSuffix(at+"."+wrong.Name, "."), "", wrong.Reason.String(), wrong.Allowed.String())
	}
	f.Selection, f.ImageIDs, f.Conditions, f.Words = req.Selection, req.ImageIDs, req.Conditions, req.SearchWords
	if r.cost += req.Cost; r.cost > filter.MaxTotalCost && len(faults) == 0 {
		r.addFault(at, "", "exceeds what the expressions of one file may cost", "fewer or smaller expressions")
	}
	return f
}

// values reads one text or a list of texts. It returns nil if there is a fault.
func (r *reader) values(at string, raw json.RawMessage) (list []string) {
	elements, isList := []json.RawMessage{raw}, raw[0] == '['
	if isList {
		elements = r.array(at, raw, request.MaxListValues)
		if len(elements) == 0 && !r.hasFault(at) {
			r.addFault(at, "", "is empty", "at least one value; without the member there is no condition")
		}
	}
	for i, element := range elements {
		path := at
		if isList {
			path = fmt.Sprintf("%s[%d]", at, i)
		}
		var text string
		if element[0] != '"' || json.Unmarshal(element, &text) != nil {
			r.addFault(path, "", "is not text", `text such as "40", or a list of texts`)
			return nil
		}
		list = append(list, text)
	}
	return list
}

// params returns the parameters that subscriptions alone have. They write to the filter.
func (f *Filter) params() []request.Param {
	return []request.Param{
		newChoice("kind", &f.Kinds, events),
		newNames("RegionId", "ids of regions", &f.Regions, func(id string) bool {
			return catalog.ValidateName("RegionId", id) == nil
		}),
		newNames("alias", "names of aliases, which have 1 to 64 of a-z 0-9 . _ -", &f.Aliases, alias.IsName),
		newChoice("changedField", &f.ChangedFields, changedFields()),
	}
}

// newChoice returns a parameter for some of the known words, in any case.
func newChoice(name string, list *[]string, known []string) request.Param {
	return request.NewListParam(name, message.Choice(known), func(values []string) error {
		for _, v := range values {
			i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, v) })
			if i < 0 {
				return &fault.ValueError{Value: v, Suggestion: fault.DidYouMean(v, known)}
			}
			*list = append(*list, known[i])
		}
		return nil
	})
}

// newNames returns a parameter for names that are allowed.
func newNames(name, allowed string, list *[]string, isAllowed func(string) bool) request.Param {
	return request.NewListParam(name, message.Untranslated(allowed), func(values []string) error {
		*list = values
		if i := slices.IndexFunc(values, func(v string) bool { return !isAllowed(v) }); i >= 0 {
			return &fault.ValueError{Value: values[i]}
		}
		return nil
	})
}

// changedFields lists the fields of an image that can change, and the objects that hold some.
func changedFields() (names []string) {
	for _, f := range field.NewSchema(nil).Fields {
		if f.Name != "ImageId" && !f.IsDerived {
			names = append(names, f.Name)
		}
	}
	return append(names, field.ObjectFields...)
}
