package alias

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"community-images/shared/catalog"
)

const (
	// MaxFileBytes bounds the file.
	MaxFileBytes = 256 << 10
	// MaxAliases bounds the aliases of a file, of all regions together.
	MaxAliases = 100
)

// Rules say what a file may define, beyond its form.
type Rules struct {
	// Regions are those that are captured. Empty: every name that a region can have.
	Regions []string
	// CheckLookup returns an error for a lookup that cannot be answered. The error names all
	// that is wrong with it, and what is allowed.
	CheckLookup func(lookup string) error
}

// File has the definitions of a file by region.
type File map[string][]Definition

// Of returns the definitions of a region, sorted by name. It is never nil.
func (f File) Of(region string) []Definition {
	return append([]Definition{}, f[region]...)
}

// Parse reads a file. Its error is a FaultsError with all faults.
func Parse(data []byte, rules Rules) (File, error) {
	members, err := decode(data)
	if err != nil {
		return nil, err
	}
	c := &checker{rules: rules, file: File{}, seen: map[string]string{}}
	c.checkFile(members)
	if len(c.faults) > 0 {
		return nil, c.faults
	}
	for _, list := range c.file {
		slices.SortFunc(list, func(a, b Definition) int { return strings.Compare(a.Name, b.Name) })
	}
	return c.file, nil
}

// decode decodes the JSON of a file.
func decode(data []byte) (value any, err error) {
	if len(data) > MaxFileBytes {
		return nil, FaultsError{{"the file", "", fmt.Sprintf("must have at most %d KB", MaxFileBytes>>10)}}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors write it
	err = json.Unmarshal(data, &value)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line := 1 + bytes.Count(data[:min(int(syntax.Offset), len(data))], []byte{'\n'})
		return nil, FaultsError{{"the file", "", fmt.Sprintf("must be JSON, but line %d has: %v", line, err)}}
	}
	// encoding/json takes the last of two members: half of what a person wrote would be lost.
	if err == nil {
		_, err = catalog.Canonical(data)
	}
	if err != nil {
		return nil, FaultsError{{"the file", "", "must be JSON that all programs read alike: " + err.Error()}}
	}
	return value, nil
}
