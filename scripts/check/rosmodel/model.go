// Package rosmodel has the published models of ROS resource types: which
// properties and attributes a type has.
//
// It reads the vendor's npm packages @alicloud/ros-cdk-*. It also writes what
// it has read to a text, and reads that text. So the packages are needed only
// to update the text.
package rosmodel

import (
	"slices"
	"strings"
)

// Kinds of values.
const (
	String  = "string"
	Number  = "number"
	Boolean = "boolean"
	Object  = "object" // its members are properties, too
	Any     = "any"    // not described by the model
)

// Models are resource types by name, for example ALIYUN::FC3::Function.
type Models map[string]*Type

// Type is a resource type.
type Type struct {
	// Package is the npm package with its version, for example
	// @alicloud/ros-cdk-fc3@1.11.0.
	Package string `json:"package,omitempty"`
	// Attributes are the names that Fn::GetAtt accepts, sorted.
	Attributes []string `json:"attributes,omitempty"`
	// Properties are all properties by path. A path has the names of the
	// enclosing properties, joined by dots, with [] after a list:
	// LifecycleConfiguration.Rule[].Status.
	Properties map[string]Property `json:"-"`
}

// Property has the rules for a value. The rules of a list or a map are those of
// its elements. Only MinLength and MaxLength are those of the list.
type Property struct {
	// Kind is one of the kinds above.
	Kind     string `json:"is,omitempty"`
	List     bool   `json:"-"`                  // a list of values of this kind
	Map      bool   `json:"map,omitempty"`      // a map from any string to values of this kind
	Required bool   `json:"required,omitempty"` // in its object

	Allowed []any    `json:"allowed,omitempty"` // strings or numbers; empty: all are allowed
	Pattern string   `json:"pattern,omitempty"` // a JavaScript regular expression, not anchored; empty: none
	Min     *float64 `json:"min,omitempty"`     // of a number; nil: no limit
	// Max is like Min.
	Max       *float64 `json:"max,omitempty"`
	MinLength *float64 `json:"minLength,omitempty"` // of a string or list; nil: no limit
	// MaxLength is like MinLength.
	MaxLength *float64 `json:"maxLength,omitempty"`
}

// Members returns the names of the properties of an object, sorted. A list has
// [] after its name. The empty path stands for the resource itself.
func (t *Type) Members(path string) []string {
	prefix := path
	if prefix != "" {
		prefix += "."
	}
	// Properties holds all levels in one map, so pick the level below path.
	var names []string
	for p := range t.Properties {
		// A dot in the rest means a deeper level.
		if name, ok := strings.CutPrefix(p, prefix); ok && !strings.Contains(name, ".") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Find returns a property of the object at a path, and the path of that
// property.
func (t *Type) Find(path, name string) (p Property, propertyPath string, ok bool) {
	if path != "" {
		name = path + "." + name
	}
	// A list is stored under its name with [].
	if p, ok = t.Properties[name]; ok {
		return p, name, true
	}
	p, ok = t.Properties[name+"[]"]
	return p, name + "[]", ok
}
