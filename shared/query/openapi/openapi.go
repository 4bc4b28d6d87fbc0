package openapi

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
	"community-images/shared/query/filter"
	"community-images/shared/query/request"
)

// jsonObject is an object of the OpenAPI document. The encoder sorts its
// members, so the document is the same on every instance.
type jsonObject = map[string]any

// Description makes the OpenAPI document for one caller. It is made from the
// tables that requests are parsed by, so it cannot disagree with them.
type Description struct {
	request.Config        // of the caller
	Version        string // of the program
	RequiresTokens bool   // lookups need a token
}

// Document returns the whole document.
func (d *Description) Document() jsonObject {
	paths := jsonObject{}
	for _, rt := range request.Routes() {
		// HEAD is not listed: clients would generate a useless method for it.
		paths[rt.Pattern] = jsonObject{"get": d.describeOperation(rt)}
	}
	components := jsonObject{"parameters": d.describeFilters(), "responses": errorResponses(), "schemas": d.schemas()}
	doc := jsonObject{
		"openapi": "3.1.0",
		"info": jsonObject{
			"title": "Community images of E-HPC", "version": d.Version,
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
	if d.RequiresTokens {
		components["securitySchemes"] = jsonObject{
			"token": jsonObject{"type": "http", "scheme": "bearer",
				"description": "A token that the operator has issued. It says which regions and clusters there are " +
					"for the caller."}}
		doc["security"] = []any{jsonObject{"token": []any{}}}
	}
	return doc
}

// describeOperation describes a route: its parameters and all its answers.
func (d *Description) describeOperation(rt *request.Route) jsonObject {
	op := jsonObject{"operationId": operationID(rt.Pattern), "summary": string(rt.About),
		"parameters": d.describeParams(rt), "responses": d.describeResponses(rt)}
	// An empty list of schemes says that this route needs no token.
	if rt.Public && d.RequiresTokens {
		op["security"] = []any{}
	}
	// Not a part of OpenAPI: a whole address to try, which tests try as well.
	if rt.Example != "" {
		op["x-example"] = rt.Pattern + "?" + d.ExampleQuery(rt)
	}
	return op
}

// describeParams describes the parameters of a route: those of the path, its own,
// then the filters by reference, because several routes share these hundreds.
func (d *Description) describeParams(rt *request.Route) []any {
	parameters := []any{}
	if rt.HasImageID() {
		parameters = append(parameters, jsonObject{"name": "ImageId", "in": "path", "required": true,
			"description": "id of the image, percent-encoded", "schema": jsonObject{"type": "string"},
			"example": "m-bp181x855551ww5yq"})
	}
	if rt.HasAliasName() {
		parameters = append(parameters, jsonObject{"name": "Name", "in": "path", "required": true,
			"description": "name of the alias", "schema": jsonObject{"type": "string"}, "example": "centos-newest"})
	}
	for _, p := range rt.Params {
		parameters = append(parameters, d.describeParam(rt, p))
	}
	if rt.Filters {
		for _, name := range slices.Sorted(maps.Keys(d.describeFilters())) {
			parameters = append(parameters, jsonObject{"$ref": "#/components/parameters/" + name})
		}
	}
	return parameters
}

// describeResponses describes the answers of a route by their status: the good
// one in every format, 304, then the errors.
func (d *Description) describeResponses(rt *request.Route) jsonObject {
	content := jsonObject{}
	for _, f := range rt.Formats {
		content[request.MediaType(f)] = jsonObject{"schema": formatSchema(rt, f)}
	}
	headers := answerHeaders(rt)
	responses := jsonObject{"200": jsonObject{"description": "The answer.", "headers": headers, "content": content}}
	// What has no ETag is always sent as a whole. Of it, If-Match can only be *.
	if headers["ETag"] != nil {
		responses["304"] = jsonObject{"description": "The caller has the answer already (If-None-Match)."}
	}
	for _, e := range fault.ErrorCodes {
		if d.canAnswer(rt, e.Status) {
			responses[strconv.Itoa(e.Status)] = jsonObject{"$ref": "#/components/responses/E" + strconv.Itoa(e.Status)}
		}
	}
	return responses
}

// canAnswer returns true if a route can answer with the status of an error.
func (d *Description) canAnswer(rt *request.Route, status int) bool {
	switch status {
	// Without tokens nobody is refused.
	case http.StatusUnauthorized, http.StatusForbidden:
		return d.RequiresTokens && !rt.Public
	case http.StatusNotFound:
		return rt.HasParam(request.ParamAt.Name) || rt.Pattern == "/" // the replica at the root has such
	case http.StatusConflict:
		return rt.HasAliasName()
	// A cursor expires, and an image can be gone.
	case http.StatusGone:
		return rt.HasParam(request.ParamCursor.Name) || rt.HasImageID()
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

// describeFormats says in which formats a parameter of a route has an effect. It is empty if
// it has one in all.
func describeFormats(rt *request.Route, p request.Param) string {
	formats := p.EffectiveFormats(rt)
	if formats == nil || len(formats) == len(rt.Formats) {
		return ""
	}
	return "; for format=" + message.Choice(formats).String() + " only"
}

// describeParam describes a parameter of a route with its schema and an example.
func (d *Description) describeParam(rt *request.Route, p request.Param) jsonObject {
	schema := jsonObject{"type": "string"}
	out := jsonObject{"name": p.Name, "in": "query", "schema": schema,
		"description": p.About + describeFormats(rt, p) + "; allowed: " + d.DescribeAllowed(rt, p).String()}
	// Bounds and enumerations come from the constants and settings that the
	// parser checks.
	switch p.Name {
	case "format":
		schema["enum"], schema["default"] = rt.Formats, rt.Formats[0]
		out["example"] = rt.Formats[0]
	case "RegionId":
		schema["enum"], out["example"] = d.Regions, d.Regions[0]
	case "limit":
		out["schema"] = jsonObject{"type": "integer", "minimum": 1, "maximum": request.MaxLimit}
		out["example"] = 10
	case "minCount":
		out["schema"] = jsonObject{"type": "integer", "minimum": 1, "maximum": request.MaxMinCount}
		out["example"] = 1
	default:
		if p.Example != "" {
			out["example"] = p.Example
		}
	}
	// A list is one parameter with commas: style form without explode.
	if p.IsList {
		list := jsonObject{"type": "array", "items": jsonObject{"type": "string"}, "maxItems": request.MaxListValues}
		out["schema"], out["style"], out["explode"] = list, "form", false
		switch p.Name {
		case "kind":
			list["items"] = jsonObject{"type": "string", "enum": request.KindNames[:request.KindPresent]}
		case "sort":
			list["maxItems"] = request.MaxSortKeys
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
func (d *Description) describeFilters() jsonObject {
	all := jsonObject{}
	for i := range d.Schema.Fields {
		f := &d.Schema.Fields[i]
		// Without an operator the name alone means eq.
		all[f.Name] = describeFilter(f.Name, f, nil, f.About+" equals one of the values"+describeCase(f.IgnoresCase))
		for _, name := range filter.OperatorNames(f.Kind) {
			op, fold := filter.FindOperator(f.Kind, name)
			about := f.About + " " + op.About
			about += describeCase(fold || f.IgnoresCase && op.TextOnly)
			// Only the operators that order values compare versions as such.
			if f.Kind == field.VersionKind && op.NewTest == nil {
				about += ", as versions count: 7.2-rc1 < 7.2 < 7.9 < 7.10 and 12-SP1 = 12 SP1"
			}
			all[f.Name+"__"+name] = describeFilter(f.Name+"__"+name, f, op, about)
		}
	}
	for _, o := range field.ObjectFields {
		// There is none if the service withholds the object.
		if f := d.Schema.FieldNamed(o); f != nil {
			all[o] = describeFilter(o, f, nil, "the same as "+f.Name)
		}
	}
	return all
}

// describeCase ends a description of a filter.
func describeCase(ignoresCase bool) string {
	if ignoresCase {
		return ", without regard to case"
	}
	return ""
}

// describeFilter describes one filter. op is nil for a field without operator.
func describeFilter(name string, f *field.Field, op *filter.Operator, about string) jsonObject {
	example := exampleValue(f)
	if op != nil && op.Name == "exists" {
		return jsonObject{"name": name, "in": "query", "description": about, "schema": jsonObject{"type": "boolean"},
			"example": true}
	}
	if op != nil && op.TakesOne {
		return jsonObject{"name": name, "in": "query", "description": about, "schema": jsonObject{"type": "string"},
			"example": example}
	}
	return jsonObject{"name": name, "in": "query", "description": about, "style": "form", "explode": false,
		"example": []string{example},
		"schema":  jsonObject{"type": "array", "items": jsonObject{"type": "string"}, "maxItems": request.MaxListValues}}
}

// exampleValue returns a value that a filter on the field accepts.
func exampleValue(f *field.Field) string {
	switch {
	case len(f.Enum) > 0:
		return f.Enum[0]
	case f.Kind == field.NumberKind:
		return "40"
	case f.Kind == field.VersionKind:
		return "7.2"
	case f.Kind == field.TimeKind:
		return "-7d"
	case strings.HasSuffix(f.Name, "Architecture"):
		return "x86_64"
	case strings.HasSuffix(f.Name, "Platform"):
		return "CentOS"
	case strings.HasSuffix(f.Name, "OsTag"):
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

// errorResponses describes one response for each status of fault.ErrorCodes.
func errorResponses() jsonObject {
	out := jsonObject{}
	for _, e := range fault.ErrorCodes {
		// OpenAPI has one response for each status, so codes that share a status
		// share a description.
		name := "E" + strconv.Itoa(e.Status)
		r, ok := out[name].(jsonObject)
		if !ok {
			r = jsonObject{"description": "", "content": jsonObject{
				"application/json": jsonObject{"schema": jsonObject{"$ref": "#/components/schemas/Error"}}}}
			out[name] = r
		}
		if about, has := errorHeaders[e.Status]; has {
			r["headers"] = jsonObject{about.name: headerSchema(about.about)}
		}
		r["description"] = strings.TrimSpace(r["description"].(string) + " " + e.Code + ": " + string(e.About) + ".")
	}
	return out
}

// answerHeaders describes the headers of the answers of a route.
func answerHeaders(rt *request.Route) jsonObject {
	// Each condition repeats the one by which setHeaders sets the header.
	headers := jsonObject{"Cache-Control": headerSchema(
		"max-age of some seconds; no-cache for an answer about the past; no-store where there is no ETag")}
	if rt.Pattern != "/healthz" && rt.Pattern != "/metrics" {
		headers["ETag"] = headerSchema("names the snapshots, the query and the format")
	}
	// A route that is not about data has no age.
	if !rt.HasParam("at") && rt.Pattern != "/v1/status" {
		return headers
	}
	headers["Last-Modified"] = headerSchema("when the content was published first")
	headers["X-Snapshot-Sequence"] = headerSchema("number of the commit; not there if the answer is of several regions")
	headers["Age"] = headerSchema("seconds for which this instance has held what it answers without asking the " +
		"storage; of data that is current, below QUERY_HEAD_TTL")
	headers["X-Snapshot-Age"] = headerSchema(
		"seconds since the oldest check in the answer; not there if nothing in it was ever checked with success")
	headers["Warning"] = headerSchema("110 if any part of the answer is stale")
	if rt.Filters || rt.HasAliasName() {
		headers["X-Hint"] = headerSchema("what a person should know of the answer, for example why it has few images: " +
			"sentences with \"; \" between them, percent-encoded, at most 512 bytes")
	}
	if rt.HasParam("cursor") {
		headers["Link"] = headerSchema("rel=next: the next page")
	}
	// A feed counts nothing: it goes on.
	switch {
	case rt.HasParam("since"):
		headers["X-Next-Cursor"] = headerSchema("where the feed goes on")
	case rt.HasParam("at") && !strings.Contains(rt.Pattern, "{"):
		headers["X-Total-Count"] = headerSchema("matches on all pages")
	}
	return headers
}

// headerSchema describes a header whose value is text.
func headerSchema(about string) jsonObject {
	return jsonObject{"description": about, "schema": jsonObject{"type": "string"}}
}
