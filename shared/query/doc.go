// Package query answers lookups over HTTP from the archive. A lookup is a request to one of
// the routes. The package has the functions that serve the routes (served_routes.go says
// which) and what all routes share: routing, sign-in, the pages of routes.
//
// A call passes these steps and packages. Each imports only those before it
// (shared/imports_test.go):
//
//   - authenticate.go finds the grant of the caller's token, and with it the GrantReader that
//     answers the call.
//   - request parses the call with field, filter and fault. Every fault is reported before
//     anything is read.
//   - state finds the region, its state at the time that is asked for, and the scopes that
//     are selected.
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
// change the ETag.
//
// What a limited caller sees is decided below the routes, so it is the same in all formats
// and on pages:
//
//   - grant_readers.go drops the other regions, state.GrantStates the other clusters and what
//     is about all clusters. package history drops their events from each commit.
//   - GrantReader.seesInstance hides what the instance has served, and the subscriptions.
//   - A page is made from answers of the caller's GrantReader (html.go). package page decides
//     nothing. The cookie of package signin stands for a token on pages only.
//   - Caches that all grants share have the grant in their keys, or content by its digest.
//
// It promises that bad input never reaches the store, that every answer says how old it
// is, and that an unknown cluster or scope is an error and never an empty list.
//
// What is added where:
//
//   - a field of images: the table in field/fields.go, and shared/notify/notify.schema.json.
//     If people should count its values on the page of images: page/images/facets.go
//   - an operator: the table in filter/operators.go, that schema, and a filter that uses it in
//     notify/notifytest/conditions.go. Subscriptions have it then. Other names that people try
//     are in request/synonyms.go, its sign on pages in page/ui/values.go
//   - a parameter: request/param_*.go, and the params of its routes in request/routes.go
//   - a route: request/routes.go, served_routes.go, a function of GrantReader in a file here,
//     the struct of its body in render/wire*.go and bodyTypes in openapi/schemas.go. What its
//     About says in Chinese goes to page/language/chinese_route.go
//   - a page of a route, and a text in both languages: see page/doc.go
//   - a metric: status/metrics.go, or lookupmetrics for what one instance counts
//   - a format: request/formats.go, the formats of its routes, those of parameters that have no
//     effect in some formats (request/param_*.go), and each switch on the format in render
//   - an error or a hint: its template with message.New, and the Chinese one in page/language
//   - a receiver of messages or a kind of event: see shared/notify/doc.go
//
// README.md tells callers of each. Tests hold its examples and its routes, parameters, fields
// and operators against the code.
package query
