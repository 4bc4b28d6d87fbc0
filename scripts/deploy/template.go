package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"community-images/scripts/build/bundle"
	"community-images/scripts/check/rostemplate"
	"community-images/shared/config"
)

// templateFile is what a run knows of its template before it calls anybody.
type templateFile struct {
	// body is the text of the file, which ROS gets.
	body string
	// parsed is nil if err is not.
	parsed *rostemplate.Template
	// err says why the file cannot be used.
	err error
}

// readTemplate reads the file of -template, or that of the checkout if path is
// empty. An error is kept in the result: faults of flags are reported first.
func readTemplate(ctx context.Context, path, dir string) *templateFile {
	// Flags are relative to the working directory, the default to the checkout:
	// the command works from every directory of the checkout.
	if path == "" {
		root, err := bundle.Root(ctx, dir)
		if err != nil {
			return &templateFile{err: err}
		}
		path = filepath.Join(root, "template.yaml")
	} else if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return &templateFile{err: fmt.Errorf("reading the template: %w", err)}
	}
	// A file of the flag may be anything, so its size is checked before it is
	// parsed.
	if len(data) > rostemplate.MaxSize {
		err := fmt.Errorf("reading the template: %q has %d bytes; ROS accepts %d", path, len(data), rostemplate.MaxSize)
		return &templateFile{err: err}
	}
	parsed, err := rostemplate.Parse(data)
	if err != nil {
		return &templateFile{err: fmt.Errorf("reading the template: %q: %w", path, err)}
	}
	return &templateFile{body: string(data), parsed: parsed}
}

// check returns what the template, or the code of the functions, does not allow
// in the parameters of the flags. ROS would say some of it, but one fault at a
// time, and only after the code was built. Rules between parameters are left to
// ROS: an existing stack may have the other one.
func (f *templateFile) check(o options) (problems []error) {
	if f.err != nil {
		return nil
	}
	given := o.parameters.values
	reported := map[string]bool{} // parameters and texts
	for _, fault := range f.parsed.CheckGiven(given) {
		reported[fault.Parameter] = true
		problems = append(problems, errors.New(fault.Text))
	}
	// Parameters that are not given have their defaults here, and examples stand
	// for those without one. So only faults of given parameters count.
	values := map[string]string{
		"BucketName": "example-data", "CodeBucket": "example-code", "SnapshotCode": "a.zip", "QueryCode": "b.zip",
	}
	for name, value := range given {
		if !reported[name] {
			values[name] = value
		}
	}
	d := &deployment{options: o, template: f.parsed}
	d.region = cmp.Or(o.region, "cn-hangzhou")
	_, wrong, err := d.settingErrors(values)
	if err != nil {
		return problems // checked again, and reported, once the stack is known
	}
	for _, e := range wrong {
		text := d.explainSetting(e)
		// Both functions may find the same one.
		if d.concernsGiven(e, given) && !reported[text] {
			reported[text] = true
			problems = append(problems, errors.New(text))
		}
	}
	return problems
}

// concernsGiven reports whether a wrong setting comes from a given parameter.
func (d *deployment) concernsGiven(problem error, given map[string]string) bool {
	var wrong *config.Error
	if !errors.As(problem, &wrong) {
		return false
	}
	return slices.ContainsFunc(d.template.ParametersOfVariable(wrong.Setting), func(name string) bool {
		_, ok := given[name]
		return ok
	})
}

// useTemplate takes over the template of the flags, and the secrets in its
// parameters. It returns an error if the template could not be read.
func (d *deployment) useTemplate() error {
	file := d.source.file
	if file.err != nil {
		return file.err
	}
	d.template, d.body = file.parsed, file.body
	for name, value := range d.parameters.values {
		if d.template.IsSecret(name) {
			d.secrets.add(value)
		}
	}
	return nil
}
