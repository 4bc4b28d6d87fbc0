package query

import (
	"context"

	"community-images/shared/query/request"
)

// servedRoute is a route with the function that answers its requests.
type servedRoute struct {
	*request.Route
	serve func(l *lookup, ctx context.Context, req *request.Request) (*answer, error)
}

// newServedRoutes returns every route with its function. It panics if a route
// has none.
func newServedRoutes() []*servedRoute {
	functions := map[string]func(*lookup, context.Context, *request.Request) (*answer, error){
		"/v1/images":                   (*lookup).serveImages,
		"/v1/images/{ImageId}/history": (*lookup).serveFeed,
		"/v1/images/{ImageId}":         (*lookup).serveImage,
		"/v1/clusters":                 (*lookup).serveClusters,
		"/v1/changes":                  (*lookup).serveFeed,
		"/v1/diff":                     (*lookup).serveDiff,
		"/v1/matrix":                   (*lookup).serveMatrix,
		"/v1/status":                   (*lookup).serveStatus,
		"/metrics":                     (*lookup).serveMetrics,
		"/openapi.json":                (*lookup).serveOpenAPI,
		"/healthz":                     (*lookup).serveHealth,
		"/":                            (*lookup).serveHome,
	}
	var routes []*servedRoute
	for _, rt := range request.Routes() {
		serve := functions[rt.Pattern]
		if serve == nil {
			panic("query: no function serves " + rt.Pattern)
		}
		routes = append(routes, &servedRoute{rt, serve})
	}
	return routes
}
