package alias

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	maxShownFaults  = 10  // faults that one error explains
	maxShownValue   = 80  // bytes of a value in a fault
	maxAllowedBytes = 800 // of Fault.Allowed in its text: a lookup has many fields
)

// Fault is one thing that is wrong with the file.
type Fault struct {
	// Path names the member, for example "Aliases[2].Pin.Until". It is "the file" for what
	// concerns all of it.
	Path string
	// Value is the member as JSON, cut if it is long. It is empty if the member is missing.
	Value string
	// Allowed says what the member may be, or what is wrong with it.
	Allowed string
}

// String returns the fault as a clause.
func (f Fault) String() string {
	text := f.Path + " " + truncate(f.Allowed, maxAllowedBytes)
	if f.Value != "" {
		text += ", got " + f.Value
	}
	return text
}

// FaultsError has all faults of a file, in the order of the file. It is never empty.
type FaultsError []Fault

// Error implements error. It explains the first faults, and counts the others.
func (e FaultsError) Error() string {
	var texts []string
	for _, f := range e[:min(len(e), maxShownFaults)] {
		texts = append(texts, f.String())
	}
	if more := len(e) - len(texts); more > 0 {
		texts = append(texts, fmt.Sprintf("%d more faults", more))
	}
	return strings.Join(texts, "; ")
}

// truncate cuts a text after a number of bytes, between characters.
func truncate(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "…"
}
