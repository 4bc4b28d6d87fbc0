package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// example is a stored snapshot with something to ask for.
type example struct {
	// scope and digest name the snapshot.
	scope  catalog.Scope
	digest string
	// imageID is an image of it, one that the filters match if there are any.
	imageID string
	// filters are query parameters, each with & in front, that at least one image
	// of the scope matches. They may be empty.
	filters string
}

// findExample looks for a cluster that offers an available CentOS image, and
// otherwise returns any snapshot. ok is false if nothing is stored. It reads one
// snapshot after the other until it has found one.
func (s *session) findExample(ctx context.Context) (best example, ok bool) {
	for _, region := range s.backend.regions {
		now, err := s.backend.archive.Now(ctx, region, nil)
		if err != nil {
			continue // its error has been shown
		}
		for _, state := range now.Scopes() {
			found, usable := s.exampleOf(ctx, region, state)
			// The first snapshot stays the best unless one with filters and a cluster
			// comes: that is what most callers ask for.
			switch {
			case !usable:
			case found.filters != "" && found.scope.ClusterID != "":
				return found, true
			case !ok:
				best, ok = found, true
			}
		}
	}
	return best, ok
}

// exampleOf makes an example of a scope. It returns false if the scope has no
// images or asks for an instance type.
func (s *session) exampleOf(ctx context.Context, region string, state format.ScopeState) (example, bool) {
	if state.Digest == "" || state.ImageCount == 0 || state.InstanceType != "" {
		return example{}, false
	}
	e := example{scope: state.Scope(region), digest: state.Digest}
	snapshot, err := s.backend.archive.Snapshot(ctx, e.scope, e.digest)
	if err != nil {
		return example{}, false
	}
	// Any image will do for a lookup by id.
	e.imageID = snapshot.Images[0].ImageID
	for _, im := range snapshot.Images {
		if im.Text("OsTag.Platform") == "CentOS" && im.Text("Status") == "Available" {
			e.imageID, e.filters = im.ImageID, "&OsTag.Platform=CentOS&Status=Available"
			break
		}
	}
	return e, true
}

// curlCommands returns commands that work as pasted. With QUERY_TOKENS set, the
// shell variable TOKEN must hold a token.
func (s *session) curlCommands(ctx context.Context, base string) (lines []string) {
	// Single quotes: the shell must not expand the & and * of a query.
	curl := "curl '"
	if slices.ContainsFunc(s.backend.env, func(line string) bool {
		name, value, _ := strings.Cut(line, "=")
		return name == "QUERY_TOKENS" && strings.TrimSpace(value) != ""
	}) {
		curl = `curl -H "Authorization: Bearer $TOKEN" '`
	}
	for _, target := range s.exampleTargets(ctx) {
		lines = append(lines, curl+base+target+"'")
	}
	return lines
}

// exampleTargets returns paths and queries of lookups that have an answer.
func (s *session) exampleTargets(ctx context.Context) []string {
	e, ok := s.findExample(ctx)
	if !ok {
		return []string{"/v1/status", "/healthz"}
	}
	// A region may have no cluster. Then the question without a cluster is asked.
	where := "ClusterId=" + e.scope.ClusterID
	if e.scope.ClusterID == "" {
		where = "RegionId=" + e.scope.RegionID
	}
	return []string{
		"/v1/images?" + where + e.filters + "&sort=-OsTag.Version&limit=1&format=ids",
		"/v1/images?" + where + "&fields=ImageId,ImageName,Status,Size&limit=10&format=table",
		"/v1/images/" + e.imageID,
		"/v1/changes?RegionId=" + e.scope.RegionID + "&since=-24h&kind=removed&format=table",
		"/v1/status",
	}
}

// printStored prints where the objects are and how to look at one. The command
// is meant to be pasted into a shell; it needs jq.
func (s *session) printStored(ctx context.Context) {
	fmt.Fprintf(s.out, "stored below %s\nthe functions' log: %s\n", s.backend.location, s.log.path)
	e, ok := s.findExample(ctx)
	if !ok {
		return
	}
	// The key is made by the same code that stored the object.
	key, err := s.backend.keys.Snapshot(e.scope, e.digest)
	if err != nil {
		return // impossible: the snapshot was read by this key
	}
	fmt.Fprintf(s.out,
		"look at a snapshot:\n  %s | jq '.Images[] | [.ImageId, .Status, .OsTag.Platform, .ImageName]'\n",
		s.backend.showCommand(key))
}
