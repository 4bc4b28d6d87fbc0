package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// isTrailRecord reports whether an object is a record of ActionTrail.
func isTrailRecord(event map[string]json.RawMessage) bool {
	return parseString(event["eventName"]) != "" && parseString(event["serviceName"]) != ""
}

// referencedCluster returns the cluster among the resources that a record of
// ActionTrail names, or "". referencedResources has lists of ids by type;
// resourceName has the same as text: ids joined by commas, types by semicolons. The
// types of E-HPC are not documented, so an id counts by its own form, too. A call of
// E-HPC concerns one cluster.
func referencedCluster(record map[string]json.RawMessage) string {
	byType := map[string][]string{}
	for kind, raw := range parseObject(record["referencedResources"]) {
		var ids []string
		_ = json.Unmarshal(raw, &ids) // anything else names nothing
		byType[kind] = ids
	}
	kinds := strings.Split(parseString(record["resourceType"]), ";")
	for i, names := range strings.Split(parseString(record["resourceName"]), ";") {
		kind := ""
		if i < len(kinds) {
			kind = kinds[i]
		}
		byType[kind] = append(byType[kind], strings.Split(names, ",")...)
	}
	// In the order of the types, so that the same record always gives the same cluster.
	for _, kind := range slices.Sorted(maps.Keys(byType)) {
		isCluster := strings.EqualFold(kind, "ACS::EHPC::Cluster")
		for _, id := range byType[kind] {
			if id = strings.TrimSpace(id); id != "" && (isCluster || strings.HasPrefix(id, "ehpc-")) {
				return id
			}
		}
	}
	return ""
}

// reasonToIgnore says why a call in a record of ActionTrail changes nothing that
// is captured. It is empty if the call may change something.
func reasonToIgnore(record map[string]json.RawMessage, clusterID string) string {
	name, service := parseString(record["eventName"]), parseString(record["serviceName"])
	errorCode := parseString(record["errorCode"])
	// Not every record has eventRW, so the verb in the name counts as well.
	onlyReads := parseString(record["eventRW"]) == "Read"
	for _, verb := range []string{"List", "Describe", "Get"} {
		onlyReads = onlyReads || strings.HasPrefix(name, verb)
	}
	switch {
	case !strings.EqualFold(service, "ehpc"):
		return fmt.Sprintf("%s is a call of the service %q, not of Ehpc", name, service)
	case errorCode != "":
		return fmt.Sprintf("the call of %s failed: %s", name, errorCode)
	case onlyReads:
		return name + " only reads"
	case strings.Contains(name, "Job"), clusterID == "" && !strings.Contains(name, "Cluster"):
		return name + " changes no cluster"
	}
	return ""
}
