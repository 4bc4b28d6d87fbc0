package query

import "time"

// parserConfig is what the parser of requests needs to know.
type parserConfig struct {
	schema *schema
	// regions are those that the caller may see. A restricted service has fewer.
	regions []string
	now     func() time.Time // never nil
}
