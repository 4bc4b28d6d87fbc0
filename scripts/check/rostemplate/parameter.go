package rostemplate

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// Types of parameters, as the language names them.
const (
	// The language has more types; template.yaml uses these.
	typeString = "String"
	typeNumber = "Number"
	typeBool   = "Boolean"
	typeList   = "CommaDelimitedList"
)

// parameterKeys are the keys that ROS documents for a parameter.
var parameterKeys = []string{
	"Type", "Default", "AllowedValues", "AllowedPattern", "MaxLength", "MinLength", "MaxValue", "MinValue", "NoEcho",
	"Description", "ConstraintDescription", "Label", "AssociationProperty", "AssociationPropertyMetadata", "Confirm",
	"TextArea", "Required", "Placeholder",
}

// parameterName matches names of parameters: letters and digits.
var parameterName = regexp.MustCompile(`^[A-Za-z0-9]+$`)

// ParameterError says that a parameter is missing, unknown or has a value that
// the template does not allow.
type ParameterError struct {
	Code string // of ROS
	// Text names the parameter and says what is wrong, in ROS' words.
	Text string
}

// Error returns the text.
func (e *ParameterError) Error() string { return e.Text }

// ParameterValues returns the values of all parameters by their types: the
// given ones, and the defaults of the others. The error is a *ParameterError.
func (t *Template) ParameterValues(given map[string]string) (map[string]any, error) {
	// Unknown names come first: the value may have been meant for another parameter.
	parameters := t.sections["Parameters"]
	for name := range given {
		if member(parameters, name) == nil {
			text := fmt.Sprintf("The Parameter (%s) was not defined in template.", name)
			return nil, &ParameterError{"UnknownUserParameter", text}
		}
	}
	values := map[string]any{}
	for name, p := range entries(parameters) {
		// A default stands in for a missing value, but not for an empty one.
		text, ok := given[name.Value]
		if def := member(p, "Default"); !ok && def != nil {
			text, ok = def.Value, true
		}
		if !ok {
			text := fmt.Sprintf("The Parameter (%s) was not provided.", name.Value)
			return nil, &ParameterError{"UserParameterMissing", text}
		}
		// Collect everything that is wrong with this value; the next parameter waits.
		value, err := convertParameter(p, text)
		violations := constraintViolations(p, text)
		if err != nil {
			violations = append(violations, err.Error())
		}
		if len(violations) > 0 {
			text := fmt.Sprintf("Parameter '%s' is invalid: %s", name.Value, strings.Join(violations, "; "))
			return nil, &ParameterError{"StackValidationFailed", text}
		}
		values[name.Value] = value
	}
	return values, nil
}

// convertParameter converts the text of a value to the type of its parameter.
func convertParameter(p *yaml.Node, text string) (any, error) {
	var kind string
	if n := member(p, "Type"); n != nil {
		kind = n.Value
	}
	switch kind {
	case typeString:
		return text, nil
	// A number stays a number: a property of kind number must not get a text.
	case typeNumber:
		// Keep whole numbers whole, so that Fn::Str writes no decimal point.
		if n, err := strconv.Atoi(text); err == nil {
			return n, nil
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, fmt.Errorf("%s is not a number", text)
		}
		return n, nil
	case typeBool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("%s is neither true nor false", text)
		}
		return b, nil
	case typeList:
		// An empty text becomes a list of one empty element.
		list := []any{}
		for part := range strings.SplitSeq(text, ",") {
			list = append(list, strings.TrimSpace(part))
		}
		return list, nil
	}
	return nil, fmt.Errorf("type %q is not supported", kind)
}

// constraintViolations returns one text for each constraint of a parameter that
// a value does not meet.
func constraintViolations(p *yaml.Node, value string) (violations []string) {
	for key, limit := range entries(p) {
		switch key.Value {
		// The whole value must be one of the list, even for a list type.
		case "AllowedValues":
			var allowed []string
			for _, n := range limit.Content {
				allowed = append(allowed, n.Value)
			}
			if !slices.Contains(allowed, value) {
				violations = append(violations,
					fmt.Sprintf("%q is not among AllowedValues: %s", value, strings.Join(allowed, ", ")))
			}
		// An invalid pattern is a violation: nothing could ever match it.
		case "AllowedPattern":
			if pattern, err := compilePattern(limit.Value); err != nil {
				violations = append(violations, fmt.Sprintf("AllowedPattern: %v", err))
			} else if !pattern.MatchString(value) {
				violations = append(violations, fmt.Sprintf("%q does not match AllowedPattern %s", value, limit.Value))
			}
		// A value that is no number is reported by convertParameter.
		case "MinValue", "MaxValue":
			if number, err := strconv.ParseFloat(value, 64); err == nil && isBeyond(key.Value, number, limit) {
				violations = append(violations, fmt.Sprintf("%s is beyond %s %s", value, key.Value, limit.Value))
			}
			// Lengths are in characters, not bytes.
		case "MinLength", "MaxLength":
			if isBeyond(key.Value, float64(len([]rune(value))), limit) {
				violations = append(violations, fmt.Sprintf("%q is beyond %s %s", value, key.Value, limit.Value))
			}
		}
	}
	return violations
}

