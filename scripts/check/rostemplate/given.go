package rostemplate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Fault is what is wrong with the value of one parameter.
type Fault struct {
	// Parameter is the name.
	Parameter string
	// Text names the parameter, what was given and what is allowed.
	Text string
}

// CheckGiven checks values of parameters by the template's own constraints,
// before anything is sent to ROS. It returns one fault for each wrong parameter, in
// the order of the template, unknown names first. Texts leave out the value of a
// secret parameter. Parameters that are not given are not checked: a stack may
// have them already.
func (t *Template) CheckGiven(given map[string]string) (faults []Fault) {
	parameters := t.sections["Parameters"]
	known := t.Parameters()
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, name) {
			faults = append(faults, Fault{name, fmt.Sprintf("the template has no parameter %q%s; it has %s",
				name, didYouMean(name, known), strings.Join(slices.Sorted(slices.Values(known)), ", "))})
		}
	}
	for name, p := range entries(parameters) {
		value, ok := given[name.Value]
		if !ok {
			continue
		}
		if wrong := describeFault(p, value, t.IsSecret(name.Value)); wrong != "" {
			text := fmt.Sprintf("parameter %s: %s; allowed: %s", name.Value, wrong, describeAllowed(p))
			faults = append(faults, Fault{name.Value, text})
		}
	}
	return faults
}

// maxShownValue is how many characters of a wrong value are shown. Some
// parameters have whole documents.
const maxShownValue = 80

// describeFault says what is wrong with a value, or returns "".
func describeFault(p *yaml.Node, value string, secret bool) string {
	_, err := convertParameter(p, value)
	violations := constraintViolations(p, value)
	if err == nil && len(violations) == 0 {
		return ""
	}
	shown := "the value"
	if !secret {
		if text := []rune(value); len(text) > maxShownValue {
			value = string(text[:maxShownValue]) + "..."
		}
		shown = fmt.Sprintf("%q", value)
	}
	// A number that is none violates nothing else: limits say nothing of a text.
	if kind := member(p, "Type"); err != nil && kind != nil && kind.Value == typeNumber {
		return shown + " is not a number"
	}
	return shown + " is not allowed"
}

// describeAllowed says what a parameter allows: in the words of the template's
// ConstraintDescription if it has one, and by the constraints otherwise.
func describeAllowed(p *yaml.Node) string {
	if text := member(p, "ConstraintDescription"); text != nil {
		// A description is a text, or texts by language.
		if english := member(text, "en"); english != nil {
			text = english
		}
		return text.Value
	}
	var allowed []string
	limit := func(key string) string {
		if n := member(p, key); n != nil {
			return n.Value
		}
		return ""
	}
	if list := member(p, "AllowedValues"); list != nil {
		for _, n := range list.Content {
			allowed = append(allowed, n.Value)
		}
		return strings.Join(allowed, ", ")
	}
	if text := describeRange(limit("MinValue"), limit("MaxValue")); text != "" {
		allowed = append(allowed, text)
	}
	if text := describeRange(limit("MinLength"), limit("MaxLength")); text != "" {
		allowed = append(allowed, text+" characters")
	}
	if pattern := limit("AllowedPattern"); pattern != "" {
		allowed = append(allowed, "what matches "+pattern)
	}
	// Without a constraint only the type can be wrong.
	if len(allowed) == 0 {
		return map[string]string{typeNumber: "a number", typeBool: "true or false"}[limit("Type")]
	}
	return strings.Join(allowed, ", ")
}

// describeRange describes two limits, of which either may be empty. Without any it
// returns "".
func describeRange(least, most string) string {
	switch {
	case least != "" && most != "":
		return least + " to " + most
	case least != "":
		return "at least " + least
	case most != "":
		return "at most " + most
	}
	return ""
}
