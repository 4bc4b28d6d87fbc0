package openapi

import (
	"reflect"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/query/aliases"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
)

// bodyTypes are the JSON bodies of the routes, by the name of the operation; see
// operationID.
var bodyTypes = map[string]reflect.Type{
	"images":               reflect.TypeFor[render.ImagesBody](),
	"imagesImageId":        reflect.TypeFor[render.ImageBody](),
	"imagesImageIdHistory": reflect.TypeFor[render.HistoryBody](),
	"aliases":              reflect.TypeFor[render.AliasesBody](),
	"aliasesName":          reflect.TypeFor[render.AliasBody](),
	"changes":              reflect.TypeFor[render.ChangesBody](),
	"clusters":             reflect.TypeFor[render.ClustersBody](),
	"diff":                 reflect.TypeFor[render.DiffBody](),
	"matrix":               reflect.TypeFor[render.MatrixBody](),
	"status":               reflect.TypeFor[render.StatusBody](),
	"healthz":              reflect.TypeFor[render.HealthBody](),
}

// objectTypes are the objects that bodies refer to, by the name of their schema.
// Other structs are described where they stand.
var objectTypes = map[string]reflect.Type{
	"Error":        reflect.TypeFor[render.Error](),
	"Alias":        reflect.TypeFor[render.Alias](),
	"Image":        reflect.TypeFor[render.Image](),
	"Snapshot":     reflect.TypeFor[render.Snapshot](),
	"FieldChange":  reflect.TypeFor[render.FieldChange](),
	"Event":        reflect.TypeFor[render.Event](),
	"Change":       reflect.TypeFor[render.Change](),
	"ValueCount":   reflect.TypeFor[render.ValueCount](),
	"Variant":      reflect.TypeFor[render.Variant](),
	"Side":         reflect.TypeFor[render.DiffSide](),
	"Scope":        reflect.TypeFor[render.ClusterScope](),
	"Cluster":      reflect.TypeFor[render.Cluster](),
	"Region":       reflect.TypeFor[render.Region](),
	"Problem":      reflect.TypeFor[format.Problem](),
	"Notify":       reflect.TypeFor[render.Notify](),
	"Subscription": reflect.TypeFor[render.Subscription](),
}

// schemas describes the JSON bodies of all routes, and the objects in them, by
// name. openapitest compares them with real answers.
func (d *Description) schemas() jsonObject {
	m := &schemaMaker{names: map[reflect.Type]string{}, enums: map[reflect.Type][]string{
		reflect.TypeFor[format.State](): {string(format.StateOK), string(format.StateFailed),
			string(format.StateHeld)},
		reflect.TypeFor[aliases.Rule]():       {string(aliases.RuleLookup), string(aliases.RulePin)},
		reflect.TypeFor[request.KindName]():   request.KindNames,
		reflect.TypeFor[request.ImageState](): request.ImageStateNames(),
		reflect.TypeFor[render.ErrorCode]():   errorCodeNames(),
	}}
	for name, t := range objectTypes {
		m.names[t] = name
	}
	all := jsonObject{}
	for name, t := range bodyTypes {
		all[name] = m.describeStruct(t)
	}
	for name, t := range objectTypes {
		if t != reflect.TypeFor[render.Image]() {
			all[name] = m.describeStruct(t)
		}
	}
	all["Image"] = d.imageSchema()
	return all
}

// errorCodeNames lists the codes of fault.ErrorCodes.
func errorCodeNames() []string {
	var names []string
	for _, e := range fault.ErrorCodes {
		names = append(names, e.Code)
	}
	return names
}

// imageSchema describes an image as E-HPC sends it. It may have unknown members;
// see field.UpstreamName for the names of some.
func (d *Description) imageSchema() jsonObject {
	// These three come from the scopes.
	properties := jsonObject{
		field.ColumnClusters: jsonObject{"type": "array", "items": jsonObject{"type": "string"},
			"description": "with several scopes: the clusters that offer the image"},
		field.ColumnInstanceTypes: jsonObject{"type": "array", "items": jsonObject{"type": "string"},
			"description": "with several instance types: those with which it is offered"},
		field.ColumnOffers: jsonObject{"type": "array", "description": "only if fields names it: each cluster with each " +
			"type that offers the image; empty: the list without one", "items": jsonObject{"type": "object",
			"properties": jsonObject{"ClusterId": jsonObject{"type": "string"},
				"InstanceType": jsonObject{"type": "string"}}}},
		field.ColumnContentDiffers: jsonObject{"type": "boolean",
			"description": "the id has other content in another scope, which is in the list too"},
	}
	for _, f := range d.Schema.Fields {
		top, inner, nested := strings.Cut(f.Name, ".")
		// No type: upstream has sent numbers as text before.
		value := jsonObject{"description": f.About}
		if f.IsDerived {
			value = jsonObject{"type": "string",
				"description": "only if fields names it: " + f.About + "; empty: not known"}
		}
		if !nested {
			properties[top] = value
			continue
		}
		o, ok := properties[top].(jsonObject)
		if !ok {
			o = jsonObject{"properties": jsonObject{}}
			properties[top] = o
		}
		o["properties"].(jsonObject)[inner] = value
	}
	return jsonObject{"type": "object", "properties": properties, "additionalProperties": true,
		"description": "every member that E-HPC sends; its own " + field.ColumnClusters + ", " +
			field.ColumnInstanceTypes + " and the like would have " + field.UpstreamPrefix + " before the name"}
}

// formatSchema returns the schema of the body of a route in one format.
func formatSchema(rt *request.Route, format string) jsonObject {
	switch {
	case format != request.FormatJSON:
		return jsonObject{"type": "string"}
	case bodyTypes[operationID(rt.Pattern)] == nil: // the document itself
		return jsonObject{"type": "object"}
	}
	return schemaRef(operationID(rt.Pattern))
}
