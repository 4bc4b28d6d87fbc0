package query

import (
	"fmt"
	"maps"
	"strings"

	"community-images/shared/archive"
)

// schemas describes the JSON bodies of all routes, and the objects in them, by
// name. A body has the name of its operation; see operationID. openapitest
// compares them with real answers.
func (d *apiDescription) schemas() jsonObject {
	all := jsonObject{"Error": errorSchema(), "Image": d.imageSchema()}
	for _, part := range []jsonObject{objectSchemas(), imageBodies(), scopeBodies()} {
		maps.Copy(all, part)
	}
	return all
}

// errorSchema describes the body of every error. It is E-HPC's own shape, with
// more members where an image is gone.
func errorSchema() jsonObject {
	codes := []string{}
	for _, e := range errorCodes {
		codes = append(codes, e.code)
	}
	text := typeSchema("string")
	return objectSchema(jsonObject{"RequestId": text, "HostId": text,
		"Code": jsonObject{"type": "string", "enum": codes}, "Message": text, "Recommend": text,
		"ImageId":   goneMember("id of the image"),
		"FirstSeen": goneMember("when the image was first offered; empty if that is not known"),
		"LastSeen":  goneMember("when it was last known to be offered"),
		"GoneSince": goneMember("since when no scope asked for offers it"),
		"Image": jsonObject{"allOf": []any{schemaRef("Image")}, "description": "of " + codeGone +
			": the last content, if it can be read"}},
		"RequestId", "HostId", "Code", "Message", "Recommend")
}

// objectSchemas describes the objects that bodies refer to.
func objectSchemas() jsonObject {
	text, number, yes := typeSchema("string"), typeSchema("integer"), typeSchema("boolean")
	staleScope := objectSchema(jsonObject{"Scope": text, "Since": text, "Reason": text}, "Scope", "Since", "Reason")
	return jsonObject{
		"Snapshot": objectSchema(jsonObject{"Sequence": number, "CommittedAt": text,
			"CheckedAt": jsonObject{"type": "string",
				"description": "the oldest check in the answer; empty if nothing in it was ever checked with success"},
			"AgeSeconds": jsonObject{"type": "integer",
				"description": "seconds since CheckedAt; not there if that is empty"}, "Stale": yes,
			"StaleScopes": jsonObject{"type": "array", "items": staleScope}},
			"CommittedAt", "CheckedAt", "Stale", "StaleScopes"),
		// Before and After have the type of the field, which can be any.
		"FieldChange": objectSchema(jsonObject{"Field": text, "Before": jsonObject{}, "After": jsonObject{}}, "Field"),
		// An event of a whole cluster has no Fields, and one without a cluster
		// no ClusterId.
		"Event": objectSchema(jsonObject{"Sequence": number, "CommittedAt": text,
			"Kind": jsonObject{"type": "string", "enum": kindNames, "description": kindNames[kindPresent] +
				": the scope had the image before the first commit that is kept, which the event names"},
			"ImageId": text, "ImageName": jsonObject{"type": "string",
				"description": "the name in the scope after the commit, or before it if the image was removed; not there if " +
					"the image has none"},
			"RegionId": text, "ClusterId": text, "InstanceType": text, "Fields": refList("FieldChange")},
			"Sequence", "CommittedAt", "Kind", "ImageId"),
		"ValueCount": objectSchema(jsonObject{"Value": text, "Count": number}, "Value", "Count"),
		"Variant": objectSchema(jsonObject{"Image": schemaRef("Image"), "Clusters": textList(),
			"InstanceTypes": textList(), "ContentDiffers": yes}, "Image", "Clusters", "InstanceTypes"),
		"Side": objectSchema(jsonObject{"Sequence": number, "CommittedAt": text, "ClusterId": text,
			"InstanceType": text, "Captured": yes, "ImageCount": number}, "Sequence", "CommittedAt", "ClusterId",
			"InstanceType", "Captured", "ImageCount"),
		"Scope": scopeSchema(),
		"Cluster": objectSchema(jsonObject{"ClusterId": text, "ImageId": text, "ImageOwnerAlias": text,
			"InstanceTypes": textList(), "Name": text, "OsTag": text, "RegionId": text, "SchedulerType": text},
			"ClusterId", "ImageId", "ImageOwnerAlias", "InstanceTypes", "Name", "OsTag", "RegionId", "SchedulerType"),
		"Region": regionSchema(),
	}
}

