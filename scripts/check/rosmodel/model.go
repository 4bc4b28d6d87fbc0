// Package rosmodel is the published model of ROS resource types: which
// properties and attributes a type has. It reads the vendor's npm packages
// @alicloud/ros-cdk-*, and a text form of what it has read, so that whoever
// checks a template needs the packages only to renew that text.
package rosmodel

import (
	"slices"
	"strings"
)

// Kinds of value.
const (
	String  = "string"
	Number  = "number"
	Boolean = "boolean"
	Object  = "object" // its members are properties of their own
	Any     = "any"    // the model does not say
)

// Models are resource types by name, such as ALIYUN::FC3::Function.
type Models map[string]*Type

// Type is a resource type.
type Type struct {
	Package string // the npm package and its version: @alicloud/ros-cdk-fc3@1.11.0
	// Attributes are what Fn::GetAtt may name, sorted.
	Attributes []string
	// Properties are all properties by path. A path has the names of the
	// enclosing properties, joined by dots, with [] after a list:
	// LifecycleConfiguration.Rule[].Status.
	Properties map[string]Property
}

// Property is what the model demands of a value. A list or a map has the
// rules of its elements; only MinLength and MaxLength are those of the list.
type Property struct {
	Kind     string
	List     bool // of values of that kind
	Map      bool // from any string to values of that kind
	Required bool // within the object that it belongs to

	Allowed              []any    // strings or numbers; empty: all
	Pattern              string   // a JavaScript regular expression, not anchored; empty: none
	Min, Max             *float64 // of a number; nil: none
	MinLength, MaxLength *float64 // of a string or list; nil: none
}

// Members lists the names of the properties of an object, sorted. The object
// of the empty path is the resource.
func (t *Type) Members(path string) []string {
	prefix := path
	if prefix != "" {
		prefix += "."
	}
	var names []string
	for p := range t.Properties {
		if name, ok := strings.CutPrefix(p, prefix); ok && !strings.Contains(name, ".") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Find returns a member of an object, and the path of that member's own
// members.
func (t *Type) Find(path, name string) (p Property, members string, ok bool) {
	if path != "" {
		name = path + "." + name
	}
	if p, ok = t.Properties[name]; ok {
		return p, name, true
	}
	p, ok = t.Properties[name+"[]"]
	return p, name + "[]", ok
}
