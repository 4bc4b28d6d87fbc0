package rosmodel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Catalog is everything that a template is checked against.
type Catalog struct {
	// Language has functions, pseudo parameters and the types of parameters.
	Language Language
	// Types are resource types, and configurations of triggers under the names that
	// TriggerConfig returns.
	Types Models
}

// line is one line of the text: the language, a type, or a property of the type
// above it.
type line struct {
	Language
	// TypeName is set on the line of a type.
	TypeName string `json:"type,omitempty"`
	Type
	// Path is set on the line of a property.
	Path string `json:"property,omitempty"`
	Property
}

// ReadCatalog reads the language and all types from installed packages.
func ReadCatalog(dir string) (c Catalog, err error) {
	if c.Types, err = ReadPackages(dir); err != nil {
		return c, err
	}
	// The language is in another package than the types.
	if c.Language, err = readLanguage(dir); err != nil {
		return c, err
	}
	return c, readAPI(dir, c.Types)
}

// Text returns the language and the named types as text: one JSON object a
// line, sorted.
func (c Catalog) Text(names []string) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	// Patterns are easier to review with < and > as they are.
	encoder.SetEscapeHTML(false)
	writeLine := func(l line) {
		if err := encoder.Encode(l); err != nil {
			panic(err) // cannot happen: a line has strings and numbers only
		}
	}
	// Sorted, so that an update shows as a small difference.
	writeLine(line{Language: c.Language})
	named := c.Types.withNames(names)
	for _, name := range slices.Sorted(maps.Keys(named)) {
		t := named[name]
		writeLine(line{TypeName: name, Type: *t})
		for _, path := range slices.Sorted(maps.Keys(t.Properties)) {
			writeLine(line{Path: path, Property: t.Properties[path]})
		}
	}
	return out.Bytes()
}

// ParseText reads the output of Text.
func ParseText(data []byte) (Catalog, error) {
	c := Catalog{Types: Models{}}
	decoder := json.NewDecoder(bytes.NewReader(data))
	// An unknown member is a text of a later version, which may have more rules.
	decoder.DisallowUnknownFields()
	var t *Type // the last one
	for n := 1; ; n++ {
		var l line
		if err := decoder.Decode(&l); errors.Is(err, io.EOF) {
			return c, nil
		} else if err != nil {
			return c, fmt.Errorf("reading object %d of the models: %w", n, err)
		}
		switch {
		// Which members a line has tells what it is.
		case l.Functions != nil:
			c.Language = l.Language
		case l.TypeName != "":
			l.Type.Properties = map[string]Property{}
			t = &l.Type
			c.Types[l.TypeName] = t
		case l.Path != "" && t != nil:
			// List is not in the text: the path says it.
			l.List = strings.HasSuffix(l.Path, "]")
			t.Properties[l.Path] = l.Property
		default:
			return c, fmt.Errorf("reading object %d of the models: it is neither a type nor a property of one", n)
		}
	}
}
