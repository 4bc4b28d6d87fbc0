package query

import (
	"slices"
	"strings"
)

// parseFilter parses a parameter that is a field of an image, with or without
// an operator. It returns false if there is no such field.
func (p *parser) parseFilter(raw rawParam) bool {
	name, opName, hasOp := strings.Cut(raw.name, "__")
	f := p.schema.fieldNamed(name)
	if f == nil {
		return false
	}
	full := f.name // as the table spells it, for errors and the canonical query
	if hasOp {
		full += "__" + foldCase(opName)
	} else {
		opName = "eq"
	}
	op, ignoreCase := findOperator(f.kind, foldCase(opName))
	if op == nil {
		reason := "has the unknown operator " + quote(opName)
		if suggestOperator(f.kind, opName) != "" {
			reason += suggestionText(suggestFilter(p.schema, raw.name))
		}
		names := strings.Join(operatorNames(f.kind), ", ")
		p.addFault(codeInvalid, quoteName(raw.name), reason, "the operators of "+f.name+": "+names)
		return true
	}
	ignoreCase = ignoreCase || f.ignoresCase && op.textOnly
	values := splitValues(raw.values, !op.takesOne)
	if err := p.addCondition(full, f, op, ignoreCase, values); err != nil {
		allowed := describeOperand(f, op)
		if len(values) > maxListValues {
			allowed = "" // the error says it
		}
		p.faults = append(p.faults, newParamFault(full, err, allowed))
		return true
	}
	// Equal questions must have equal canonical queries. Patterns are left as they
	// are: \d and \D differ.
	if ignoreCase && !op.isPattern {
		for i := range values {
			values[i] = foldCase(values[i])
		}
	}
	p.given = append(p.given, givenParam{name: full, values: values})
	return true
}

// addCondition adds the condition of a filter to the request. name is that of
// the parameter. The error completes "NAME ...".
func (p *parser) addCondition(name string, f *field, op *operator, ignoreCase bool, values []string) error {
	if len(values) > maxListValues {
		return newTooManyError(len(values), "values", maxListValues)
	}
	test, err := newPredicate(f, op, ignoreCase, values)
	// The limit is for all filters together: what one may cost, two may not.
	if p.request.cost += test.cost + test.setupCost; p.request.cost > maxTotalCost {
		err = errTotalCost
	}
	if err != nil {
		return err
	}
	// Images are sorted by id, so ids are found without testing every image.
	// A second list of ids is an ordinary condition on the first.
	if f.name == "ImageId" && op.name == "eq" && !ignoreCase && p.request.imageIDs == nil {
		p.request.imageIDs = slices.Compact(slices.Sorted(slices.Values(values)))
		return nil
	}
	test.name = name
	p.request.conditions = append(p.request.conditions, test)
	return nil
}

// describeOperand returns a noun phrase for the values that a filter allows.
func describeOperand(f *field, op *operator) string {
	switch {
	case op.name == "exists":
		return "true or false"
	case f.kind == numberKind:
		return "a decimal number within ±1.8e308"
	case op.name == "regex":
		return `an RE2 expression for the whole value; write \, for a comma`
	case op.name == "glob":
		return "a pattern of *, ? and [a-z] for the whole value"
	case op.takesOne:
		return "one value"
	case len(f.enum) > 0:
		return "a value or a list of values, for example " + strings.Join(f.enum, ", ")
	}
	return "a value or a list of values"
}
