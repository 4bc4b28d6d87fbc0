package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"community-images/scripts/command"
	"community-images/scripts/deploy/ros"
)

// template is the part of template.yaml that a deployment looks at itself.
type template struct {
	body       string
	Parameters map[string]struct {
		NoEcho any `yaml:"NoEcho"` // true, or the text "true"
	} `yaml:"Parameters"`
	Resources map[string]struct {
		Properties any `yaml:"Properties"`
	} `yaml:"Resources"`
}

func readTemplate(path string) (*template, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	if len(data) > ros.MaxTemplate {
		return nil, fmt.Errorf("reading the template: %q has %d bytes; ROS takes %d", path, len(data), ros.MaxTemplate)
	}
	t := &template{body: string(data)}
	if err := yaml.Unmarshal(data, t); err != nil {
		return nil, fmt.Errorf("reading the template: %q: %w", path, err)
	}
	return t, nil
}

// check refuses parameters that the template does not have.
func (t *template) check(given ros.Parameters) error {
	for name := range given {
		if _, ok := t.Parameters[name]; !ok {
			return &command.UsageError{Err: fmt.Errorf("the template has no parameter %q; it has %s", name, strings.Join(slices.Sorted(maps.Keys(t.Parameters)), ", "))}
		}
	}
	return nil
}

// secret says whether a parameter's value must not be shown.
func (t *template) secret(name string) bool {
	return strings.EqualFold(fmt.Sprint(t.Parameters[name].NoEcho), "true")
}

// parametersOf names the parameters that a setting of the functions is made of.
func (t *template) parametersOf(setting string) []string {
	var all []string
	for _, r := range t.Resources {
		properties, _ := r.Properties.(map[string]any)
		variables, _ := properties["EnvironmentVariables"].(map[string]any)
		for _, name := range references(variables[setting]) {
			if _, is := t.Parameters[name]; is {
				all = append(all, name)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// references are the names in all calls of Ref in a value.
func references(value any) (names []string) {
	switch value := value.(type) {
	case []any:
		for _, v := range value {
			names = append(names, references(v)...)
		}
	case map[string]any:
		for key, v := range value {
			if name, ok := v.(string); ok && key == "Ref" {
				names = append(names, name)
			}
			names = append(names, references(v)...)
		}
	}
	return names
}

// veiled takes secrets out of what is written to w, line by line.
func (o *options) veiled(w io.Writer) io.Writer { return &veil{w, o.redactor()} }

// redactor replaces every secret of the deployment.
func (o *options) redactor() *strings.Replacer {
	var pairs []string
	for _, secret := range append([]string{o.credentials.AccessKeySecret, o.credentials.SecurityToken}, o.secrets...) {
		if len(secret) >= 4 { // a shorter one would mangle ordinary words
			quoted := strconv.Quote(secret)
			pairs = append(pairs, secret, "[redacted]", strings.Join(strings.Fields(secret), " "), "[redacted]", quoted[1:len(quoted)-1], "[redacted]")
		}
	}
	return strings.NewReplacer(pairs...)
}

// veil expects whole lines, as fmt writes them.
type veil struct {
	w io.Writer
	r *strings.Replacer
}

func (v *veil) Write(p []byte) (int, error) {
	_, err := v.r.WriteString(v.w, string(p))
	return len(p), err
}
