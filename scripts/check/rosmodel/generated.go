package rosmodel

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// generated is what a file "…generated.js" says. The vendor generates these
// from the resource specification with the same few lines over and over, so
// that they can be read line by line. A line within a validator or renderer
// that is none of them is an error: a rule that we do not see must not pass
// for one that is not there.
type generated struct {
	rules  map[string]map[string]*Property // of each validator, by the name in the source
	shapes map[string]*shape               // by renderer
	types  map[string]*Type
	roots  map[string]string // the renderer of each class
	names  map[string]string // the resource type of each class
	atts   map[string][]string

	inside    string // the function or class that the line belongs to
	current   *Property
	low, high **float64 // the bounds that the current check sets
}

var (
	openFunction = regexp.MustCompile(`^function (\w+)\(properties(, enableResourcePropertyConstraint)?\) \{$`)
	openClass    = regexp.MustCompile(`^class (\w+) extends ros\.RosResource \{$`)
	typeName     = regexp.MustCompile(`^(\w+)\.ROS_RESOURCE_TYPE_NAME = "([\w:]+)";$`)
	attribute    = regexp.MustCompile(`^this\.attr\w+ = this\.getAtt\('([\w.]+)'\);$`)
	rootRenderer = regexp.MustCompile(`^return (\w+)\(props, this\.enableResourcePropertyConstraint\);$`)

	usesValidator = regexp.MustCompile(`^(\w+)\(properties\)\.assertSuccess\(\);$`)
	rendered      = regexp.MustCompile(`^'([^']+)': (?:(ros\.\w+|\w+)|(?:ros\.(?:list|hash)Mapper\((ros\.\w+|\w+)\)))\(properties\.(\w+)\),$`)

	collected = regexp.MustCompile(`^errors\.collect\(ros\.propertyValidator\('(\w+)', (.+?)\)(?:\(properties\.\w+\)\);|\(\{)$`)
	wrapped   = regexp.MustCompile(`^(?:ros\.(list|hash)Validator\()?(ros\.validate\w+|ros\.requiredValidator|Ros\w+Validator)\)?$`)
	bound     = regexp.MustCompile(`^(min|max): (undefined|-?[\d.]+),$`)
	allowed   = regexp.MustCompile(`^allowedValues: (\[.*\]),$`)
	pattern   = regexp.MustCompile(`^reg: /(.*)/$`)

	// noise are lines that carry no rule.
	noise = regexp.MustCompile(`^(//.*|\}|\}\)\);|return \{|\};|if \(!ros\.canInspect\(properties\)\) \{|return properties;|return ros\.VALIDATION_SUCCESS;` +
		`|const errors = new ros\.ValidationResults\(\);|return errors\.wrap\(.*\);|if \(enableResourcePropertyConstraint\) \{` +
		`|if \(properties\.\w+ && \(typeof properties\.\w+\) !== 'object'\) \{` +
		`|if \(properties\.\w+ && \(Array\.isArray\(properties\.\w+\) \|\| \(typeof properties\.\w+\) === 'string'\)\) \{` +
		`|data: properties\.\w+(\.length)?,)$`)
)

func parseGenerated(source string) (map[string]*Type, error) {
	f := &generated{
		rules: map[string]map[string]*Property{}, shapes: map[string]*shape{}, types: map[string]*Type{},
		roots: map[string]string{}, names: map[string]string{}, atts: map[string][]string{},
	}
	for i, line := range strings.Split(source, "\n") {
		if err := f.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	for class, id := range f.names {
		slices.Sort(f.atts[class])
		t := &Type{Attributes: f.atts[class], Properties: map[string]Property{}}
		if err := f.flatten(t, "", f.roots[class], nil); err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		f.types[id] = t
	}
	if len(f.types) == 0 {
		return nil, fmt.Errorf("there is no resource type in it")
	}
	return f.types, nil
}

func (f *generated) line(raw string) error {
	line := strings.TrimSpace(raw)
	if m := openFunction.FindStringSubmatch(raw); m != nil {
		f.inside, f.current, f.low, f.high = m[1], nil, nil, nil
		if strings.HasSuffix(f.inside, "Validator") {
			f.rules[f.inside] = map[string]*Property{}
		} else {
			f.shapes[f.inside] = &shape{}
		}
		return nil
	}
	if m := openClass.FindStringSubmatch(raw); m != nil {
		f.inside = m[1]
		return nil
	}
	if m := typeName.FindStringSubmatch(raw); m != nil {
		f.names[m[1]] = m[2]
	}
	switch {
	case raw == "}":
		f.inside = ""
	case f.inside == "":
	case f.rules[f.inside] != nil:
		return f.rule(line)
	case f.shapes[f.inside] != nil:
		return f.render(line)
	default:
		f.class(line)
	}
	return nil
}

func (f *generated) class(line string) {
	if m := attribute.FindStringSubmatch(line); m != nil {
		f.atts[f.inside] = append(f.atts[f.inside], m[1])
	}
	if m := rootRenderer.FindStringSubmatch(line); m != nil {
		f.roots[f.inside] = m[1]
	}
}

func (f *generated) render(line string) error {
	s := f.shapes[f.inside]
	if m := usesValidator.FindStringSubmatch(line); m != nil {
		s.validator = m[1]
		return nil
	}
	if m := rendered.FindStringSubmatch(line); m != nil {
		s.members = append(s.members, member{name: strings.TrimSpace(m[1]), source: m[4], render: m[2] + m[3]})
		return nil
	}
	return unknownUnlessNoise(line)
}

func (f *generated) rule(line string) error {
	if m := collected.FindStringSubmatch(line); m != nil {
		rules := f.rules[f.inside]
		if rules[m[1]] == nil {
			rules[m[1]] = &Property{}
		}
		f.current = rules[m[1]]
		f.low, f.high = nil, nil
		return f.validator(m[2])
	}
	if m := bound.FindStringSubmatch(line); m != nil && f.low != nil {
		return setBound(map[string]**float64{"min": f.low, "max": f.high}[m[1]], m[2])
	}
	if m := allowed.FindStringSubmatch(line); m != nil && f.current != nil {
		return json.Unmarshal([]byte(m[1]), &f.current.Allowed)
	}
	if m := pattern.FindStringSubmatch(line); m != nil && f.current != nil {
		f.current.Pattern = m[1]
		return nil
	}
	return unknownUnlessNoise(line)
}

func unknownUnlessNoise(line string) error {
	if !noise.MatchString(line) {
		return fmt.Errorf("%q is a form of rule that is not known here", line)
	}
	return nil
}

// validator takes over one check of a property.
func (f *generated) validator(expression string) error {
	p, m := f.current, wrapped.FindStringSubmatch(expression)
	if m == nil {
		return fmt.Errorf("validator %q is not known here", expression)
	}
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
	case "ros.validateAllowedValues", "ros.validateAllowedPattern":
	default:
		if !strings.HasPrefix(m[2], "Ros") {
			return fmt.Errorf("validator %q is not known here", m[2])
		}
		p.Kind = Object
	}
	return nil
}

// setBound sets one end of a range or length.
func setBound(at **float64, value string) error {
	if value == "undefined" {
		return nil
	}
	n, err := strconv.ParseFloat(value, 64)
	*at = &n
	return err
}
