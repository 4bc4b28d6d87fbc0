// Command check checks template.yaml against the published models of the
// resource types that it uses.
//
//	go run ./scripts/check                              with the models of models.ndjson
//	go run ./scripts/check -models node_modules         with the installed packages; checks models.ndjson, too
//	go run ./scripts/check -models node_modules -write  updates models.ndjson
package main

import (
	"bytes"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"community-images/scripts/check/rosmodel"
	"community-images/scripts/check/rostemplate"
	"community-images/scripts/command"
)

// extract is what the packages say of the types in template.yaml.
//
//go:embed models.ndjson
var extract []byte

// extractFile is where -write puts the models, below the root of a checkout.
const extractFile = "scripts/check/models.ndjson"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run runs the command. The exit code is 1 for a template that does not fit.
func run(args []string, out, stderr io.Writer) int {
	var o options
	return o.command().Run(args, stderr, func() error { return o.checkTemplate(out) })
}

// options are the flags.
type options struct {
	template, models string
	write            bool
}

// command returns the command line, which sets o.
func (o *options) command() command.Command {
	return command.Command{Name: "check", Define: o.define, Check: o.check, Usage: `Usage: go run ./scripts/check [flags]

Holds the template against the published models of the resource types that it
uses: one line for each thing that does not fit. The exit code is 1 if there is
one.

`}
}

// define defines the flags.
func (o *options) define(flags *flag.FlagSet) {
	flags.StringVar(&o.template, "template", "template.yaml", "`file` with the template")
	flags.StringVar(&o.models, "models", "", "`directory` node_modules with the packages @alicloud/ros-cdk-*")
	flags.BoolVar(&o.write, "write", false, "update "+extractFile+" from -models")
}

// check returns an error for flags that do not go together.
func (o *options) check(flags *flag.FlagSet) error {
	if o.write && o.models == "" {
		return errors.New("-write needs -models: the extract is made from the packages")
	}
	return command.NoArguments(flags)
}

// checkTemplate prints a line for each thing in the template that does not fit
// the models, and returns an error if there is one.
func (o *options) checkTemplate(out io.Writer) error {
	data, err := os.ReadFile(o.template)
	if err != nil {
		return fmt.Errorf("reading the template: %w", err)
	}
	template, err := rostemplate.Parse(data)
	if err != nil {
		return err
	}
	catalog, err := o.catalog(template)
	if err != nil {
		return err
	}
	problems := rostemplate.Check(template, catalog)
	for _, p := range problems {
		fmt.Fprintln(out, p)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s has %d problems", o.template, len(problems))
	}
	fmt.Fprintf(out, "%s fits the models of its %d types\n", o.template, len(template.Types()))
	return nil
}

// catalog reads the models from the extract or, with -models, from the
// packages; then the extract must be what they say.
func (o *options) catalog(template *rostemplate.Template) (rosmodel.Catalog, error) {
	// Without -models everything comes from the embedded file.
	if o.models == "" {
		return rosmodel.ParseText(extract)
	}
	catalog, err := rosmodel.ReadCatalog(o.models)
	if err != nil {
		return catalog, err
	}
	// The extract has only the types that the template uses. So a new type in the
	// template needs -write once.
	switch text := catalog.Text(template.Types()); {
	case o.write:
		return catalog, os.WriteFile(extractFile, text, 0o644)
	case !bytes.Equal(text, extract):
		return catalog, fmt.Errorf("%s differs from the packages in %s for the types of %s; update it with -write",
			extractFile, o.models, o.template)
	}
	return catalog, nil
}
