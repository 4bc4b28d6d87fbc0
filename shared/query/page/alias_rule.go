package page

import (
	"net/url"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/request"
)

// condition is one parameter of the lookup of an alias, decoded.
type condition struct{ name, value string }

// splitLookup returns the parameters of a lookup in its order. A run has accepted it.
func splitLookup(lookup string) (conditions []condition) {
	for part := range strings.SplitSeq(lookup, "&") {
		name, value, _ := strings.Cut(part, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if nameErr == nil && valueErr == nil && name != "" {
			conditions = append(conditions, condition{name, value})
		}
	}
	return conditions
}

// toLookup returns the address of the images that a lookup finds. Without ClusterId it means
// what every cluster supports, as in the alias.
func (in *Input) toLookup(region, lookup string) address {
	a := in.to("/v1/images", "RegionId", region)
	for _, c := range splitLookup(lookup) {
		a.params[c.name] = append(a.params[c.name], c.value)
	}
	return in.keepTime(a)
}

// lookupInWords says what a lookup asks for: where, the conditions, and the order.
func (in *Input) lookupInWords(lookup string, names clusterNames) (words []string) {
	where := in.T("what every cluster supports")
	var order []string
	for _, c := range splitLookup(lookup) {
		values := field.SplitList(c.value)
		switch field.FoldCase(c.name) {
		case "clusterid":
			where = in.clustersInWords(values, names)
		case "sort":
			for _, key := range values {
				order = append(order, in.orderInWords(key))
			}
		case "latestby":
			order = append(order, in.T("first of each %s", strings.Join(values, ", ")))
		case "q":
			words = append(words, in.T("Text")+": "+c.value)
		case "instancetype":
			words = append(words, in.T("Instance type")+": "+in.typesInWords(values))
		default:
			words = append(words, conditionInWords(c, values))
		}
	}
	return append(append([]string{where}, words...), order...)
}

// clustersInWords says which clusters a lookup asks about.
func (in *Input) clustersInWords(ids []string, names clusterNames) string {
	var words []string
	for _, id := range ids {
		switch id {
		case request.AllNames:
			return in.T("any cluster")
		case catalog.Any:
			words = append(words, in.T("what every cluster supports"))
		default:
			words = append(words, names.of(in, id))
		}
	}
	return in.T("Cluster") + ": " + strings.Join(words, in.T(", "))
}

// typesInWords says which instance types a lookup asks about.
func (in *Input) typesInWords(types []string) string {
	var words []string
	for _, name := range types {
		switch name {
		case request.AllNames:
			name = in.T("any instance type")
		case catalog.Any:
			name = in.T("every instance type")
		}
		words = append(words, name)
	}
	return strings.Join(words, in.T(", "))
}

// orderInWords says how a key of sort orders images.
func (in *Input) orderInWords(key string) string {
	if name, isDescending := strings.CutPrefix(key, "-"); isDescending {
		return in.T("highest %s first", name)
	}
	return in.T("lowest %s first", key)
}

// conditionInWords says what a condition on a field demands.
func conditionInWords(c condition, values []string) string {
	name, op, _ := strings.Cut(c.name, "__")
	sign := ": "
	if op != "" {
		sign = operatorSign(op)
	}
	return name + sign + strings.Join(values, ", ")
}

// lookupLink shows a lookup in words, as a link to the images that it finds.
func (in *Input) lookupLink(region, lookup string, names clusterNames) g.Node {
	return h.A(h.Href(in.toLookup(region, lookup).String()), h.Title(lookup),
		g.El("bdi", g.Text(strings.Join(in.lookupInWords(lookup, names), " · "))))
}
