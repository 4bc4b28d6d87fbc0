package hint

import (
	"slices"

	"community-images/shared/message"
	"community-images/shared/query/field"
	"community-images/shared/query/filter"
	"community-images/shared/query/imageset"
)

// suggestOperator returns a sentence with a looser operator for a condition that no image
// of a set meets, if some meet that one and all other conditions. Otherwise it is empty.
// People write a part of a name, and not in the case that it has.
func (f *finder) suggestOperator(c imageset.ConditionCount, op string, set *imageset.Set) message.Text {
	if !c.Field.Kind.IsText() {
		return message.Text{}
	}
	for _, looser := range looserOperators(c.Field, op) {
		if n := f.countWithOperator(c, looser, set); n > 0 {
			return message.New(matchesWith, countImages(n), c.Field.Name+"__"+looser+"="+f.describeValues(c.Name))
		}
	}
	return message.Text{}
}

// looserOperators returns the operators that accept what op does and more, the nearest
// first. A field whose case never counts, or whose values are few, has none: its values
// say more.
func looserOperators(f *field.Field, op string) []string {
	switch {
	case f.IgnoresCase:
		return nil
	case (op == "" || op == "eq" || op == "ieq") && f.Kind == field.VersionKind:
		return []string{"ieq", "iprefix"} // 7 is no part of 2.7 that anybody means
	case op == "" || op == "eq":
		return []string{"ieq", "icontains"}
	case op == "ieq", op == "iprefix", op == "isuffix":
		return []string{"icontains"}
	case op == "prefix", op == "suffix":
		return []string{"i" + op, "icontains"}
	case op == "contains", op == "glob", op == "regex":
		return []string{"i" + op}
	}
	return nil
}

// countWithOperator returns how many images of a set meet all conditions if one of them
// has another operator. It is 0 if that cannot be asked, or takes too long.
func (f *finder) countWithOperator(c imageset.ConditionCount, name string, set *imageset.Set) int {
	op, ignoreCase := filter.FindOperator(c.Field.Kind, name)
	if op == nil {
		return 0
	}
	condition, err := filter.New(c.Field, op, ignoreCase, f.Request.GivenValues(c.Name))
	if err != nil {
		return 0
	}
	looser := f.filter
	looser.Conditions, looser.Sort = slices.Clone(f.filter.Conditions), nil
	for i := range looser.Conditions {
		if looser.Conditions[i].Name == c.Name {
			looser.Conditions[i] = condition
		}
	}
	rows, err := set.SelectRows(looser)
	if err != nil {
		return 0
	}
	return len(rows)
}
