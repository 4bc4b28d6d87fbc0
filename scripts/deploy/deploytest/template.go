package deploytest

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// wanted is a template with its parameters.
type wanted struct {
	body   string
	given  map[string]string
	values map[string]any // of all parameters

	ROSTemplateFormatVersion string `yaml:"ROSTemplateFormatVersion"`
	Parameters               map[string]parameter
	Mappings                 map[string]any
	Conditions               map[string]any
	Rules                    map[string]rule
	Resources                map[string]declared
	Outputs                  map[string]declaredOutput
}

type parameter struct {
	Type, AllowedPattern           string
	Default, NoEcho                any
	AllowedValues                  []any
	MinLength, MaxLength           *int
	MinValue, MaxValue             *float64
	Label, Description, Constraint any
}

type rule struct {
	RuleCondition any
	Assertions    []struct {
		Assert            any    `yaml:"Assert"`
		AssertDescription string `yaml:"AssertDescription"`
	}
}

type declared struct {
	Type, Condition, DeletionPolicy string
	DependsOn                       any
	Properties                      map[string]any
}

type declaredOutput struct {
	Condition   string
	Description any
	Value       any
}

// UnmarshalYAML keeps the template's own names, which yaml would want in
// lower case.
func (p *parameter) UnmarshalYAML(n *yaml.Node) error { return asNamed(n, p) }

// UnmarshalYAML is as that of parameter.
func (r *rule) UnmarshalYAML(n *yaml.Node) error { return asNamed(n, r) }

// UnmarshalYAML is as that of parameter.
func (d *declared) UnmarshalYAML(n *yaml.Node) error { return asNamed(n, d) }

// UnmarshalYAML is as that of parameter.
func (d *declaredOutput) UnmarshalYAML(n *yaml.Node) error { return asNamed(n, d) }

// asNamed decodes a mapping into the fields of the same names.
func asNamed(n *yaml.Node, into any) error {
	target := reflect.ValueOf(into).Elem()
	for i := 0; i+1 < len(n.Content); i += 2 {
		if f := target.FieldByName(n.Content[i].Value); f.IsValid() {
			if err := n.Content[i+1].Decode(f.Addr().Interface()); err != nil {
				return err
			}
		}
	}
	return nil
}

// parse reads a template and checks the parameters, of which previous has
// those that are not given.
func parse(body string, given, previous map[string]string) (*wanted, error) {
	if body == "" || len(body) > 524288 {
		return nil, fault(http.StatusBadRequest, "InvalidTemplate", "the template body has %d bytes", len(body))
	}
	w := &wanted{}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(body), &doc); err != nil || len(doc.Content) != 1 {
		return nil, fault(http.StatusBadRequest, "InvalidTemplate", "the template is no YAML: %v", err)
	}
	if err := asNamed(doc.Content[0], w); err != nil {
		return nil, fault(http.StatusBadRequest, "InvalidTemplate", "%v", err)
	}
	if w.ROSTemplateFormatVersion != "2015-09-01" || len(w.Resources) == 0 {
		return nil, fault(http.StatusBadRequest, "InvalidTemplate", "no ROS template of 2015-09-01 with resources")
	}
	w.body, w.given, w.values = body, map[string]string{}, map[string]any{}
	for name, value := range previous {
		if _, still := w.Parameters[name]; still {
			w.given[name] = value
		}
	}
	maps.Copy(w.given, given)
	for name := range w.given {
		if _, ok := w.Parameters[name]; !ok {
			return nil, fault(http.StatusBadRequest, "UnknownUserParameter", "The Parameter (%s) was not defined in template.", name)
		}
	}
	for name, p := range w.Parameters {
		if err := w.set(name, p); err != nil {
			return nil, err
		}
	}
	return w, w.obey()
}

// obey checks the template's rules.
func (w *wanted) obey() error {
	for name, r := range w.Rules {
		if r.RuleCondition != nil {
			if applies, err := (scope{w, nil, false}).truth(r.RuleCondition); err != nil || !applies {
				if err != nil {
					return err
				}
				continue
			}
		}
		for _, a := range r.Assertions {
			if ok, err := (scope{w, nil, false}).truth(a.Assert); err != nil || !ok {
				return fault(http.StatusBadRequest, "StackValidationFailed", "Rule %s: %s (%v)", name, a.AssertDescription, err)
			}
		}
	}
	return nil
}

