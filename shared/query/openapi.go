package query

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// jsonObject is an object of the OpenAPI document. The encoder sorts its
// members, so the document is the same on every instance.
type jsonObject = map[string]any

// apiDescription makes the OpenAPI document for one caller. It is made from the
// tables that requests are parsed by, so it cannot disagree with them.
type apiDescription struct {
	parserConfig          // of the caller
	version        string // of the program
	requiresTokens bool   // lookups need a token
}

// document returns the whole document.
func (d *apiDescription) document() jsonObject {
	paths := jsonObject{}
	for _, rt := range newRoutes() {
		// HEAD is not listed: clients would generate a useless method for it.
		paths[rt.pattern] = jsonObject{"get": d.describeOperation(rt)}
	}
	components := jsonObject{"parameters": d.describeFilters(), "responses": errorResponses(), "schemas": d.schemas()}
	doc := jsonObject{
		"openapi": "3.1.0",
		"info": jsonObject{
			"title": "Community images of E-HPC", "version": d.version,
			"description": "Lookups over the captured answers of ListCommunityImages. HEAD is answered like GET " +
				"without a body. Parameter names are matched without regard to case; a list is written with commas, " +
				"a comma within a value as \\,. If-None-Match and If-Match compare the ETag; If-Modified-Since and " +
				"If-Unmodified-Since have no effect, because content can go back to what it was.",
		},
		"servers":    []any{jsonObject{"url": "/"}},
		"paths":      paths,
		"components": components,
	}
	// Without tokens the document must not ask for any: generated clients would
	// demand one.
	if d.requiresTokens {
		components["securitySchemes"] = jsonObject{
			"token": jsonObject{"type": "http", "scheme": "bearer",
				"description": "A token that the operator has issued. It says which regions and clusters there are " +
					"for the caller."}}
		doc["security"] = []any{jsonObject{"token": []any{}}}
	}
	return doc
}

// describeOperation describes a route: its parameters and all its answers.
func (d *apiDescription) describeOperation(rt *route) jsonObject {
	op := jsonObject{"operationId": operationID(rt.pattern), "summary": rt.about,
		"parameters": d.describeParams(rt), "responses": d.describeResponses(rt)}
	// An empty list of schemes says that this route needs no token.
	if rt.public && d.requiresTokens {
		op["security"] = []any{}
	}
	// Not a part of OpenAPI: a whole address to try, which tests try as well.
	if rt.example != "" {
		op["x-example"] = rt.pattern + "?" + d.exampleQuery(rt)
	}
	return op
}

// describeParams describes the parameters of a route: those of the path, its own,
// then the filters by reference, because several routes share these hundreds.
func (d *apiDescription) describeParams(rt *route) []any {
	parameters := []any{}
	if rt.hasImageID() {
		parameters = append(parameters, jsonObject{"name": "ImageId", "in": "path", "required": true,
			"description": "id of the image, percent-encoded", "schema": jsonObject{"type": "string"},
			"example": "m-bp181x855551ww5yq"})
	}
	for _, p := range rt.params {
		parameters = append(parameters, d.describeParam(rt, p))
	}
	if rt.filters {
		for _, name := range slices.Sorted(maps.Keys(d.describeFilters())) {
			parameters = append(parameters, jsonObject{"$ref": "#/components/parameters/" + name})
		}
	}
	return parameters
}

// describeResponses describes the answers of a route by their status: the good
// one in every format, 304, then the errors.
func (d *apiDescription) describeResponses(rt *route) jsonObject {
	content := jsonObject{}
	for _, f := range rt.formats {
		content[mediaType(f)] = jsonObject{"schema": formatSchema(rt, f)}
	}
	headers := answerHeaders(rt)
	responses := jsonObject{"200": jsonObject{"description": "The answer.", "headers": headers, "content": content}}
	// What has no ETag is always sent as a whole. Of it, If-Match can only be *.
	if headers["ETag"] != nil {
		responses["304"] = jsonObject{"description": "The caller has the answer already (If-None-Match)."}
	}
	for _, e := range errorCodes {
		if d.canAnswer(rt, e.status) {
			responses[strconv.Itoa(e.status)] = jsonObject{"$ref": "#/components/responses/E" + strconv.Itoa(e.status)}
		}
	}
	return responses
}

