package rosmodel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Catalog is everything that a template is checked against.
type Catalog struct {
	Language Language
	Types    Models
}

// line is one line of the text form: the language, a type, or a property of
// the type above it.
type line struct {
	Functions  []string `json:"functions,omitempty"`
	Pseudo     []string `json:"pseudoParameters,omitempty"`
	Parameters []string `json:"parameterTypes,omitempty"`

	Type       string   `json:"type,omitempty"`
	Package    string   `json:"package,omitempty"`
	Attributes []string `json:"attributes,omitempty"`

	Property  string   `json:"property,omitempty"`
	Kind      string   `json:"is,omitempty"`
	Map       bool     `json:"map,omitempty"`
	Required  bool     `json:"required,omitempty"`
	Allowed   []any    `json:"allowed,omitempty"`
	Pattern   string   `json:"pattern,omitempty"`
	Min       *float64 `json:"min,omitempty"`
	Max       *float64 `json:"max,omitempty"`
	MinLength *float64 `json:"minLength,omitempty"`
	MaxLength *float64 `json:"maxLength,omitempty"`
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

// Text writes the language and the types of the given names, one JSON object
// a line, in an order that depends on nothing else.
func (c Catalog) Text(names []string) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	put := func(l line) {
		if err := enc.Encode(l); err != nil {
			panic(err) // strings and numbers only
		}
	}
	put(line{Functions: c.Language.Functions, Pseudo: c.Language.Pseudo, Parameters: c.Language.Parameters})
	some := c.Types.Only(names)
	for _, id := range slices.Sorted(maps.Keys(some)) {
		t := some[id]
		put(line{Type: id, Package: t.Package, Attributes: t.Attributes})
		for _, path := range slices.Sorted(maps.Keys(t.Properties)) {
			p := t.Properties[path]
			put(line{
				Property: path, Kind: p.Kind, Map: p.Map, Required: p.Required, Allowed: p.Allowed, Pattern: p.Pattern,
				Min: p.Min, Max: p.Max, MinLength: p.MinLength, MaxLength: p.MaxLength,
			})
		}
	}
	return out.Bytes()
}

// ParseText reads what Text writes.
func ParseText(data []byte) (Catalog, error) {
	c := Catalog{Types: Models{}}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var t *Type
	for n := 1; ; n++ {
		var l line
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return c, nil
		} else if err != nil {
			return c, fmt.Errorf("reading object %d of the models: %w", n, err)
		}
		switch {
		case l.Functions != nil:
			c.Language = Language{Functions: l.Functions, Pseudo: l.Pseudo, Parameters: l.Parameters}
		case l.Type != "":
			t = &Type{Package: l.Package, Attributes: l.Attributes, Properties: map[string]Property{}}
			c.Types[l.Type] = t
		case l.Property != "" && t != nil:
			t.Properties[l.Property] = Property{
				Kind: l.Kind, List: l.Property[len(l.Property)-1] == ']', Map: l.Map, Required: l.Required, Allowed: l.Allowed,
				Pattern: l.Pattern, Min: l.Min, Max: l.Max, MinLength: l.MinLength, MaxLength: l.MaxLength,
			}
		default:
			return c, fmt.Errorf("reading object %d of the models: it is neither a type nor a property of one", n)
		}
	}
}