// imageBodies describes the bodies of imageRoutes, and of the feed, which is a
// history of all images.
func imageBodies() jsonObject {
	text, number, yes := typeSchema("string"), typeSchema("integer"), typeSchema("boolean")
	more := describe(yes, fmt.Sprintf("the page may not be the last: it has limit events, or has read %d commits",
		maxPageCommits))
	return jsonObject{
		"images": answerSchema(jsonObject{"TotalCount": number, "NextCursor": text,
			"Facets": jsonObject{"type": "object", "additionalProperties": refList("ValueCount")},
			"Images": refList("Image")}, "TotalCount", "NextCursor", "Images"),
		// Variants is there only if scopes differ in the content of the image.
		"imagesImageId": answerSchema(jsonObject{"ImageId": text, "FirstSeen": describe(text, "time of the first commit "+
			"that had the image in the chosen scopes; empty if it was there in commit 1 or before the kept history"),
			"LastSeen": text,
			"Image":    schemaRef("Image"), "Clusters": textList(), "InstanceTypes": textList(), "EveryCluster": yes,
			"ContentDiffers": yes, "Variants": refList("Variant")}, "ImageId", "FirstSeen", "LastSeen", "Image",
			"Clusters", "InstanceTypes"),
		"imagesImageIdHistory": answerSchema(jsonObject{"ImageId": text, "Count": number, "More": more,
			"NextCursor": text, "Events": refList("Event")},
			"ImageId", "Count", "More", "NextCursor", "Events"),
		"changes": answerSchema(jsonObject{"Count": number, "More": more, "NextCursor": text,
			"Changes": describe(refList("Event"), "oldest first; those of a commit by ImageId, those of an image removed, "+
				"added, changed")}, "Count", "More", "NextCursor", "Changes"),
	}
}

// scopeBodies describes the bodies of the routes about scopes and the service.
func scopeBodies() jsonObject {
	text, number, yes := typeSchema("string"), typeSchema("integer"), typeSchema("boolean")
	changedImage := objectSchema(jsonObject{"ImageId": text, "Fields": refList("FieldChange")}, "ImageId", "Fields")
	// OfferedBy names columns, of which Columns has all.
	matrixRow := objectSchema(jsonObject{"ImageId": text, "ImageName": text, "Status": text, "OfferedBy": textList(),
		"Everywhere": yes, "ContentDiffers": yes}, "ImageId", "OfferedBy", "Everywhere", "ContentDiffers")
	return jsonObject{
		"clusters": answerSchema(jsonObject{"TotalCount": number, "Scopes": refList("Scope"),
			"Clusters": refList("Cluster")}, "TotalCount", "Scopes", "Clusters"),
		"diff": answerSchema(jsonObject{"From": schemaRef("Side"), "To": schemaRef("Side"), "TotalCount": number,
			"Added": refList("Image"), "Removed": refList("Image"),
			"Changed": jsonObject{"type": "array", "items": changedImage}}, "From", "To", "Added", "Removed", "Changed"),
		"matrix": answerSchema(jsonObject{"TotalCount": number, "NextCursor": text, "Columns": textList(),
			"Shared": textList(), "Rows": jsonObject{"type": "array", "items": matrixRow}}, "Columns", "Shared", "Rows"),
		"status": answerSchema(jsonObject{"Version": text, "Regions": refList("Region"),
			"Access": objectSchema(jsonObject{"Tokens": yes, "AccessKeys": yes, "Summary": text, "Regions": textList(),
				"Clusters": textList()}, "Tokens", "AccessKeys", "Summary")}, "Version", "Access", "Regions"),
	}
}

// typeSchema describes a value by its JSON type alone.
func typeSchema(name string) jsonObject { return jsonObject{"type": name} }

// describe returns a schema with a description.
func describe(schema jsonObject, about string) jsonObject {
	described := maps.Clone(schema)
	described["description"] = about
	return described
}

