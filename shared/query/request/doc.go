// Package request turns the parameters of an HTTP request into a Request. It holds the
// table of routes and the parameters that each takes.
//
// It promises that every fault of a request is reported at once, and that nothing is
// read from the store for a request that has one.
package request