// many are repetitions beyond what Go's expressions count.
var many = regexp.MustCompile(`\{\d*,[1-9]\d{3,}\}`)

// set checks one parameter's value and gives it its type.
func (w *wanted) set(name string, p parameter) error {
	value, ok := w.given[name]
	if !ok {
		if p.Default == nil {
			return fault(http.StatusBadRequest, "UserParameterMissing", "The Parameter (%s) was not provided.", name)
		}
		value = fmt.Sprint(p.Default)
	}
	invalid := func(why string) error {
		return fault(http.StatusBadRequest, "StackValidationFailed", "Parameter '%s' is invalid: %s", name, why)
	}
	if p.AllowedPattern != "" {
		// ROS matches like Python: from the beginning.
		form, err := regexp.Compile(`^(?:` + many.ReplaceAllString(p.AllowedPattern, "*") + `)`)
		if err != nil {
			return invalid(err.Error())
		}
		if !form.MatchString(value) {
			return invalid(fmt.Sprintf("%q does not match %s", value, p.AllowedPattern))
		}
	}
	if p.AllowedValues != nil && !slices.ContainsFunc(p.AllowedValues, func(v any) bool { return fmt.Sprint(v) == value }) {
		return invalid(fmt.Sprintf("%q is not one of %v", value, p.AllowedValues))
	}
	if p.MinLength != nil && len(value) < *p.MinLength || p.MaxLength != nil && len(value) > *p.MaxLength {
		return invalid("its length is not allowed")
	}
	switch p.Type {
	case "Number":
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || p.MinValue != nil && n < *p.MinValue || p.MaxValue != nil && n > *p.MaxValue {
			return invalid(fmt.Sprintf("%q is no number that is allowed", value))
		}
		if w.values[name] = n; n == float64(int(n)) {
			w.values[name] = int(n)
		}
	case "Boolean":
		b, err := strconv.ParseBool(value)
		if err != nil {
			return invalid(fmt.Sprintf("%q is no boolean", value))
		}
		w.values[name] = b
	case "CommaDelimitedList":
		list := []any{}
		for part := range strings.SplitSeq(value, ",") {
			list = append(list, strings.TrimSpace(part))
		}
		w.values[name] = list
	case "String":
		w.values[name] = value
	default:
		return invalid(fmt.Sprintf("type %q is not known here", p.Type))
	}
	return nil
}

func (w *wanted) secret(name string) bool { return fmt.Sprint(w.Parameters[name].NoEcho) == "true" }

func (w *wanted) kind(resource string) string { return w.Resources[resource].Type }

func (w *wanted) same(other *wanted) bool {
	return other != nil && w.body == other.body && reflect.DeepEqual(w.values, other.values)
}

// sorted returns the resources whose conditions hold, each after those it
// refers to.
func (w *wanted) sorted() ([]string, error) {
	var names []string
	state := map[string]int{} // 1: on the way, 2: done
	var visit func(name string) error
	visit = func(name string) error {
		r, ok := w.Resources[name]
		if !ok || state[name] == 2 {
			return nil
		}
		if state[name] == 1 {
			return fault(http.StatusBadRequest, "InvalidTemplate", "resource %s refers to itself", name)
		}
		state[name] = 1
		for _, other := range slices.Sorted(maps.Keys(references(r.Properties, r.DependsOn))) {
			if err := visit(other); err != nil {
				return err
			}
		}
		state[name] = 2
		holds, err := w.holds(r.Condition)
		if holds {
			names = append(names, name)
		}
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(w.Resources)) {
		if err := visit(name); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// references are the names that a value may refer to: every text in it that
// is or contains one, which is more than enough for an order.
func references(values ...any) map[string]bool {
	all := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			for _, word := range regexp.MustCompile(`[A-Za-z0-9]+`).FindAllString(v, -1) {
				all[word] = true
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for key, x := range v {
				if key == "Ref" || key == "Fn::GetAtt" || strings.HasPrefix(key, "Fn::") {
					walk(x)
				} else {
					walkNested(x, walk)
				}
			}
		}
	}
	for _, v := range values {
		if m, ok := v.(map[string]any); ok {
			walk(m)
		} else {
			walk(v)
		}
	}
	return all
}

// walkNested goes through maps and lists but takes no plain text for a name.
func walkNested(v any, walk func(any)) {
	switch v := v.(type) {
	case map[string]any:
		walk(v)
	case []any:
		for _, x := range v {
			walkNested(x, walk)
		}
	}
}
