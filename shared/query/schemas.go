package query

import (
	"strings"

	"community-images/shared/archive"
)

// schemas describes the bodies.
func (s *service) schemas() object {
	codes := []string{}
	for _, e := range errorCodes {
		codes = append(codes, e.code)
	}
	text, number, yes := object{"type": "string"}, object{"type": "integer"}, object{"type": "boolean"}
	texts := object{"type": "array", "items": text}
	refs := func(name string) object { return object{"type": "array", "items": ref(name)} }
	change := record(object{"Field": text, "Before": object{}, "After": object{}}, "Field")
	return object{
		"Error": record(object{"RequestId": text, "HostId": text, "Code": object{"type": "string", "enum": codes}, "Message": text, "Recommend": text,
			"ImageId": gone("id of the image"), "FirstSeen": gone("when the image was first offered"), "LastSeen": gone("when it was last known to be offered"),
			"GoneSince": gone("since when no scope asked for offers it"), "Image": object{"allOf": []any{ref("Image")}, "description": "of " + codeGone + ": the last content, if it can be read"}},
			"RequestId", "HostId", "Code", "Message", "Recommend"),
		"Snapshot": record(object{"Sequence": number, "CommittedAt": text, "CheckedAt": object{"type": "string", "description": "the oldest check in the answer; empty if nothing in it was ever checked with success"},
			"AgeSeconds": object{"type": "integer", "description": "seconds since CheckedAt; not there if that is empty"}, "Stale": yes,
			"StaleScopes": object{"type": "array", "items": record(object{"Scope": text, "Since": text, "Reason": text}, "Scope", "Since", "Reason")}},
			"CommittedAt", "CheckedAt", "Stale", "StaleScopes"),
		"Image":         s.imageSchema(),
		"FieldChange":   change,
		"Event":         record(object{"Sequence": number, "CommittedAt": text, "Kind": object{"type": "string", "enum": kindNames}, "ImageId": text, "RegionId": text, "ClusterId": text, "InstanceType": text, "Fields": refs("FieldChange")}, "Sequence", "CommittedAt", "Kind", "ImageId"),
		"ValueCount":    record(object{"Value": text, "Count": number}, "Value", "Count"),
		"Variant":       record(object{"Image": ref("Image"), "Clusters": texts, "InstanceTypes": texts, "ContentDiffers": yes}, "Image", "Clusters", "InstanceTypes"),
		"Side":          record(object{"Sequence": number, "CommittedAt": text, "ClusterId": text, "InstanceType": text, "Captured": yes, "ImageCount": number}, "Sequence", "CommittedAt", "ClusterId", "InstanceType", "Captured", "ImageCount"),
		"Scope":         scopeSchema(),
		"Cluster":       record(object{"ClusterId": text, "InstanceTypes": texts, "Name": text, "OsTag": text, "RegionId": text, "SchedulerType": text}, "ClusterId", "InstanceTypes", "Name", "OsTag", "RegionId", "SchedulerType"),
		"Region":        regionSchema(),
		"images":        common(object{"TotalCount": number, "NextCursor": text, "Facets": object{"type": "object", "additionalProperties": refs("ValueCount")}, "Images": refs("Image")}, "TotalCount", "NextCursor", "Images"),
		"imagesImageId": common(object{"ImageId": text, "FirstSeen": text, "LastSeen": text, "Image": ref("Image"), "Clusters": texts, "InstanceTypes": texts, "EveryCluster": yes, "ContentDiffers": yes, "Variants": refs("Variant")}, "ImageId", "FirstSeen", "LastSeen", "Image", "Clusters", "InstanceTypes"),
		"imagesImageIdHistory": common(object{"ImageId": text, "Count": number, "More": yes, "NextCursor": text, "Events": refs("Event")},
			"ImageId", "Count", "More", "NextCursor", "Events"),
		"changes":  common(object{"Count": number, "More": yes, "NextCursor": text, "Changes": refs("Event")}, "Count", "More", "NextCursor", "Changes"),
		"clusters": common(object{"TotalCount": number, "Scopes": refs("Scope"), "Clusters": refs("Cluster")}, "TotalCount", "Scopes", "Clusters"),
		"diff": common(object{"From": ref("Side"), "To": ref("Side"), "TotalCount": number, "Added": refs("Image"), "Removed": refs("Image"),
			"Changed": object{"type": "array", "items": record(object{"ImageId": text, "Fields": refs("FieldChange")}, "ImageId", "Fields")}}, "From", "To", "Added", "Removed", "Changed"),
		"matrix": common(object{"TotalCount": number, "NextCursor": text, "Columns": texts, "Shared": texts,
			"Rows": object{"type": "array", "items": record(object{"ImageId": text, "ImageName": text, "Status": text, "OfferedBy": texts, "Everywhere": yes, "ContentDiffers": yes}, "ImageId", "OfferedBy", "Everywhere", "ContentDiffers")}}, "Columns", "Shared", "Rows"),
		"status": common(object{"Version": text, "Regions": refs("Region"),
			"Access": record(object{"Tokens": yes, "AccessKeys": yes, "Summary": text, "Regions": texts, "Clusters": texts}, "Tokens", "AccessKeys", "Summary")}, "Version", "Access", "Regions"),
	}
}

