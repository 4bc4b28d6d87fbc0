// Package query answers lookups over HTTP from the archive.
//
// A request goes through stages: params (everything is parsed, and every fault
// named, before anything is read), region and view (which scopes, as of when),
// set (their images, each once), filter, sort, page, project, render.
//
// It promises that bad input never reaches the bucket, that every answer says
// how old it is, that an ETag is known before anything is loaded or rendered,
// and that an unknown cluster or scope is an error and never an empty list.
package query
