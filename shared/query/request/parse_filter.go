package request

import (
	"slices"
	"strings"

	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
	"community-images/shared/query/filter"
)

// parseFilter parses a parameter that is a field of an image, with or without
// an operator. It returns false if there is no such field.
func (p *parser) parseFilter(raw rawParam) bool {
	name, opName, hasOp := strings.Cut(raw.name, "__")
	f := p.schema.FieldNamed(name)
	if f == nil {
		return false
	}
	full := f.Name // as the table spells it, for errors and the canonical query
	if hasOp {
		full += "__" + field.FoldCase(opName)
	} else {
		opName = "eq"
	}
	op, ignoreCase := filter.FindOperator(f.Kind, field.FoldCase(opName))
	if op == nil {
		reason := message.New("has the unknown operator %s", fault.Quote(opName))
		if suggestOperator(f.Kind, opName) != "" {
			reason = message.Join(reason, fault.SuggestionText(suggestFilter(p.schema, raw.name)))
		}
		allowed := message.New("the operators of %s: %s", f.Name, message.Names(filter.OperatorNames(f.Kind)))
		p.addFault(fault.CodeInvalid, fault.QuoteName(raw.name), reason, allowed)
		return true
	}
	ignoreCase = ignoreCase || f.IgnoresCase && op.TextOnly
	values := splitValues(raw.values, !op.TakesOne)
	if err := p.addCondition(full, f, op, ignoreCase, values); err != nil {
		allowed := describeOperand(f, op)
		if len(values) > MaxListValues {
			allowed = message.Text{} // the error says it
		}
		p.faults = append(p.faults, fault.New(full, err, allowed))
		return true
	}
	given := &givenParam{name: full, values: values}
	// Patterns are left as they are: \d and \D differ.
	if ignoreCase && !op.IsPattern {
		given.folded = foldAll(values)
	}
	p.given = append(p.given, given)
	return true
}

// addCondition adds the condition of a filter to the request. name is that of
// the parameter. The error completes "NAME ...".
func (p *parser) addCondition(
	name string, f *field.Field, op *filter.Operator, ignoreCase bool, values []string,
) error {
	if len(values) > MaxListValues {
		return fault.NewTooManyError(len(values), "values", MaxListValues)
	}
	test, err := filter.New(f, op, ignoreCase, values)
	// The limit is for all filters together: what one may cost, two may not.
	if p.request.Cost += test.Cost + test.SetupCost; p.request.Cost > filter.MaxTotalCost {
		err = filter.ErrTotalCost
	}
	if err != nil {
		return err
	}
	if f.Kind == field.TimeKind && op.Name != "exists" {
		return p.addTimeCondition(name, f, op, values)
	}
	// Images are sorted by id, so ids are found without testing every image.
	// A second list of ids is an ordinary condition on the first.
	if f.Name == "ImageId" && op.Name == "eq" && !ignoreCase && p.request.ImageIDs == nil {
		p.request.ImageIDs = slices.Compact(slices.Sorted(slices.Values(values)))
		return nil
	}
	test.Name = name
	p.request.Conditions = append(p.request.Conditions, test)
	return nil
}

// describeOperand returns a noun phrase for the values that a filter allows.
func describeOperand(f *field.Field, op *filter.Operator) message.Text {
	switch {
	case op.Name == "exists":
		return message.New(allowedBool)
	case f.Kind == field.NumberKind:
		return message.New("a decimal number within ±1.8e308")
	case f.Kind == field.TimeKind:
		return message.New(allowedInstants)
	case op.Name == "regex":
		return message.New(`an RE2 expression for the whole value; write \, for a comma`)
	case op.Name == "glob":
		return message.New("a pattern of *, ? and [a-z] for the whole value")
	case op.TakesOne:
		return message.New("one value")
	case len(f.Enum) > 0:
		return message.New("a value or a list of values, for example %s", message.Names(f.Enum))
	}
	return message.New("a value or a list of values")
}
