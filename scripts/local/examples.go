package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// example is a stored snapshot with something to ask for.
type example struct {
	scope   catalog.Scope
	digest  string
	image   string // an ImageId
	filters string // that at least one image of the scope passes
}

// example looks for a cluster that offers an Available CentOS image, and else
// takes what there is. ok is false if nothing is stored.
func (s *session) example(ctx context.Context) (best example, ok bool) {
	for _, region := range s.place.regions {
		now, err := s.place.archive.Now(ctx, region, nil)
		if err != nil {
			continue // its error has been shown
		}
		for _, state := range now.Scopes {
			found, fits := s.exampleIn(ctx, region, state)
			switch {
			case !fits:
			case found.filters != "" && found.scope.ClusterID != "":
				return found, true
			case !ok:
				best, ok = found, true
			}
		}
	}
	return best, ok
}

func (s *session) exampleIn(ctx context.Context, region string, state archive.ScopeState) (example, bool) {
	if state.Digest == "" || state.ImageCount == 0 || state.InstanceType != "" {
		return example{}, false
	}
	e := example{scope: state.Scope(region), digest: state.Digest}
	snapshot, err := s.place.archive.Snapshot(ctx, e.scope, e.digest)
	if err != nil {
		return example{}, false
	}
	e.image = snapshot.Images[0].ImageID
	for _, im := range snapshot.Images {
		if im.Text("OsTag.Platform") == "CentOS" && im.Text("Status") == "Available" {
			e.image, e.filters = im.ImageID, "&OsTag.Platform=CentOS&Status=Available"
			break
		}
	}
	return e, true
}

// curls are command lines that work as they stand; with QUERY_TOKENS set, once
// one of them is in the variable TOKEN.
func (s *session) curls(ctx context.Context, base string) (lines []string) {
	curl := "curl '"
	if slices.ContainsFunc(s.place.env, func(line string) bool {
		name, value, _ := strings.Cut(line, "=")
		return name == "QUERY_TOKENS" && strings.TrimSpace(value) != ""
	}) {
		curl = `curl -H "Authorization: Bearer $TOKEN" '`
	}
	for _, target := range s.targets(ctx) {
		lines = append(lines, curl+base+target+"'")
	}
	return lines
}

// targets are lookups of what is stored.
func (s *session) targets(ctx context.Context) []string {
	e, ok := s.example(ctx)
	if !ok {
		return []string{"/v1/status", "/healthz"}
	}
	where := "ClusterId=" + e.scope.ClusterID
	if e.scope.ClusterID == "" {
		where = "RegionId=" + e.scope.RegionID
	}
	return []string{
		"/v1/images?" + where + e.filters + "&sort=-OsTag.Version&limit=1&format=ids",
		"/v1/images?" + where + "&fields=ImageId,ImageName,Status,Size&limit=10&format=table",
		"/v1/images/" + e.image,
		"/v1/status",
	}
}

// stored says where the objects are and how to look at one.
func (s *session) stored(ctx context.Context) {
	fmt.Fprintf(s.out, "stored below %s\nthe functions' log: %s\n", s.place.where, s.data.log.path)
	e, ok := s.example(ctx)
	if !ok {
		return
	}
	key, err := s.place.keys.Snapshot(e.scope, e.digest)
	if err != nil {
		return // it was read by this key
	}
	fmt.Fprintf(s.out, "look at a snapshot:\n  %s | jq '.Images[] | [.ImageId, .Status, .OsTag.Platform, .ImageName]'\n", s.place.show(key))
}
