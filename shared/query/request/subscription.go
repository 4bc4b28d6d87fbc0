package request

import (
	"slices"
	"strings"

	"community-images/shared/catalog"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
)

// ParseSubscription parses the filter of a subscription to messages, as a query writes it: the
// parameters of /v1/changes and /v1/images that choose scopes and images, and own, which
// subscriptions alone have. It returns every fault.
func ParseSubscription(query string, own []Param) (*Request, []fault.Fault) {
	rt := newSubscriptionRoute(own)
	p := &parser{schema: field.NewSchema(nil), config: &Config{}, request: &Request{Route: rt}}
	for _, param := range p.splitQuery(query) {
		p.parseAny(param)
	}
	p.request.Selection = p.request.Selection.orEverything()
	return p.request, p.faults
}

// NewListParam returns a parameter for ParseSubscription. allowed is a noun phrase for its
// values. The error of parse is a *fault.ValueError, or completes "NAME ...".
func NewListParam(name string, allowed message.Text, parse func(values []string) error) Param {
	return Param{
		Name: name, allowedNames: allowed, IsList: true, parse: func(_ *parser, v []string) error { return parse(v) },
	}
}

// newSubscriptionRoute returns what the filter of a subscription may have.
func newSubscriptionRoute(own []Param) *Route {
	return &Route{Pattern: "the filter of a subscription", Filters: true, refuses: refuseInSubscription,
		Params: slices.Concat(own, []Param{newClusterIDParam(), paramType, paramSearch})}
}

// newClusterIDParam returns ClusterId for where no state of a region is at hand, in which a name
// of a cluster could be found.
func newClusterIDParam() Param {
	return Param{
		Name: "ClusterId", IsList: true,
		allowedNames: message.Untranslated(
			"ids of clusters, which have A-Z a-z 0-9 . _ -, a comma list of them, * for all, or _any for none"),
		parse: func(p *parser, v []string) (err error) {
			p.request.Selection.Clusters, err = parseNames(v, func(id string) error {
				if id != catalog.Any && catalog.ValidateName("ClusterId", id) != nil {
					return &fault.ValueError{Value: id}
				}
				return nil
			})
			return err
		},
	}
}

// refuseInSubscription says why a subscription cannot have a parameter that lookups have. It
// completes "NAME ..."; empty: there is no reason.
func refuseInSubscription(name string) string {
	name, _, _ = strings.Cut(field.FoldCase(name), "__")
	switch name {
	case "sort", "limit", "cursor", "latestby", "facets", "mincount":
		return "orders, counts or cuts a list of images. A subscription is told of every image that matches"
	case "fields", "format", "pretty", "bom", "lang", "by":
		return "is about the form of an answer. Kind and Language of the subscription decide what a message looks like"
	case "at", "since", "from", "to", "maxage":
		return "chooses a time. A subscription is told of each commit once, after it was made"
	case "firstseen", "changedat":
		return "is the time of a commit, and a message is about one commit, which is now. Use kind: added or changed"
	}
	return ""
}