// canAnswer returns true if a route can answer with the status of an error.
func (d *apiDescription) canAnswer(rt *route, status int) bool {
	switch status {
	// Without tokens nobody is refused.
	case http.StatusUnauthorized, http.StatusForbidden:
		return d.requiresTokens && !rt.public
	case http.StatusNotFound:
		return rt.hasParam(paramAt.name) || rt.pattern == "/" // the replica at the root has such
	// A cursor expires, and an image can be gone.
	case http.StatusGone:
		return rt.hasParam(paramCursor.name) || rt.hasImageID()
	}
	return true
}

// operationID makes a name from a path: /v1/images/{ImageId}/history becomes
// imagesImageIdHistory.
func operationID(pattern string) string {
	var b strings.Builder
	for step := range strings.SplitSeq(strings.TrimPrefix(pattern, "/v1"), "/") {
		// Braces and the end of a file name are not allowed in an identifier.
		step = strings.Trim(step, "{}")
		step, _, _ = strings.Cut(step, ".")
		switch {
		case step == "":
		case b.Len() == 0:
			b.WriteString(step)
		default:
			b.WriteString(strings.ToUpper(step[:1]) + step[1:])
		}
	}
	if b.Len() == 0 {
		return "index"
	}
	return b.String()
}

// describeParam describes a parameter of a route with its schema and an example.
func (d *apiDescription) describeParam(rt *route, p param) jsonObject {
	schema := jsonObject{"type": "string"}
	out := jsonObject{"name": p.name, "in": "query", "description": p.about + "; allowed: " + d.describeAllowed(rt, p),
		"schema": schema}
	// Bounds and enumerations come from the constants and settings that the
	// parser checks.
	switch p.name {
	case "format":
		schema["enum"], schema["default"] = rt.formats, rt.formats[0]
		out["example"] = rt.formats[0]
	case "RegionId":
		schema["enum"], out["example"] = d.regions, d.regions[0]
	case "limit":
		out["schema"] = jsonObject{"type": "integer", "minimum": 1, "maximum": maxLimit}
		out["example"] = 10
	case "minCount":
		out["schema"] = jsonObject{"type": "integer", "minimum": 1, "maximum": maxMinCount}
		out["example"] = 1
	default:
		if p.example != "" {
			out["example"] = p.example
		}
	}
	// A list is one parameter with commas: style form without explode.
	if p.isList {
		list := jsonObject{"type": "array", "items": jsonObject{"type": "string"}, "maxItems": maxListValues}
		out["schema"], out["style"], out["explode"] = list, "form", false
		switch p.name {
		case "kind":
			list["items"] = jsonObject{"type": "string", "enum": kindNames[:kindPresent]}
		case "sort":
			list["maxItems"] = maxSortKeys
		}
		// Its example must be an array, as its schema is.
		if e, ok := out["example"].(string); ok {
			out["example"] = strings.Split(e, ",")
		}
	}
	return out
}

// describeFilters describes every field with every operator, by the name of the
// parameter.
func (d *apiDescription) describeFilters() jsonObject {
	all := jsonObject{}
	for i := range d.schema.fields {
		f := &d.schema.fields[i]
		// Without an operator the name alone means eq.
		all[f.name] = describeFilter(f.name, f, nil, f.about+" equals one of the values")
		for _, name := range operatorNames(f.kind) {
			op, fold := findOperator(f.kind, name)
			about := f.about + " " + op.about
			if fold {
				about += ", without regard to case"
			}
			// Only the operators that order values compare versions as such.
			if f.kind == versionKind && op.newTest == nil {
				about += ", as versions count: 7.2-rc1 < 7.2 < 7.9 < 7.10 and 12-SP1 = 12 SP1"
			}
			all[f.name+"__"+name] = describeFilter(f.name+"__"+name, f, op, about)
		}
	}
	for _, o := range objectFields {
		// There is none if the service withholds the object.
		if f := d.schema.fieldNamed(o); f != nil {
			all[o] = describeFilter(o, f, nil, "the same as "+f.name)
		}
	}
	return all
}

