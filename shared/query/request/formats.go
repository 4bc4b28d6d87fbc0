package request

import (
	"strings"
)

// The formats, as the parameter names them. Each route has its own subset.
const (
	FormatJSON   = "json"   // one object with the envelope of every answer
	FormatNDJSON = "ndjson" // one JSON object a line
	FormatCSV    = "csv"    // see render.csvWriter
	FormatTSV    = "tsv"    // one line a row, cells without quotes
	FormatTable  = "table"  // aligned text for people
	FormatIDs    = "ids"    // one ImageId a line, for shell loops
	FormatAtom   = "atom"   // a feed for readers
	FormatHTML   = "html"   // the page for people
	formatText   = "text"   // the list of routes

	// Of /metrics.
	formatOpenMetrics = "openmetrics" // OpenMetrics 1.0
	FormatPrometheus  = "prometheus"  // Prometheus' text format 0.0.4
)

// mediaTypes are the media types of the formats, as Accept names them, with the
// parameters that Content-Type has besides. "*/*" means the first.
var mediaTypes = []struct{ format, media, params string }{
	{FormatJSON, "application/json", ""},
	{FormatNDJSON, "application/x-ndjson", ""},
	{FormatCSV, "text/csv", "; charset=utf-8; header=present"},
	{FormatTSV, "text/tab-separated-values", "; charset=utf-8"},
	{FormatTable, "text/plain", "; charset=utf-8"},
	{FormatIDs, "text/plain", "; charset=utf-8"},
	{FormatAtom, "application/atom+xml", "; charset=utf-8"},
	{FormatHTML, "text/html", "; charset=utf-8"},
	{formatText, "text/plain", "; charset=utf-8"},
	{formatOpenMetrics, "application/openmetrics-text", "; version=1.0.0; charset=utf-8"},
	{FormatPrometheus, "text/plain", "; version=0.0.4; charset=utf-8"},
}

// ContentType returns the Content-Type of a format. An unknown format is JSON,
// which no parsed request has.
func ContentType(format string) string {
	for _, m := range mediaTypes {
		if m.format == format {
			return m.media + m.params
		}
	}
	return "application/json"
}

// MediaType returns the media type of a format without its parameters.
func MediaType(format string) string {
	media, _, _ := strings.Cut(ContentType(format), ";")
	return media
}
