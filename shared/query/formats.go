package query

import "strings"

// The formats, as the parameter names them. Each route has its own subset.
const (
	formatJSON   = "json"   // one object with the envelope of every answer
	formatNDJSON = "ndjson" // one JSON object a line
	formatCSV    = "csv"    // see csvWriter
	formatTSV    = "tsv"    // one line a row, cells without quotes
	formatTable  = "table"  // aligned text for people
	formatIDs    = "ids"    // one ImageId a line, for shell loops
	formatAtom   = "atom"   // a feed for readers
	formatHTML   = "html"   // the page for people
	formatText   = "text"   // the list of routes

	// Of /metrics.
	formatOpenMetrics = "openmetrics" // OpenMetrics 1.0
	formatPrometheus  = "prometheus"  // Prometheus' text format 0.0.4
)

// mediaTypes are the media types of the formats, as Accept names them, with the
// parameters that Content-Type has besides. "*/*" means the first.
var mediaTypes = []struct{ format, media, params string }{
	{formatJSON, "application/json", ""},
	{formatNDJSON, "application/x-ndjson", ""},
	{formatCSV, "text/csv", "; charset=utf-8; header=present"},
	{formatTSV, "text/tab-separated-values", "; charset=utf-8"},
	{formatTable, "text/plain", "; charset=utf-8"},
	{formatIDs, "text/plain", "; charset=utf-8"},
	{formatAtom, "application/atom+xml", "; charset=utf-8"},
	{formatHTML, "text/html", "; charset=utf-8"},
	{formatText, "text/plain", "; charset=utf-8"},
	{formatOpenMetrics, "application/openmetrics-text", "; version=1.0.0; charset=utf-8"},
	{formatPrometheus, "text/plain", "; version=0.0.4; charset=utf-8"},
}

// contentType returns the Content-Type of a format. An unknown format is JSON,
// which no parsed request has.
func contentType(format string) string {
	for _, m := range mediaTypes {
		if m.format == format {
			return m.media + m.params
		}
	}
	return "application/json"
}

// mediaType returns the media type of a format without its parameters.
func mediaType(format string) string {
	media, _, _ := strings.Cut(contentType(format), ";")
	return media
}
