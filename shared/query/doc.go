// Package query answers lookups over HTTP from the archive. It has the functions that
// serve the routes (served_routes.go says which) and what all routes share: routing,
// sign-in, the pages of routes.
//
// The caller's token chooses a lookup first: what the callers of one grant may see
// (grant_lookups.go). Then a call passes these packages. Each imports only those before it
// (shared/imports_test.go):
//
//   - request parses the call with field, filter and fault. Every fault is reported before
//     anything is read.
//   - state finds the region, its state at the moment that is asked for, and the scopes
//     that are selected, as far as the caller may see them.
//   - imageset loads, filters, groups and sorts the images. aliases finds what aliases stand
//     for. history reads what happened. hint says why an answer has few images, and etag
//     compares what the caller has.
//   - render makes the answer, page makes it for people, and response sends it. status says
//     how each region is, and lookupmetrics what this instance answered. openapi describes
//     all answers.
//
// A route returns an answer whose render is a function. For most routes the ETag is known
// before, so response calls it only if neither the caller nor the cache has the body: a 304
// of /v1/images loads no images. /v1/status hashes its content instead, and hints can
// change the ETag. Two calls go up through an interface or a function value: state asks
// imageset for the index, and history whether a region had an image.
//
// It promises that bad input never reaches the store, that every answer says how old it
// is, and that an unknown cluster or scope is an error and never an empty list.
//
// What is added where:
//
//   - a field of images: the table in field/fields.go, and shared/notify/notify.schema.json
//   - an operator: the table in filter/operators.go, and that schema. Subscriptions have it then
//   - a parameter: request/param_*.go, and the params of its routes in request/routes.go
//   - a route: request/routes.go, served_routes.go, the struct of its body in
//     render/wire*.go and bodyTypes in openapi/schemas.go
//   - a metric: status/metrics.go, or lookupmetrics for what one instance counts
//   - a format: request/formats.go, the formats of its routes, and each switch on the
//     format in render
//   - an error or a hint: its template with message.New, and the Chinese one in page/language
//
// README.md tells callers of each, and tests hold it against the code.
package query
