// Command measure prints how large and how well commented the product's Go code
// is. It counts functions, shared and scripts, without tests, test helper
// packages (directories that end in "test") and testdata.
//
//	go run ./scripts/check/measure [directory]
//
// The directory is the root of a checkout; the default is the current one.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"community-images/scripts/command"
)

// Limits that the project sets itself; what exceeds them is listed by name.
const (
	maxColumns      = 120
	maxFunction     = 40 // lines
	maxParameters   = 5
	maxFields       = 12
	maxComplexity   = 15
	maxREADME       = 10 << 10 // bytes
	minCommentShare = 20       // percent of the lines that are not blank
)

// main takes no flags, only the directory.
const usage = `Usage: go run ./scripts/check/measure [directory]

Prints how large and how well commented the product's Go code is. The directory
is the root of a checkout; the default is the current one.

`

func main() {
	root := "."
	c := command.Command{
		Name: "measure", Usage: usage, Define: func(*flag.FlagSet) {},
		Check: func(flags *flag.FlagSet) error {
			if flags.NArg() > 1 {
				return errors.New("name at most one directory")
			}
			if flags.NArg() == 1 {
				root = flags.Arg(0)
			}
			return nil
		},
	}
	os.Exit(c.Run(os.Args[1:], os.Stderr, func() error { return run(os.Stdout, root) }))
}

// run counts the checkout at root and prints the report to out. It skips tests,
// test helper packages and testdata, which may be longer and less commented.
func run(out io.Writer, root string) error {
	var total report
	// Everything else in a checkout is documents and configuration.
	for _, top := range []string{"functions", "shared", "scripts"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			// Test doubles are held to the rules by review only.
			case d.IsDir() && (d.Name() == "testdata" || strings.HasSuffix(d.Name(), "test")):
				return filepath.SkipDir
			// Other files, and tests.
			case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			// Names in the report are relative, so that a golden file can have them.
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			return total.addFile(path, filepath.ToSlash(name))
		})
		if err != nil {
			return err
		}
	}
	// Only the root's README.md has a limit of its own.
	readme, err := os.Stat(filepath.Join(root, "README.md"))
	if err != nil {
		return err
	}
	total.print(out, readme.Size())
	return nil
}

// print prints the totals, then each limit with the places that exceed it, and
// last the exported names of each package. readme is the size of README.md.
func (r *report) print(out io.Writer, readme int64) {
	// Blank lines count for neither side.
	lines := r.commentLines + r.productLines + r.scriptLines
	// An empty checkout has a share of 0.
	share := 100 * float64(r.commentLines) / float64(max(1, lines))
	fmt.Fprintf(out, "files                       %d\n", r.files)
	fmt.Fprintf(out, "code lines, deployed        %d\n", r.productLines)
	fmt.Fprintf(out, "code lines, scripts         %d\n", r.scriptLines)
	fmt.Fprintf(out, "comment share               %.1f %% (at least %d)\n", share, minCommentShare)
	fmt.Fprintf(out, "README.md                   %d bytes (at most %d)\n", readme, maxREADME)
	r.printList(out, fmt.Sprintf("lines over %d columns", maxColumns), r.wide)
	r.printList(out, fmt.Sprintf("functions over %d lines", maxFunction), r.long)
	r.printList(out, fmt.Sprintf("more than %d parameters", maxParameters), r.manyParameters)
	r.printList(out, fmt.Sprintf("structs over %d fields", maxFields), r.manyFields)
	r.printList(out, fmt.Sprintf("complexity over %d", maxComplexity), r.complex)
	fmt.Fprintln(out, "exported names per package")
	var names []string
	for name := range r.exports {
		names = append(names, name)
	}
	// The packages with most names come first.
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(r.exports[b], r.exports[a]), strings.Compare(a, b))
	})
	for _, name := range names {
		fmt.Fprintf(out, "  %4d %s\n", r.exports[name], name)
	}
}

// printList prints how many places exceed a limit, and the places.
func (r *report) printList(out io.Writer, title string, places []place) {
	fmt.Fprintf(out, "%-27s %d\n", title, len(places))
	// The worst come first; equal ones by name, so that the report is stable.
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.value, a.value), strings.Compare(a.name, b.name))
	})
	for _, p := range places {
		fmt.Fprintf(out, "  %4d %s\n", p.value, p.name)
	}
}
