package query

import (
	"context"

	"community-images/shared/query/request"
	"community-images/shared/query/response"
)

// servedRoute is a route with the function that answers its requests.
type servedRoute struct {
	*request.Route
	serve func(l *GrantReader, ctx context.Context, req *request.Request) (*response.Answer, error)
}

// newServedRoutes returns every route with its function. It panics if a route
// has none.
func newServedRoutes() []*servedRoute {
	functions := map[string]func(*GrantReader, context.Context, *request.Request) (*response.Answer, error){
		"/v1/images":                   (*GrantReader).serveImages,
		"/v1/images/{ImageId}/history": (*GrantReader).serveFeed,
		"/v1/images/{ImageId}":         (*GrantReader).serveImage,
		"/v1/aliases":                  (*GrantReader).serveAliases,
		"/v1/aliases/{Name}":           (*GrantReader).serveAlias,
		"/v1/clusters":                 (*GrantReader).serveClusters,
		"/v1/changes":                  (*GrantReader).serveFeed,
		"/v1/diff":                     (*GrantReader).serveDiff,
		"/v1/matrix":                   (*GrantReader).serveMatrix,
		"/v1/status":                   (*GrantReader).serveStatus,
		"/metrics":                     (*GrantReader).serveMetrics,
		"/openapi.json":                (*GrantReader).serveOpenAPI,
		"/healthz":                     (*GrantReader).serveHealth,
		"/":                            (*GrantReader).serveHome,
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

// patternsOf returns the patterns of routes.
func patternsOf(routes []*servedRoute) []string {
	patterns := make([]string, len(routes))
	for i, rt := range routes {
		patterns[i] = rt.Pattern
	}
	return patterns
}

// routeOrNil returns the route as requests see it; nil: no route has the path.
func (rt *servedRoute) routeOrNil() *request.Route {
	if rt == nil {
		return nil
	}
	return rt.Route
}

// pattern returns the pattern of the call's route; empty: no route has the path.
func (c *call) pattern() string {
	if c.route == nil {
		return ""
	}
	return c.route.Pattern
}
