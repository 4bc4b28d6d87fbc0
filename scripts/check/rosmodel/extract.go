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
	Language Language
	Types    Models
}

// line is one line of the text: the language, a type, or a property of the type
// above it.
type line struct {
	Language
	TypeName string `json:"type,omitempty"`
	Type
	Path string `json:"property,omitempty"`
	Property
}

// ReadCatalog reads the language and all types from installed packages.
func ReadCatalog(dir string) (c Catalog, err error) {
	if c.Types, err = ReadPackages(dir); err != nil {
		return c, err
	}
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
	encoder.SetEscapeHTML(false)
	writeLine := func(l line) {
		if err := encoder.Encode(l); err != nil {
			panic(err) // cannot happen: a line has strings and numbers only
		}
	}
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
		case l.Functions != nil:
			c.Language = l.Language
		case l.TypeName != "":
			l.Type.Properties = map[string]Property{}
			t = &l.Type
			c.Types[l.TypeName] = t
		case l.Path != "" && t != nil:
			l.List = strings.HasSuffix(l.Path, "]")
			t.Properties[l.Path] = l.Property
		default:
			return c, fmt.Errorf("reading object %d of the models: it is neither a type nor a property of one", n)
		}
	}
}
