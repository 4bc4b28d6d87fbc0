package query

import (
	"reflect"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// bodyTypes are the JSON bodies of the routes, by the name of the operation; see
// operationID.
var bodyTypes = map[string]reflect.Type{
	"images":               reflect.TypeFor[imagesBody](),
	"imagesImageId":        reflect.TypeFor[imageBody](),
	"imagesImageIdHistory": reflect.TypeFor[historyBody](),
	"changes":              reflect.TypeFor[changesBody](),
	"clusters":             reflect.TypeFor[clustersBody](),
	"diff":                 reflect.TypeFor[diffBody](),
	"matrix":               reflect.TypeFor[matrixBody](),
	"status":               reflect.TypeFor[statusBody](),
	"healthz":              reflect.TypeFor[healthBody](),
}

// objectTypes are the objects that bodies refer to, by the name of their schema.
// Other structs are described where they stand.
var objectTypes = map[string]reflect.Type{
	"Error":       reflect.TypeFor[errorJSON](),
	"Image":       reflect.TypeFor[imageJSON](),
	"Snapshot":    reflect.TypeFor[snapshotJSON](),
	"FieldChange": reflect.TypeFor[fieldChangeJSON](),
	"Event":       reflect.TypeFor[eventJSON](),
	"Change":      reflect.TypeFor[changeJSON](),
	"ValueCount":  reflect.TypeFor[valueCountJSON](),
	"Variant":     reflect.TypeFor[variantJSON](),
	"Side":        reflect.TypeFor[diffSideJSON](),
	"Scope":       reflect.TypeFor[clusterScopeJSON](),
	"Cluster":     reflect.TypeFor[catalog.Cluster](),
	"Region":      reflect.TypeFor[regionJSON](),
	"Problem":     reflect.TypeFor[format.Problem](),
}

// schemas describes the JSON bodies of all routes, and the objects in them, by
// name. openapitest compares them with real answers.
func (d *apiDescription) schemas() jsonObject {
	m := &schemaMaker{names: map[reflect.Type]string{}, enums: map[reflect.Type][]string{
		reflect.TypeFor[format.State]():  {string(format.StateOK), string(format.StateFailed), string(format.StateHeld)},
		reflect.TypeFor[eventKindName](): kindNames,
		reflect.TypeFor[errorCode]():     errorCodeNames(),
	}}
	for name, t := range objectTypes {
		m.names[t] = name
	}
	all := jsonObject{}
	for name, t := range bodyTypes {
		all[name] = m.describeStruct(t)
	}
	for name, t := range objectTypes {
		if t != reflect.TypeFor[imageJSON]() {
			all[name] = m.describeStruct(t)
		}
	}
	all["Image"] = d.imageSchema()
	return all
}

// errorCodeNames lists the codes of errorCodes.
func errorCodeNames() []string {
	var names []string
	for _, e := range errorCodes {
		names = append(names, e.code)
	}
	return names
}

// imageSchema describes an image as E-HPC sends it. It may have unknown members;
// see upstreamName for the names of some.
func (d *apiDescription) imageSchema() jsonObject {
	// These three come from the scopes.
	properties := jsonObject{
		columnClusters: jsonObject{"type": "array", "items": jsonObject{"type": "string"},
			"description": "with several scopes: the clusters that offer the image"},
		columnInstanceTypes: jsonObject{"type": "array", "items": jsonObject{"type": "string"},
			"description": "with several instance types: those with which it is offered"},
		columnContentDiffers: jsonObject{"type": "boolean",
			"description": "the id has other content in another scope, which is in the list too"},
	}
	for _, f := range d.schema.fields {
		top, inner, nested := strings.Cut(f.name, ".")
		// No type: upstream has sent numbers as text before.
		value := jsonObject{"description": f.about}
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
		"description": "every member that E-HPC sends; its own " + columnClusters + ", " + columnInstanceTypes + " and " +
			columnContentDiffers + " would have " + upstreamPrefix + " before the name"}
}

// formatSchema returns the schema of the body of a route in one format.
func formatSchema(rt *route, format string) jsonObject {
	switch {
	case format != formatJSON:
		return jsonObject{"type": "string"}
	case bodyTypes[operationID(rt.pattern)] == nil: // the document itself
		return jsonObject{"type": "object"}
	}
	return schemaRef(operationID(rt.pattern))
}
