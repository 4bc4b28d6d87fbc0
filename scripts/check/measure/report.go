package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"strings"
	"unicode/utf8"
)

// report is what measure has counted so far.
type report struct {
	// files is the number of Go files, commentLines of lines with nothing but a comment.
	files, commentLines int

	// Lines of code: of what is deployed (functions, shared) and of scripts.
	productLines, scriptLines int

	// Places that exceed a limit.
	// wide has lines, the others declarations.
	wide, long, manyParameters, manyFields, complex []place

	// exports is the number of exported package-level names, by package.
	exports map[string]int
}

// place is a line or a declaration with the value that was measured there.
type place struct {
	name string // file:line and, of a declaration, its name
	// value is in the unit of the limit: columns, lines, parameters, fields or paths.
	value int
}

// addFile counts the file at path; name is its path below the checkout.
func (r *report) addFile(path, name string) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	files := token.NewFileSet()
	// Identifiers need not be resolved, and resolving costs most of the time.
	parsed, err := parser.ParseFile(files, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	r.files++
	r.addLines(name, string(source))
	for _, decl := range parsed.Decls {
		r.addDecl(files, name, decl)
	}
	return nil
}

// addLines counts lines. A line is a comment if it begins with "//". Comments
// of the form /* */ are not used in this project.
func (r *report) addLines(name, source string) {
	number := 0
	for line := range strings.Lines(source) {
		number++
		line = strings.TrimSuffix(line, "\n")
		// Columns are characters, not bytes; a tab is one.
		if n := utf8.RuneCountInString(line); n > maxColumns {
			r.wide = append(r.wide, place{fmt.Sprintf("%s:%d", name, number), n})
		}
		switch trimmed := strings.TrimSpace(line); {
		case trimmed == "":
		case strings.HasPrefix(trimmed, "//"):
			r.commentLines++
		// A line with code and a comment is code.
		case strings.HasPrefix(name, "scripts/"):
			r.scriptLines++
		default:
			r.productLines++
		}
	}
}

// addDecl counts a top-level declaration: exported names, the lines, parameters
// and complexity of functions, and the fields of structs.
func (r *report) addDecl(files *token.FileSet, name string, decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		r.addFunc(files, name, d)
	// Imports, constants, variables and types.
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				r.addExport(name, s.Name)
				// Only structs have a limit; interfaces are short anyway.
				if structure, ok := s.Type.(*ast.StructType); ok {
					at := placeOf(files, s, s.Name.Name)
					r.manyFields = appendOver(r.manyFields, at, countNames(structure.Fields), maxFields)
				}
			case *ast.ValueSpec:
				for _, ident := range s.Names {
					r.addExport(name, ident)
				}
			}
		}
	}
}

// addFunc measures a function. Methods are not counted as exported names: only
// names at package level are.
func (r *report) addFunc(files *token.FileSet, name string, d *ast.FuncDecl) {
	if d.Recv == nil {
		r.addExport(name, d.Name)
	}
	// A function that is implemented in assembly.
	if d.Body == nil {
		return
	}
	at := placeOf(files, d, d.Name.Name)
	lines := files.Position(d.End()).Line - files.Position(d.Pos()).Line + 1
	r.long = appendOver(r.long, at, lines, maxFunction)
	r.manyParameters = appendOver(r.manyParameters, at, countNames(d.Type.Params), maxParameters)
	r.complex = appendOver(r.complex, at, complexity(d.Body), maxComplexity)
}

// addExport counts a name at package level if it is exported.
func (r *report) addExport(name string, ident *ast.Ident) {
	// A package without exported names is not in the report.
	if r.exports == nil {
		r.exports = map[string]int{}
	}
	if ident.IsExported() {
		r.exports[path.Dir(name)]++
	}
}

// placeOf returns the position of a declaration with its name, for the report.
func placeOf(files *token.FileSet, node ast.Node, name string) string {
	return fmt.Sprintf("%s %s", files.Position(node.Pos()), name)
}

// appendOver adds a place whose value is over the limit.
func appendOver(places []place, name string, value, limit int) []place {
	if value > limit {
		places = append(places, place{name, value})
	}
	return places
}

// countNames returns the number of names in a list of fields or parameters; one
// without a name counts once.
func countNames(list *ast.FieldList) int {
	n := 0
	// a, b int is one field of the syntax with two names.
	for _, field := range list.List {
		n += max(1, len(field.Names))
	}
	return n
}

// complexity returns the cyclomatic complexity of a function: one more than the
// number of its branches, function literals included.
func complexity(body *ast.BlockStmt) int {
	// One path goes straight through.
	n := 1
	ast.Inspect(body, func(node ast.Node) bool {
		switch node := node.(type) {
		// Each of these has one path more: into it or past it.
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			n++
		// A default clause is no branch: it is taken if no other is.
		case *ast.CaseClause:
			if node.List != nil { // not default
				n++
			}
		// A case of select; the same rule as for switch.
		case *ast.CommClause:
			if node.Comm != nil {
				n++
			}
		// Each operand of && and || is a decision of its own.
		case *ast.BinaryExpr:
			if node.Op == token.LAND || node.Op == token.LOR {
				n++
			}
		}
		return true
	})
	return n
}