// describeFilter describes one filter. op is nil for a field without operator.
func describeFilter(name string, f *field, op *operator, about string) jsonObject {
	example := exampleValue(f)
	if op != nil && op.name == "exists" {
		return jsonObject{"name": name, "in": "query", "description": about, "schema": jsonObject{"type": "boolean"},
			"example": true}
	}
	if op != nil && op.takesOne {
		return jsonObject{"name": name, "in": "query", "description": about, "schema": jsonObject{"type": "string"},
			"example": example}
	}
	return jsonObject{"name": name, "in": "query", "description": about, "style": "form", "explode": false,
		"example": []string{example},
		"schema":  jsonObject{"type": "array", "items": jsonObject{"type": "string"}, "maxItems": maxListValues}}
}

// exampleValue returns a value that a filter on the field accepts.
func exampleValue(f *field) string {
	switch {
	case len(f.enum) > 0:
		return f.enum[0]
	case f.kind == numberKind:
		return "40"
	case f.kind == versionKind:
		return "7.2"
	case strings.HasSuffix(f.name, "Architecture"):
		return "x86_64"
	case strings.HasSuffix(f.name, "Platform"):
		return "CentOS"
	case strings.HasSuffix(f.name, "OsTag"):
		return "CentOS_7.2_64"
	}
	return "linux"
}

// errorHeaders are the headers of errors, by status.
var errorHeaders = map[int]struct{ name, about string }{
	http.StatusUnauthorized:       {"WWW-Authenticate", "Bearer"},
	http.StatusMethodNotAllowed:   {"Allow", "what is allowed"},
	http.StatusServiceUnavailable: {"Retry-After", "seconds after which to try again"},
}

// errorResponses describes one response for each status of errorCodes.
func errorResponses() jsonObject {
	out := jsonObject{}
	for _, e := range errorCodes {
		// OpenAPI has one response for each status, so codes that share a status
		// share a description.
		name := "E" + strconv.Itoa(e.status)
		r, ok := out[name].(jsonObject)
		if !ok {
			r = jsonObject{"description": "", "content": jsonObject{
				"application/json": jsonObject{"schema": jsonObject{"$ref": "#/components/schemas/Error"}}}}
			out[name] = r
		}
		if about, has := errorHeaders[e.status]; has {
			r["headers"] = jsonObject{about.name: headerSchema(about.about)}
		}
		r["description"] = strings.TrimSpace(r["description"].(string) + " " + e.code + ": " + e.about + ".")
	}
	return out
}

// answerHeaders describes the headers of the answers of a route.
func answerHeaders(rt *route) jsonObject {
	// Each condition repeats the one by which setHeaders sets the header.
	headers := jsonObject{"Cache-Control": headerSchema(
		"max-age of some seconds; no-cache for an answer about the past; no-store where there is no ETag")}
	if rt.pattern != "/healthz" && rt.pattern != "/metrics" {
		headers["ETag"] = headerSchema("names the snapshots, the query and the format")
	}
	// A route that is not about data has no age.
	if !rt.hasParam("at") && rt.pattern != "/v1/status" {
		return headers
	}
	headers["Last-Modified"] = headerSchema("when the content was published first")
	headers["X-Snapshot-Sequence"] = headerSchema("number of the commit; not there if the answer is of several regions")
	headers["Age"] = headerSchema("seconds for which this instance has held what it answers without asking the " +
		"storage; of data that is current, below QUERY_HEAD_TTL")
	headers["X-Snapshot-Age"] = headerSchema(
		"seconds since the oldest check in the answer; not there if nothing in it was ever checked with success")
	headers["Warning"] = headerSchema("110 if any part of the answer is stale")
	if rt.hasParam("cursor") {
		headers["Link"] = headerSchema("rel=next: the next page")
	}
	// A feed counts nothing: it goes on.
	switch {
	case rt.hasParam("since"):
		headers["X-Next-Cursor"] = headerSchema("where the feed goes on")
	case rt.hasParam("at") && !rt.hasImageID():
		headers["X-Total-Count"] = headerSchema("matches on all pages")
	}
	return headers
}

// headerSchema describes a header whose value is text.
func headerSchema(about string) jsonObject {
	return jsonObject{"description": about, "schema": jsonObject{"type": "string"}}
}
