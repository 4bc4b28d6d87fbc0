package request

import (
	"slices"
	"strings"

	"community-images/shared/query/fault"
	"community-images/shared/query/field"
	"community-images/shared/query/filter"
)

// operatorSynonyms are names and signs that people and other interfaces give to
// operators. Near names are of no help here: ge is near to ne, its opposite.
var operatorSynonyms = map[string]string{
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

// suggestOperator returns the operator that an unknown one of a kind of field
// means. It is empty if none is meant, or if two are equally near.
func suggestOperator(kind field.FieldKind, name string) string {
	name = field.FoldCase(name)
	if known, _ := filter.FindOperator(kind, name); known != nil {
		return name
	}
	if synonym, ok := operatorSynonyms[name]; ok {
		if known, _ := filter.FindOperator(kind, synonym); known == nil {
			return ""
		}
		return synonym
	}
	names := filter.OperatorNames(kind)
	best := fault.NearestName(name, names, fault.MaxEdits(name))
	others := slices.DeleteFunc(names, func(n string) bool { return n == best })
	other := fault.NearestName(name, others, fault.MaxEdits(name))
	if other != "" && fault.IsEquallyNear(name, best, other) {
		return ""
	}
	return best
}

// suggestFilter returns the filter that an unknown parameter means: a field, with
// an operator if it has one that can be guessed. It is empty if no field is near.
func suggestFilter(s *field.Schema, name string) string {
	fieldName, op := splitFilterName(s, name)
	known := append(s.FieldNames(), field.ObjectFields...)
	f := s.FieldNamed(fault.SuggestName(fieldName, known))
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
		known, _ := filter.FindOperator(field.TextKind, op)
		if _, isSynonym := operatorSynonyms[op]; isSynonym || known != nil {
			return name[:i], op
		}
	}
	return name, ""
}
