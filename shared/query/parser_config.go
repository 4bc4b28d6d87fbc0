package query

import "time"

// parserConfig is what the parser of requests needs to know.
type parserConfig struct {
	schema *schema
	// regions are those that the caller may see. A grant can name fewer than are served.
	regions []string
	now     func() time.Time // never nil
}
