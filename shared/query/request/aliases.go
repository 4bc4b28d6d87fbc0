package request

import (
	"slices"
	"strings"

	"community-images/shared/query/field"
)

// nameAliases are names that people and other interfaces give to parameters and
// fields, as normalizeName writes them. Of several meanings the first counts that
// the route has.
var nameAliases = map[string][]string{
	// Fields.
	"id":           {"ImageId"},
	"image":        {"ImageId"},
	"imageids":     {"ImageId"},
	"name":         {"ImageName"},
	"state":        {"Status"},
	"owner":        {"ImageOwnerAlias"},
	"alias":        {"ImageOwnerAlias"},
	"sku":          {"SkuCode"},
	"product":      {"ProductCode"},
	"script":       {"PostInstallScript"},
	"platform":     {"OsTag.Platform"},
	"os":           {"OsTag.Platform"},
	"distro":       {"OsTag.Platform"},
	"distribution": {"OsTag.Platform"},
	"version":      {"OsTag.Version"},
	"osversion":    {"OsTag.Version"},
	"arch":         {"OsTag.Architecture"},
	"architecture": {"OsTag.Architecture"},
	// Parameters.
	"cluster":       {"ClusterId"},
	"clusters":      {"ClusterId"},
	"clusterids":    {"ClusterId"},
	"type":          {"InstanceType"},
	"types":         {"InstanceType"},
	"instance":      {"InstanceType"},
	"instancetypes": {"InstanceType"},
	"region":        {"RegionId"},
	"search":        {"q"},
	"query":         {"q"},
	"text":          {"q"},
	"order":         {"sort"},
	"orderby":       {"sort"},
	"sortby":        {"sort"},
	"maxresults":    {"limit"},
	"pagesize":      {"limit"},
	"page":          {"cursor"},
	"pagenumber":    {"cursor"},
	"offset":        {"cursor"},
	"next":          {"cursor"},
	"nextcursor":    {"cursor"},
	"nexttoken":     {"cursor"},
	"columns":       {"fields"},
	"select":        {"fields"},
	"groupby":       {"latestBy"},
	"latest":        {"latestBy"},
	"time":          {"at"},
	"date":          {"at"},
	"asof":          {"at"},
	"since":         {"from"},
	"start":         {"since", "from"},
	"after":         {"since", "from"},
	"from":          {"since"},
	"until":         {"to"},
	"end":           {"to"},
	"before":        {"to"},
	"output":        {"format"},
	"event":         {"kind"},
	"action":        {"kind"},
}

// operatorAliases are names and signs that people and other interfaces give to
// operators. Near names are of no help here: ge is near to ne, its opposite.
var operatorAliases = map[string]string{
	"ge": "gte", "min": "gte", "from": "gte", "since": "gte", ">": "gte",
	"le": "lte", "max": "lte", "to": "lte", "until": "lte", "<": "lte",
	"greater": "gt", "above": "gt", "after": "gt",
	"less": "lt", "below": "lt", "before": "lt",
	"is": "eq", "in": "eq", "equals": "eq", "exact": "eq", "any": "eq", "iexact": "ieq", "iin": "ieq",
	"not": "ne", "neq": "ne", "nin": "ne", "notin": "ne", "isnot": "ne", "!": "ne",
	"starts": "prefix", "startswith": "prefix", "begins": "prefix", "istartswith": "iprefix",
	"ends": "suffix", "endswith": "suffix", "iendswith": "isuffix",
	"has": "contains", "includes": "contains", "substring": "contains", "~": "contains",
	"like": "glob", "match": "glob", "wildcard": "glob", "ilike": "iglob",
	"re": "regex", "regexp": "regex", "rlike": "regex", "matches": "regex", "iregexp": "iregex",
	"isset": "exists", "present": "exists",
}

// normalizeName returns a name in lower case without what separates words.
func normalizeName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '.' || r == ' ' {
			return -1
		}
		return r
	}, field.FoldCase(name))
}

// suggestName returns the known name that an unknown one means: one that differs
// in separators only, that of an alias, or a near one. It is empty if none is
// meant.
func suggestName(name string, known []string) string {
	if len(name) > maxSuggestedName {
		return ""
	}
	plain := normalizeName(name)
	for _, k := range known {
		if plain != "" && plain == normalizeName(k) {
			return k
		}
	}
	for _, meant := range nameAliases[plain] {
		if slices.Contains(known, meant) {
			return meant
		}
	}
	return nearestName(name, known, maxEdits(name))
}

// suggestOperator returns the operator that an unknown one of a kind of field
// means. It is empty if none is meant, or if two are equally near.
func suggestOperator(kind field.FieldKind, name string) string {
	name = field.FoldCase(name)
	if known, _ := FindOperator(kind, name); known != nil {
		return name
	}
	if alias, ok := operatorAliases[name]; ok {
		if known, _ := FindOperator(kind, alias); known == nil {
			return ""
		}
		return alias
	}
	names := OperatorNames(kind)
	best := nearestName(name, names, maxEdits(name))
	others := slices.DeleteFunc(names, func(n string) bool { return n == best })
	if other := nearestName(name, others, maxEdits(name)); other != "" && isEquallyNear(name, best, other) {
		return ""
	}
	return best
}

// suggestFilter returns the filter that an unknown parameter means: a field, with
// an operator if it has one that can be guessed. It is empty if no field is near.
func suggestFilter(s *field.Schema, name string) string {
	fieldName, op := splitFilterName(s, name)
	known := append(s.FieldNames(), field.ObjectFields...)
	f := s.FieldNamed(suggestName(fieldName, known))
	if f == nil {
		return ""
	}
	if op = suggestOperator(f.Kind, op); op == "" || op == "eq" {
		return f.Name
	}
	return f.Name + "__" + op
}

// splitFilterName splits the name of a parameter that is no filter into what may
// be a field and an operator. The operator is empty if there is none.
func splitFilterName(s *field.Schema, name string) (f, op string) {
	if field, op, ok := strings.Cut(name, "__"); ok {
		return field, op
	}
	// "Version>=7.6" is the parameter "Version>", "Version>7.6" has no value.
	if i := strings.IndexAny(name, "<>!~"); i > 0 {
		op := name[i : i+1]
		if i+1 < len(name) { // not followed by "="
			op = map[string]string{"<": "lt", ">": "gt"}[op]
		}
		return name[:i], op
	}
	// "Version_gte" and "Version.gte" have one sign. Fields have such signs too.
	if i := strings.LastIndexAny(name, "_."); i > 0 && s.FieldNamed(name) == nil {
		op := field.FoldCase(name[i+1:])
		known, _ := FindOperator(field.TextKind, op)
		if _, isAlias := operatorAliases[op]; isAlias || known != nil {
			return name[:i], op
		}
	}
	return name, ""
}
