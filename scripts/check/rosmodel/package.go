package rosmodel

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ReadPackages reads the models of all packages @alicloud/ros-cdk-* below a
// directory node_modules.
func ReadPackages(dir string) (Models, error) {
	files, err := filepath.Glob(filepath.Join(dir, "@alicloud", "ros-cdk-*", "lib", "*.generated.js"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("reading models from %q: "+
			"no package @alicloud/ros-cdk-* with a generated model is installed there", dir)
	}
	models := Models{}
	for _, file := range files {
		// The file is in lib of its package.
		name, err := readPackageName(filepath.Join(filepath.Dir(filepath.Dir(file)), "package.json"))
		if err != nil {
			return nil, err
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		types, err := parseGenerated(string(source))
		if err != nil {
			return nil, fmt.Errorf("reading %s of %s: %w", filepath.Base(file), name, err)
		}
		// Remember the package, so that an update of the text names versions.
		for id, t := range types {
			t.Package = name
			models[id] = t
		}
	}
	return models, nil
}

// readPackageName reads a package.json and returns the name and the version:
// name@version.
func readPackageName(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var p struct{ Name, Version string }
	if err := json.Unmarshal(data, &p); err != nil {
		return "", fmt.Errorf("reading %s: %w", file, err)
	}
	return p.Name + "@" + p.Version, nil
}

// withNames returns the types with these names.
func (m Models) withNames(names []string) Models {
	named := Models{}
	for name, t := range m {
		if slices.Contains(names, name) {
			named[name] = t
		}
	}
	return named
}

// renderer is a function that writes an object into a template.
type renderer struct {
	validator string // the function that validates the object
	// members are in the order of the source.
	members []member
}

// member is one member of an object.
type member struct {
	name   string // in the template
	source string // name in the JavaScript object
	render string // the function that writes the value
}

// addProperties adds the properties of an object to a type. path is that of the
// object, rendererName the function that writes it, and above are the renderers
// of the enclosing objects.
func (f *generatedFile) addProperties(t *Type, path, rendererName string, above []string) error {
	r, ok := f.renderers[rendererName]
	if !ok {
		return fmt.Errorf("nothing renders %q", rendererName)
	}
	// A recursive type cannot be written as a set of paths.
	if slices.Contains(above, rendererName) {
		return fmt.Errorf("%s contains itself; it has no finite set of paths", rendererName)
	}
	rules, ok := f.validators[r.validator]
	if !ok {
		return fmt.Errorf("%s has no validator", rendererName)
	}
	// Both list the same properties, under different names.
	if len(rules) != len(r.members) {
		return fmt.Errorf("%s renders %d properties and validates %d", rendererName, len(r.members), len(rules))
	}
	for _, m := range r.members {
		rule, ok := rules[m.source]
		if !ok || rule.Kind == "" {
			return fmt.Errorf("%s: property %q is rendered and not validated", rendererName, m.name)
		}
		memberPath := strings.TrimPrefix(path+"."+m.name, ".") // path is empty at the top
		if rule.List {
			memberPath += "[]"
		}
		t.Properties[memberPath] = *rule
		// The properties of an object come under its path.
		if rule.Kind != Object {
			continue
		}
		// The renderer of a list is wrapped in a call of listMapper.
		inner := strings.TrimSuffix(strings.TrimPrefix(m.render, "ros.listMapper("), ")")
		if err := f.addProperties(t, memberPath, inner, append(above, rendererName)); err != nil {
			return err
		}
	}
	return nil
}
