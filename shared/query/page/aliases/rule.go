package aliases

import (
	"net/url"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/page/ui"
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
func toLookup(in *ui.Input, region, lookup string) ui.Address {
	a := in.To("/v1/images", "RegionId", region)
	for _, c := range splitLookup(lookup) {
		a.Params[c.name] = append(a.Params[c.name], c.value)
	}
	return in.KeepTime(a)
}

// lookupInWords says what a lookup asks for: where, the conditions, and the order.
func lookupInWords(in *ui.Input, lookup string, names ui.ClusterNames) (words []string) {
	where := in.T("what every cluster supports")
	var order []string
	for _, c := range splitLookup(lookup) {
		values := field.SplitList(c.value)
		switch field.FoldCase(c.name) {
		case "clusterid":
			where = clustersInWords(in, values, names)
		case "sort":
			for _, key := range values {
				order = append(order, orderInWords(in, key))
			}
		case "latestby":
			order = append(order, in.T("first of each %s", strings.Join(values, ", ")))
		case "q":
			words = append(words, in.T("Text")+in.T(": ")+c.value)
		case "instancetype":
			words = append(words, in.T("Instance type")+in.T(": ")+typesInWords(in, values))
		default:
			words = append(words, conditionInWords(c, values))
		}
	}
	return append(append([]string{where}, words...), order...)
}

// clustersInWords says which clusters a lookup asks about.
func clustersInWords(in *ui.Input, ids []string, names ui.ClusterNames) string {
	var words []string
	for _, id := range ids {
		switch id {
		case request.AllNames:
			return in.T("any cluster")
		case catalog.Any:
			words = append(words, in.T("what every cluster supports"))
		default:
			words = append(words, names.Of(in, id))
		}
	}
	return in.T("Cluster") + in.T(": ") + strings.Join(words, in.T(", "))
}

// typesInWords says which instance types a lookup asks about.
func typesInWords(in *ui.Input, types []string) string {
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
func orderInWords(in *ui.Input, key string) string {
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
		sign = ui.OperatorSign(op)
	}
	return name + sign + strings.Join(values, ", ")
}

// lookupLink shows a lookup in words, as a link to the images that it finds.
func lookupLink(in *ui.Input, region, lookup string, names ui.ClusterNames) g.Node {
	return h.A(h.Href(toLookup(in, region, lookup).String()), h.Title(lookup),
		g.El("bdi", g.Text(strings.Join(lookupInWords(in, lookup, names), " · "))))
}
