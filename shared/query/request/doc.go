// Package request turns the parameters of an HTTP request into a Request. It has the
// tables of routes (routes.go), parameters (param_*.go) and formats (formats.go).
//
// It promises that every fault of a request is reported at once, and that nothing is
// read from the store for a request that has one.
package request
