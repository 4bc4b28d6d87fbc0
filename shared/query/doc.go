// Package query answers lookups over HTTP from the archive. It has one file for each
// route, and what all routes share: routing, sign-in, conditional requests, sending.
//
// A request passes the packages below it in this order, and never turns back:
//
//   - request parses it with filter and field. Every fault is reported before anything is
//     read.
//   - state finds the region, its state at the moment that is asked for, and the scopes
//     that are selected, as far as the caller may see them. The ETag is known then.
//   - imageset loads, filters, groups and sorts the images; history reads what happened.
//   - hint says why there are few images, if there are.
//   - render writes the answer.
//
// It promises that bad input never reaches the store, that every answer says how old it
// is, and that an unknown cluster or scope is an error and never an empty list.
package query
