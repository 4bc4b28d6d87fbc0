package rosmodel

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ReadPackages reads the models of all packages @alicloud/ros-cdk-* that are
// installed below a directory, as npm leaves them in node_modules.
func ReadPackages(dir string) (Models, error) {
	files, err := filepath.Glob(filepath.Join(dir, "@alicloud", "ros-cdk-*", "lib", "*.generated.js"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("reading models from %q: no package @alicloud/ros-cdk-* with a generated model is installed there", dir)
	}
	models := Models{}
	for _, file := range files {
		name, err := packageName(filepath.Join(filepath.Dir(filepath.Dir(file)), "package.json"))
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
		for id, t := range types {
			t.Package = name
			models[id] = t
		}
	}
	return models, nil
}

// packageName is name and version of a package.
func packageName(file string) (string, error) {
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

// Only returns the types of the given names. Names without a model are left
// out.
func (m Models) Only(names []string) Models {
	some := Models{}
	for id, t := range m {
		if slices.Contains(names, id) {
			some[id] = t
		}
	}
	return some
}

// shape is an object of a generated file: which names the members have in a
// template, and which function validates them.
type shape struct {
	validator string
	members   []member
}

type member struct{ name, source, render string }

// flatten turns shapes that refer to each other into paths.
func (f *generated) flatten(t *Type, path, shapeName string, above []string) error {
	s, ok := f.shapes[shapeName]
	if !ok {
		return fmt.Errorf("nothing renders %q", shapeName)
	}
	if slices.Contains(above, shapeName) {
		return fmt.Errorf("%s contains itself; a path cannot tell that", shapeName)
	}
	rules, ok := f.rules[s.validator]
	if !ok {
		return fmt.Errorf("%s has no validator", shapeName)
	}
	if len(rules) != len(s.members) {
		return fmt.Errorf("%s renders %d properties and validates %d", shapeName, len(s.members), len(rules))
	}
	for _, m := range s.members {
		rule, ok := rules[m.source]
		if !ok || rule.Kind == "" {
			return fmt.Errorf("%s: property %q is rendered and not validated", shapeName, m.name)
		}
		at := m.name
		if path != "" {
			at = path + "." + m.name
		}
		if rule.List {
			at += "[]"
		}
		t.Properties[at] = *rule
		inner := strings.TrimSuffix(strings.TrimPrefix(m.render, "ros.listMapper("), ")")
		if rule.Kind == Object {
			if err := f.flatten(t, at, inner, append(above, shapeName)); err != nil {
				return err
			}
		}
	}
	return nil
}