// isBeyond reports whether a number is below a Min… or above a Max… constraint.
func isBeyond(constraint string, number float64, limit *yaml.Node) bool {
	// A limit that is no number is violated by every value, so that it is noticed.
	bound, err := strconv.ParseFloat(limit.Value, 64)
	if strings.HasPrefix(constraint, "Min") {
		return err != nil || number < bound
	}
	return err != nil || number > bound
}

// largeRepetition matches repetitions above 999. Package regexp refuses those
// above 1000.
var largeRepetition = regexp.MustCompile(`\{\d*,[1-9]\d{3,}\}`)

// compilePattern compiles an AllowedPattern. ROS matches from the beginning of
// the value, as Python's re.match does.
func compilePattern(pattern string) (*regexp.Regexp, error) {
	return compileOnce(`^(?:` + largeRepetition.ReplaceAllString(pattern, "*") + `)`)
}

// compiled has the results of compileOnce, by expression.
var compiled sync.Map

// compileOnce is regexp.Compile for an expression that many checks need.
// Compiling took a third of the time of a check.
func compileOnce(expression string) (*regexp.Regexp, error) {
	if known, ok := compiled.Load(expression); ok {
		return known.(*regexp.Regexp), nil
	}
	re, err := regexp.Compile(expression)
	if err == nil {
		compiled.Store(expression, re)
	}
	return re, err
}

// checkParameters checks the section Parameters: known keys and types, and that
// defaults and allowed values meet the constraints.
func (c *checker) checkParameters() {
	for name, p := range entries(c.sections["Parameters"]) {
		c.where = "parameter " + name.Value
		c.checkKeys(p, parameterKeys...)
		if !parameterName.MatchString(name.Value) {
			c.report(name, "a name has letters and digits only")
		}
		// Without a type nothing else can be checked.
		is := member(p, "Type")
		if is == nil {
			c.report(name, "Type is required")
			continue
		}
		if types := c.catalog.Language.Parameters; !slices.Contains(types, is.Value) {
			c.report(is, "type %q does not exist%s", is.Value, didYouMean(is.Value, types))
			continue
		}
		// A default that violates its own constraint fails only when it is used.
		for _, value := range valuesInTemplate(p) {
			c.checkParameterValue(p, is.Value, value)
		}
	}
}

// valuesInTemplate returns the default and the allowed values of a parameter.
func valuesInTemplate(p *yaml.Node) (values []*yaml.Node) {
	if def := member(p, "Default"); def != nil {
		values = append(values, def)
	}
	if allowed := member(p, "AllowedValues"); allowed != nil {
		values = append(values, allowed.Content...)
	}
	return values
}

// parameterTags are the YAML tags of the values of a parameter type. A type
// without tags allows all.
var parameterTags = map[string][]string{
	typeString: {"!!str"}, typeBool: {"!!bool"}, typeNumber: {"!!int", "!!float"},
}

// checkParameterValue checks a value against the type and the constraints of
// its parameter.
func (c *checker) checkParameterValue(p *yaml.Node, kind string, value *yaml.Node) {
	// YAML's typing of the value in the template must agree with Type.
	if tags := parameterTags[kind]; tags != nil && !slices.Contains(tags, value.Tag) {
		c.report(value, "%s is not a %s", value.Value, kind)
	}
	for _, violation := range constraintViolations(p, value.Value) {
		c.report(value, "%s", violation)
	}
}

// checkParameterGroups checks that each parameter is in exactly one group of
// the metadata.
func (c *checker) checkParameterGroups() {
	c.where = "metadata"
	// Groups are optional; they order the parameters in the console.
	groups := member(member(c.sections["Metadata"], "ALIYUN::ROS::Interface"), "ParameterGroups")
	if groups == nil {
		return
	}
	// seen has the parameters that some group has.
	known, seen := c.Parameters(), map[string]bool{}
	for _, group := range groups.Content {
		c.checkKeys(group, "Label", "Parameters")
		if member(member(group, "Label"), "default") == nil {
			c.report(group, "a group has no Label with a default")
		}
		list := member(group, "Parameters")
		if list == nil {
			c.report(group, "a group has no Parameters")
			continue
		}
		for _, p := range list.Content {
			// A parameter that was renamed or removed would stay in its group.
			if !slices.Contains(known, p.Value) {
				c.report(p, "parameter %q does not exist%s", p.Value, didYouMean(p.Value, known))
			} else if seen[p.Value] {
				c.report(p, "parameter %q is in two groups", p.Value)
			}
			seen[p.Value] = true
		}
	}
	for name := range entries(c.sections["Parameters"]) {
		if !seen[name.Value] {
			c.report(name, "parameter %q is in no group", name.Value)
		}
	}
}
