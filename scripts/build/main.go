// Command build builds the code packages of the two functions.
//
//	go run ./scripts/build
//	go run ./scripts/build -h
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"text/tabwriter"

	"community-images/scripts/build/bundle"
	"community-images/scripts/command"
)

// main builds in the working directory's checkout.
func main() {
	ctx, stop := command.Context()
	defer stop()
	os.Exit(run(ctx, ".", os.Args[1:], os.Stdout, os.Stderr))
}

// run runs the command in the directory dir. The exit code is 1 if the code
// cannot be built or a package is too large.
func run(ctx context.Context, dir string, args []string, out, stderr io.Writer) int {
	var o options
	return o.command().Run(args, stderr, func() error { return build(ctx, dir, o, out) })
}

// build builds the packages, writes them and prints a table of them. A file that
// is there already is overwritten: its name has the hash of the same bytes.
func build(ctx context.Context, dir string, o options, out io.Writer) error {
	// Any directory of the checkout will do. Only -out depends on it.
	root, err := bundle.Root(ctx, dir)
	if err != nil {
		return err
	}
	if o.version == "" {
		if o.version, err = bundle.Version(ctx, root); err != nil {
			return err
		}
	}
	if o.out == "" {
		o.out = filepath.Join(root, ".build")
	} else if !filepath.IsAbs(o.out) {
		o.out = filepath.Join(dir, o.out)
	}
	// Nothing is written before both packages are complete.
	bundles, err := bundle.Make(ctx, bundle.Options{Root: root, Version: o.version})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return fmt.Errorf("making the output directory: %w", err)
	}
	fmt.Fprintf(out, "version %s, %s, linux/amd64\n", o.version, runtime.Version())
	// The last column is what a person copies.
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FUNCTION\tBINARY\tZIP\tHASH\tPATH")
	for _, b := range bundles {
		path := filepath.Join(o.out, b.Name)
		if err := writeFile(path, b.Zip); err != nil {
			return fmt.Errorf("writing the zip: %w", err)
		}
		fmt.Fprintf(table, "%s\t%.2f MB\t%.2f MB\t%s\t%s\n",
			b.Function, float64(b.Binary)/1e6, float64(len(b.Zip))/1e6, b.Hash, path)
	}
	return table.Flush()
}

// writeFile writes a whole file or none. A part of a zip must not have the name
// of the zip.
func writeFile(path string, data []byte) error {
	// The rename is atomic within one directory.
	err := os.WriteFile(path+".partial", data, 0o644)
	if err == nil {
		err = os.Rename(path+".partial", path)
	}
	if err != nil {
		_ = os.Remove(path + ".partial") // what was written of it
	}
	return err
}