// gone describes a member that only an ImageGone error has.
func gone(about string) object {
	return object{"type": "string", "description": "of " + codeGone + ": " + about}
}

// scopeSchema is a scope as /v1/clusters shows it; a time that has not been is
// an empty text.
func scopeSchema() object {
	text, number := object{"type": "string"}, object{"type": "integer"}
	return record(object{
		"RegionId": text, "ClusterId": text, "InstanceType": text, "State": object{"type": "string", "enum": []archive.State{archive.OK, archive.Failed, archive.Held}}, "Since": text,
		"Digest": text, "ImageCount": number, "CapturedAt": text, "CheckedAt": text, "TriedAt": text, "Problem": problemSchema(),
		"Candidate": record(object{"Digest": text, "ImageCount": number, "Seen": number, "Since": text}, "Digest", "ImageCount", "Seen", "Since"),
	}, "RegionId", "ClusterId", "InstanceType", "State", "Since", "Digest", "ImageCount", "CapturedAt", "CheckedAt", "TriedAt")
}

func problemSchema() object {
	text := object{"type": "string"}
	return record(object{"Class": text, "Code": text, "Message": text, "RequestId": text}, "Class", "Code", "Message", "RequestId")
}

// regionSchema is a region as /v1/status shows it.
func regionSchema() object {
	text, number := object{"type": "string"}, object{"type": "integer"}
	counts := object{"type": "object", "additionalProperties": number}
	return record(object{
		"RegionId": text, "Sequence": number, "CommittedAt": text, "ClusterCount": number, "Scopes": counts, "Stale": object{"type": "boolean"},
		"Run":         record(object{"Counts": counts, "FinishedAt": text, "RunId": text, "StartedAt": text, "Trigger": text}, "RunId"),
		"Discovery":   record(object{"CheckedAt": text, "Held": number, "Problem": problemSchema(), "TriedAt": text}, "CheckedAt", "TriedAt"),
		"OldestCheck": record(object{"Scope": text, "CheckedAt": text, "AgeSeconds": number}, "Scope", "CheckedAt", "AgeSeconds"),
		"Error":       record(object{"Code": text, "Message": text}, "Code", "Message"),
	}, "RegionId", "Sequence", "CommittedAt", "ClusterCount", "Scopes", "Stale")
}

func ref(name string) object { return object{"$ref": "#/components/schemas/" + name} }

func record(properties object, required ...string) object {
	return object{"type": "object", "properties": properties, "required": required}
}

// common is a body with the members that every answer begins with.
func common(properties object, required ...string) object {
	for _, name := range []string{"RequestId", "RegionId", "ClusterId", "InstanceType"} {
		properties[name] = object{"type": "string"}
	}
	properties["Snapshot"] = ref("Snapshot")
	return record(properties, append([]string{"RequestId", "RegionId", "ClusterId", "InstanceType", "Snapshot"}, required...)...)
}

// imageSchema is an image as E-HPC sends it; unknown members may be there too.
func (s *service) imageSchema() object {
	properties := object{
		columnClusters: object{"type": "array", "items": object{"type": "string"}, "description": "with several scopes: the clusters that offer the image"},
		columnTypes:    object{"type": "array", "items": object{"type": "string"}, "description": "with several instance types: those with which it is offered"},
		columnDiffers:  object{"type": "boolean", "description": "the id has other content in another scope, which is in the list too"},
	}
	for _, f := range s.schema.fields {
		top, inner, nested := strings.Cut(f.name, ".")
		value := object{"description": f.about} // upstream has sent numbers as text before
		if !nested {
			properties[top] = value
			continue
		}
		o, ok := properties[top].(object)
		if !ok {
			o = object{"properties": object{}}
			properties[top] = o
		}
		o["properties"].(object)[inner] = value
	}
	return object{"type": "object", "properties": properties, "additionalProperties": true}
}

// formatSchema is the schema of one format of a route.
func formatSchema(rt *route, format string) object {
	switch {
	case format != formatJSON:
		return object{"type": "string"}
	case rt.pattern == "/healthz" || rt.pattern == "/openapi.json":
		return object{"type": "object"}
	}
	return ref(operationID(rt.pattern))
}
