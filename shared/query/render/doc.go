// Package render writes answers as JSON, NDJSON, CSV, TSV, tables, lists of ids and Atom
// feeds. The structs in wire*.go are the JSON of every answer, and the OpenAPI
// description is made from them. Images, facets and what stands before them are written by
// hand, for speed.
//
// It reads nothing from the store: it gets what it writes.
package render
