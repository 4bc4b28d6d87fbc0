package rosmodel

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// generatedFile is the content of a file "….generated.js". The vendor generates
// these files from the resource specification, always with the same few kinds
// of lines, so that they can be read line by line. An unknown line in a
// validator or renderer is an error: otherwise a rule that we do not understand
// would look like no rule.
type generatedFile struct {
	validators map[string]map[string]*Property // by function, then by the name in the JavaScript object
	renderers  map[string]*renderer            // by function
	roots      map[string]string               // the renderer of each class
	typeNames  map[string]string               // the resource type of each class
	attributes map[string][]string             // of each class

	inside    string    // function or class that the current line belongs to
	current   *Property // that the current line has rules for
	low, high **float64 // limits that the current check sets
}

var (
	// These match at the beginning of a line without indentation.
	functionStart = regexp.MustCompile(`^function (\w+)\(properties(, enableResourcePropertyConstraint)?\) \{$`)
	classStart    = regexp.MustCompile(`^class (\w+) extends ros\.RosResource \{$`)
	typeNameLine  = regexp.MustCompile(`^(\w+)\.ROS_RESOURCE_TYPE_NAME = "([\w:]+)";$`)
	// Inside a class: an attribute for Fn::GetAtt, and the call of the root renderer.
	attributeLine = regexp.MustCompile(`^this\.attr\w+ = this\.getAtt\('([\w.]+)'\);$`)
	rootLine      = regexp.MustCompile(`^return (\w+)\(props, this\.enableResourcePropertyConstraint\);$`)

	// Inside a renderer: the call of its validator, and a member of the object with the
	// function that renders it.
	validatorLine = regexp.MustCompile(`^(\w+)\(properties\)\.assertSuccess\(\);$`)
	memberLine    = regexp.MustCompile(`^'([^']+)': (?:(ros\.\w+|\w+)|(?:ros\.(?:list|hash)Mapper\((ros\.\w+|\w+)\)))` +
		`\(properties\.(\w+)\),$`)

	// Inside a validator: the beginning of a check, with its name and the rest.
	checkLine = regexp.MustCompile(`^errors\.collect\(ros\.propertyValidator\('(\w+)', (.+?)\)` +
		`(?:\(properties\.\w+\)\);|\(\{)$`)
	// checkCall takes the rest apart: list or hash, and the name of the check.
	checkCall = regexp.MustCompile(`^(?:ros\.(list|hash)Validator\()?` +
		`(ros\.validate\w+|ros\.requiredValidator|Ros\w+Validator)\)?$`)
	// The lines after the beginning of a check: limits, allowed values, a pattern.
	limitLine   = regexp.MustCompile(`^(min|max): (undefined|-?[\d.]+),$`)
	allowedLine = regexp.MustCompile(`^allowedValues: (\[.*\]),$`)
	patternLine = regexp.MustCompile(`^reg: /(.*)/$`)

	// ignoredLine matches lines without rules.
	ignoredLine = regexp.MustCompile(`^(//.*|\}|\}\)\);|return \{|\};|if \(!ros\.canInspect\(properties\)\) \{` +
		`|return properties;` +
		`|return ros\.VALIDATION_SUCCESS;` +
		`|const errors = new ros\.ValidationResults\(\);|return errors\.wrap\(.*\);` +
		`|if \(enableResourcePropertyConstraint\) \{` +
		`|if \(properties\.\w+ && \(typeof properties\.\w+\) !== 'object'\) \{` +
		`|if \(properties\.\w+ && \(Array\.isArray\(properties\.\w+\) \|\| \(typeof properties\.\w+\) === 'string'\)\) \{` +
		`|data: properties\.\w+(\.length)?,)$`)
)