// textList describes an array of texts, which can be empty and is never null.
func textList() jsonObject { return jsonObject{"type": "array", "items": typeSchema("string")} }

// refList describes an array of one of schemas.
func refList(name string) jsonObject { return jsonObject{"type": "array", "items": schemaRef(name)} }

// goneMember describes a member that only an ImageGone error has.
func goneMember(about string) jsonObject {
	return jsonObject{"type": "string", "description": "of " + codeGone + ": " + about}
}

// scopeSchema describes a scope as /v1/clusters shows it. A time that has not come
// yet is an empty text.
func scopeSchema() jsonObject {
	text, number := typeSchema("string"), typeSchema("integer")
	return objectSchema(jsonObject{
		"RegionId": text, "ClusterId": text, "InstanceType": text,
		"State":  jsonObject{"type": "string", "enum": []archive.State{archive.OK, archive.Failed, archive.Held}},
		"Since":  text,
		"Digest": text, "ImageCount": number, "CapturedAt": text, "CheckedAt": text, "TriedAt": text,
		"Problem": problemSchema(),
		// Of a held scope: the new list that nobody has accepted yet.
		"Candidate": objectSchema(jsonObject{"Digest": text, "ImageCount": number, "Seen": number, "Since": text},
			"Digest", "ImageCount", "Seen", "Since"),
	}, "RegionId", "ClusterId", "InstanceType", "State", "Since", "Digest", "ImageCount", "CapturedAt", "CheckedAt",
		"TriedAt")
}

// problemSchema describes the failure of a check.
func problemSchema() jsonObject {
	text := jsonObject{"type": "string"}
	return objectSchema(jsonObject{"Class": text, "Code": text, "Message": text, "RequestId": text}, "Class", "Code",
		"Message", "RequestId")
}

// regionSchema describes a region as /v1/status shows it.
func regionSchema() jsonObject {
	text, number := typeSchema("string"), typeSchema("integer")
	// The names are states of scopes, or what a run found.
	counts := jsonObject{"type": "object", "additionalProperties": number}
	return objectSchema(jsonObject{
		"RegionId": text, "Sequence": number, "CommittedAt": text, "ClusterCount": number, "Scopes": counts,
		"Stale": jsonObject{"type": "boolean"},
		"Run": objectSchema(jsonObject{"Counts": counts, "FinishedAt": text, "RunId": text, "StartedAt": text,
			"Trigger": text}, "RunId"),
		"Discovery": objectSchema(jsonObject{"CheckedAt": text, "Held": number, "Problem": problemSchema(),
			"TriedAt": text}, "CheckedAt", "TriedAt"),
		"OldestCheck": objectSchema(jsonObject{"Scope": text, "CheckedAt": text, "AgeSeconds": number}, "Scope",
			"CheckedAt", "AgeSeconds"),
		"Error": objectSchema(jsonObject{"Code": text, "Message": text}, "Code", "Message"),
	}, "RegionId", "Sequence", "CommittedAt", "ClusterCount", "Scopes", "Stale")
}

// schemaRef refers to one of schemas.
func schemaRef(name string) jsonObject { return jsonObject{"$ref": "#/components/schemas/" + name} }

// objectSchema describes an object with some members that are always there. It
// allows others, because a later version may add some.
func objectSchema(properties jsonObject, required ...string) jsonObject {
	return jsonObject{"type": "object", "properties": properties, "required": required}
}

// answerSchema describes a body that begins with the members of every answer.
func answerSchema(properties jsonObject, required ...string) jsonObject {
	for _, name := range []string{"RequestId", "RegionId", "ClusterId", "InstanceType"} {
		properties[name] = jsonObject{"type": "string"}
	}
	properties["Snapshot"] = schemaRef("Snapshot")
	return objectSchema(properties, append([]string{"RequestId", "RegionId", "ClusterId", "InstanceType", "Snapshot"},
		required...)...)
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
	// Their bodies have no envelope and are no part of the contract.
	case rt.pattern == "/healthz" || rt.pattern == "/openapi.json":
		return jsonObject{"type": "object"}
	}
	return schemaRef(operationID(rt.pattern))
}
