package request

import (
	"time"

	"community-images/shared/query/field"
)

// Config is what the parser of requests needs to know.
type Config struct {
	Schema *field.Schema
	// Regions are those that the caller may see. A grant can name fewer than are served.
	Regions []string
	Now     func() time.Time // never nil
}