// parseGenerated returns the resource types of a generated file, by name.
func parseGenerated(source string) (map[string]*Type, error) {
	// Reading is line by line; what a line means depends on what it is inside of.
	f := &generatedFile{
		validators: map[string]map[string]*Property{}, renderers: map[string]*renderer{}, roots: map[string]string{},
		typeNames: map[string]string{}, attributes: map[string][]string{},
	}
	for i, line := range strings.Split(source, "\n") {
		if err := f.readLine(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	// Join what was read: each class has a root renderer, which reaches all others.
	types := map[string]*Type{}
	for class, name := range f.typeNames {
		// A class is complete when the whole file is read: its renderers come later.
		slices.Sort(f.attributes[class])
		// Package is added by ReadPackages, which knows the file.
		t := &Type{Attributes: f.attributes[class], Properties: map[string]Property{}}
		if err := f.addProperties(t, "", f.roots[class], nil); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		types[name] = t
	}
	if len(types) == 0 {
		return nil, errors.New("there is no resource type in it")
	}
	return types, nil
}

// readLine reads the next line of the file.
func (f *generatedFile) readLine(raw string) error {
	line := strings.TrimSpace(raw)
	// A function begins: a validator has rules, any other function renders.
	if m := functionStart.FindStringSubmatch(raw); m != nil {
		f.inside, f.current, f.low, f.high = m[1], nil, nil, nil
		if strings.HasSuffix(f.inside, "Validator") {
			f.validators[f.inside] = map[string]*Property{}
		} else {
			f.renderers[f.inside] = &renderer{}
		}
		return nil
	}
	if m := classStart.FindStringSubmatch(raw); m != nil {
		f.inside = m[1]
		return nil
	}
	// This line is outside of the class whose type it names.
	if m := typeNameLine.FindStringSubmatch(raw); m != nil {
		f.typeNames[m[1]] = m[2]
	}
	switch {
	// Only a brace without indentation ends what we are inside of.
	case raw == "}":
		f.inside = ""
	// Between functions and classes there is nothing for a template.
	case f.inside == "":
	case f.validators[f.inside] != nil:
		return f.readValidatorLine(line)
	case f.renderers[f.inside] != nil:
		return f.readRendererLine(line)
	default:
		f.readClassLine(line)
	}
	return nil
}

// readClassLine reads a line of a class: an attribute, or the renderer of the
// whole resource. All other lines of a class carry nothing for a template.
func (f *generatedFile) readClassLine(line string) {
	if m := attributeLine.FindStringSubmatch(line); m != nil {
		f.attributes[f.inside] = append(f.attributes[f.inside], m[1])
	}
	// The function that renders the resource's own properties.
	if m := rootLine.FindStringSubmatch(line); m != nil {
		f.roots[f.inside] = m[1]
	}
}

// readRendererLine reads a line of a renderer: the call of its validator, or
// one member of the object with the function that writes it.
func (f *generatedFile) readRendererLine(line string) error {
	r := f.renderers[f.inside]
	// The validator's rules are joined with the members by addProperties.
	if m := validatorLine.FindStringSubmatch(line); m != nil {
		r.validator = m[1]
		return nil
	}
	// m[2] is the function of a single value, m[3] that of a list's or map's elements.
	if m := memberLine.FindStringSubmatch(line); m != nil {
		r.members = append(r.members, member{name: strings.TrimSpace(m[1]), source: m[4], render: m[2] + m[3]})
		return nil
	}
	return checkIgnored(line)
}

// readValidatorLine reads a line of a validator: a check of a property, or the
// limits, allowed values or pattern of the check above it.
func (f *generatedFile) readValidatorLine(line string) error {
	// A property has several checks; they add up in one Property.
	if m := checkLine.FindStringSubmatch(line); m != nil {
		rules := f.validators[f.inside]
		if rules[m[1]] == nil {
			rules[m[1]] = &Property{}
		}
		f.current = rules[m[1]]
		f.low, f.high = nil, nil
		return f.addCheck(m[2])
	}
	// Limits belong to the check above; checks without limits have f.low nil.
	if m := limitLine.FindStringSubmatch(line); m != nil && f.low != nil {
		return setLimit(map[string]**float64{"min": f.low, "max": f.high}[m[1]], m[2])
	}
	if m := allowedLine.FindStringSubmatch(line); m != nil && f.current != nil {
		return json.Unmarshal([]byte(m[1]), &f.current.Allowed)
	}
	if m := patternLine.FindStringSubmatch(line); m != nil && f.current != nil {
		f.current.Pattern = m[1]
		return nil
	}
	return checkIgnored(line)
}

// checkIgnored returns an error unless the line is known to have no rule.
func checkIgnored(line string) error {
	if !ignoredLine.MatchString(line) {
		return fmt.Errorf("%q is an unknown form of rule", line)
	}
	return nil
}

// addCheck adds one check to the current property. Limits follow on the next
// lines.
func (f *generatedFile) addCheck(expression string) error {
	p, m := f.current, checkCall.FindStringSubmatch(expression)
	if m == nil {
		return fmt.Errorf("validator %q is unknown", expression)
	}
	// One check of the elements makes the property a list or map for good.
	p.List, p.Map = p.List || m[1] == "list", p.Map || m[1] == "hash"
	switch m[2] {
	case "ros.requiredValidator":
		p.Required = true
	case "ros.validateString":
		p.Kind = String
	case "ros.validateNumber":
		p.Kind = Number
	case "ros.validateBoolean":
		p.Kind = Boolean
	case "ros.validateAny", "ros.validateAnyDict":
		p.Kind = Any
	case "ros.validateLength":
		f.low, f.high = &p.MinLength, &p.MaxLength
	case "ros.validateRange":
		f.low, f.high = &p.Min, &p.Max
	// The values and the pattern follow on the next line.
	case "ros.validateAllowedValues", "ros.validateAllowedPattern":
	default:
		// The vendor's own validators of objects begin with "Ros".
		if !strings.HasPrefix(m[2], "Ros") {
			return fmt.Errorf("validator %q is unknown", m[2])
		}
		p.Kind = Object
	}
	return nil
}

// setLimit sets one limit of a range or a length.
func setLimit(limit **float64, value string) error {
	// The generator writes both limits even if only one is set.
	if value == "undefined" {
		return nil
	}
	n, err := strconv.ParseFloat(value, 64)
	*limit = &n
	return err
}
