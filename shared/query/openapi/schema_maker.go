package openapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"community-images/shared/catalog"
)

// schemaMaker makes schemas of wire structs.
type schemaMaker struct {
	// names are the types that have a schema of their own, to which others refer.
	names map[reflect.Type]string
	// enums are the values of types that have a fixed set of them.
	enums map[reflect.Type][]string
}

// describeType returns the schema of a type, or a reference to it. It panics for
// a type that no wire struct has.
func (m *schemaMaker) describeType(t reflect.Type) jsonObject {
	if name, ok := m.names[t]; ok {
		return schemaRef(name)
	}
	if values, ok := m.enums[t]; ok {
		return jsonObject{"type": "string", "enum": values}
	}
	switch t {
	case reflect.TypeFor[catalog.Time]():
		return jsonObject{"type": "string"} // no format: it can be empty
	case reflect.TypeFor[json.RawMessage](), reflect.TypeFor[any]():
		return jsonObject{}
	}
	switch t.Kind() {
	case reflect.String:
		return jsonObject{"type": "string"}
	case reflect.Bool:
		return jsonObject{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return jsonObject{"type": "integer"}
	case reflect.Pointer:
		return m.describeType(t.Elem())
	case reflect.Slice:
		return jsonObject{"type": "array", "items": m.describeType(t.Elem())}
	case reflect.Map:
		return jsonObject{"type": "object", "additionalProperties": m.describeType(t.Elem())}
	case reflect.Struct:
		return m.describeStruct(t)
	}
	panic(fmt.Sprintf("query: no schema for %s", t))
}

// describeStruct returns the schema of a struct. It allows other members, because
// a later version may add some.
func (m *schemaMaker) describeStruct(t reflect.Type) jsonObject {
	properties, required := jsonObject{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" {
			continue // the members of an embedded struct are visible themselves
		}
		property := m.describeType(f.Type)
		if doc := f.Tag.Get("doc"); doc != "" {
			property = addDescription(property, doc)
		}
		properties[name] = property
		if options == "" {
			required = append(required, name)
		}
	}
	return jsonObject{"type": "object", "properties": properties, "required": required}
}

// addDescription returns a new schema with a description. A reference gets a
// schema around it, because tools ignore what stands beside it.
func addDescription(schema jsonObject, text string) jsonObject {
	if schema["$ref"] != nil {
		return jsonObject{"allOf": []any{schema}, "description": text}
	}
	schema["description"] = text
	return schema
}

// schemaRef refers to a schema by its name.
func schemaRef(name string) jsonObject { return jsonObject{"$ref": "#/components/schemas/" + name} }
