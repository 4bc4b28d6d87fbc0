// Package query answers lookups over HTTP from the archive.
//
// A request is parsed first, and every fault is reported before anything is
// read. Then the region, its state and the requested scopes are found. An ETag
// is known at that point. Only then the images are loaded, filtered, sorted, cut
// to a page and rendered.
//
// It promises that bad input never reaches the store, that every answer says how
// old it is, and that an unknown cluster or scope is an error and never an empty
// list.
package query
