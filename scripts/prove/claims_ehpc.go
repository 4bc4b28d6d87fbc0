package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"community-images/shared/cloud/rpc"
)

const (
	// ehpcVersion is the version of the API that the project uses.
	ehpcVersion = "2018-04-12"
	// ehpcPause is the time between two calls. The vendor does not say how many it
	// allows, so this is a tenth of what the snapshot function does.
	ehpcPause = time.Second
	// ehpcMaxBody bounds a reply, in bytes.
	ehpcMaxBody = 32 << 20
)

// ehpcReplies are the real replies of E-HPC that the claims look at.
type ehpcReplies struct {
	// client makes raw calls. The client of shared/ehpc would refuse replies of
	// another shape, which are what a claim wants to see.
	client *rpc.Client
	// endpoint is that of the region.
	endpoint rpc.Endpoint

	// regions, clusters and images are the entries of the three lists. images are
	// those of the call without a cluster.
	regions, clusters, images []map[string]any
	// calls were answered, with an error or without.
	calls int
	// throttled is the number of calls that were refused as too many.
	throttled int
	// times are the durations of all calls.
	times []time.Duration
	// bytes is the size of the largest reply.
	bytes int
}

// ehpcClaims are about E-HPC, with the deployer's key. They change nothing.
func (p *prover) ehpcClaims() []claim {
	r := &ehpcReplies{
		client: rpc.New(rpc.Options{MaxBody: ehpcMaxBody, MaxConns: 2, UserAgent: "community-images-prove"}),
	}
	return slices.Concat(p.listClaims(r), p.imageClaims(r))
}

// listClaims are about the shape of the three lists. They fill r.
func (p *prover) listClaims(r *ehpcReplies) []claim {
	newClaim := func(action, outer, inner, id string, into *[]map[string]any) claim {
		return claim{
			id:     "ehpc/" + action,
			text:   fmt.Sprintf("%s answers with %s.%s, an array of objects with %s", action, outer, inner, id),
			source: "E-HPC 2018-04-12, " + action, try: "one call, in all its pages",
			check: func(ctx context.Context) (string, bool, error) {
				entries, err := p.readList(ctx, r, list{action, outer, inner}, nil)
				if err != nil {
					return "", false, err
				}
				*into = entries
				lacksID := slices.ContainsFunc(entries, func(e map[string]any) bool { return text(e[id]) == "" })
				return fmt.Sprintf("%d entries; %s", len(entries), describeMembers(entries)), !lacksID, nil
			},
		}
	}
	return []claim{
		newClaim("ListRegions", "Regions", "RegionInfo", "RegionId", &r.regions),
		newClaim("ListClusters", "Clusters", "ClusterInfoSimple", "Id", &r.clusters),
		newClaim("ListCommunityImages", "Images", "ImageInfo", "ImageId", &r.images),
	}
}

// imageClaims are about the images that listClaims have read, and those of
// clusters.
func (p *prover) imageClaims(r *ehpcReplies) []claim {
	const source = "E-HPC 2018-04-12, ListCommunityImages"
	const try = "the reply without a cluster"
	return []claim{{
		// The same names are strings in other calls of this API.
		id: "ehpc/objects", text: "OsTag and BaseOsTag of an image are objects, Size is a number", source: source, try: try,
		check: func(context.Context) (string, bool, error) { return r.checkTypes() },
	}, {
		// A page of the vendor calls these fields not open for use. If they are empty for everybody, filters on them
		// find nothing.
		id: "ehpc/unused", text: "Status, SkuCode, PricingCycle and Uid have values", source: source, try: try,
		check: func(context.Context) (string, bool, error) { return r.checkUnused() },
	}, {
		// Lists are stored by image id.
		id: "ehpc/unique", text: "an image stands once in a reply", source: source, try: try,
		check: func(context.Context) (string, bool, error) { return r.checkUnique() },
	}, {
		// A lookup without a cluster means what every cluster supports. This tests that meaning.
		id:     "ehpc/clusters",
		text:   "a running cluster can be asked about, and the images of every cluster are among its images",
		source: source + ": without a cluster, the images that all clusters support",
		try:    "a call for each of at most 5 running clusters, one a second",
		check:  func(ctx context.Context) (string, bool, error) { return p.askClusters(ctx, r) },
	}, {
		// The limit is not documented. SNAPSHOT_QPS is a guess: ten calls a second.
		id: "ehpc/rate", text: "one call a second is not throttled", source: "not documented", try: "all calls above",
		check: func(context.Context) (string, bool, error) { return r.checkRate() },
	}}
}

// list names a list in a reply: the call, the object and the array in it.
//
// E-HPC nests every list twice: {"Images":{"ImageInfo":[…]}}.
type list struct{ action, outer, inner string }

// readList calls an action of E-HPC, page by page, and returns the entries of its
// list.
func (p *prover) readList(
	ctx context.Context, r *ehpcReplies, l list, query map[string]string,
) ([]map[string]any, error) {
	var err error
	if r.endpoint, err = rpc.ParseEndpoint(p.endpoints.ehpc); err != nil {
		return nil, fmt.Errorf("-ehpc-endpoint: %w", err)
	}
	var entries []map[string]any
	// ListClusters is the only one of the three calls with pages.
	for page := 1; ; page++ {
		all := map[string]string{"RegionId": p.region}
		if l.action == "ListClusters" {
			all["PageNumber"], all["PageSize"] = strconv.Itoa(page), "50"
		}
		maps.Copy(all, query)
		doc, err := p.callEHPC(ctx, r, l.action, all)
		if err != nil {
			return nil, err
		}
		// A missing list is reported with the members that are there instead.
		outer, _ := doc[l.outer].(map[string]any)
		inner, ok := outer[l.inner].([]any)
		if !ok {
			members := describeMembers([]map[string]any{doc})
			return nil, fmt.Errorf("the reply has no array %s.%s; it has %s", l.outer, l.inner, members)
		}
		for _, e := range inner {
			object, ok := e.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("an entry of %s is %T", l.inner, e)
			}
			entries = append(entries, object)
		}
		// An empty page ends the loop, too, in case TotalCount is too large.
		total, _ := doc["TotalCount"].(float64)
		if l.action != "ListClusters" || len(inner) == 0 || len(entries) >= int(total) {
			return entries, nil
		}
	}
}

// callEHPC makes one call and waits for a moment afterwards.
func (p *prover) callEHPC(
	ctx context.Context, r *ehpcReplies, action string, query map[string]string,
) (map[string]any, error) {
	// Tests poll faster, and need not be polite.
	defer sleep(ctx, min(ehpcPause, 100*p.pollInterval))
	begun := time.Now()
	response, err := r.client.Do(ctx, p.credentials, rpc.Call{
		Endpoint: r.endpoint, Action: action, Version: ehpcVersion, Method: http.MethodPost, Query: query,
	})
	if err != nil {
		return nil, err
	}
	// Refusals count, too: they take their time, and may be throttling.
	r.calls++
	r.times = append(r.times, time.Since(begun))
	r.bytes = max(r.bytes, len(response.Body))
	var doc map[string]any
	if err := json.Unmarshal(response.Body, &doc); err != nil {
		return nil, fmt.Errorf("%s: %d with a body that is not a JSON object", action, response.Status)
	}
	if response.Status != http.StatusOK {
		if code := text(doc["Code"]); strings.HasPrefix(code, "Throttling") {
			r.throttled++
		}
		return nil, fmt.Errorf("%s: %d %v: %v", action, response.Status, doc["Code"], doc["Message"])
	}
	return doc, nil
}

// errNoImages leaves a claim open because there is nothing to look at.
var errNoImages = errNotTried("there are no images to look at")

// checkTypes looks at the types of members.
func (r *ehpcReplies) checkTypes() (string, bool, error) {
	if len(r.images) == 0 {
		return "", false, errNoImages
	}
	wrong := 0
	for _, image := range r.images {
		_, isObject := image["OsTag"].(map[string]any)
		_, isBaseObject := image["BaseOsTag"].(map[string]any)
		_, isNumber := image["Size"].(float64)
		// BaseOsTag may be missing: E-HPC's own sample has it in OsTag only.
		if !isObject || !isNumber || image["BaseOsTag"] != nil && !isBaseObject {
			wrong++
		}
	}
	return fmt.Sprintf("%d of %d images differ; OsTag has %s", wrong, len(r.images), describeMembers(r.inner("OsTag"))),
		wrong == 0, nil
}

// inner returns the objects that the images have as a member.
func (r *ehpcReplies) inner(name string) []map[string]any {
	var list []map[string]any
	for _, image := range r.images {
		if object, ok := image[name].(map[string]any); ok {
			list = append(list, object)
		}
	}
	return list
}

// checkUnused counts the images with values in fields that a page of the vendor
// calls not open for use.
func (r *ehpcReplies) checkUnused() (string, bool, error) {
	if len(r.images) == 0 {
		return "", false, errNoImages
	}
	var parts []string
	holds := true
	for _, name := range []string{"Status", "SkuCode", "PricingCycle", "Uid", "ProductCode", "PostInstallScript"} {
		filled := 0
		for _, image := range r.images {
			if text(image[name]) != "" {
				filled++
			}
		}
		// These two may be empty for good reasons.
		holds = holds && (filled > 0 || name == "ProductCode" || name == "PostInstallScript")
		parts = append(parts, fmt.Sprintf("%s in %d", name, filled))
	}
	return fmt.Sprintf("of %d images: %s", len(r.images), strings.Join(parts, ", ")), holds, nil
}

// checkUnique counts the images that stand twice.
func (r *ehpcReplies) checkUnique() (string, bool, error) {
	if len(r.images) == 0 {
		return "", false, errNoImages
	}
	ids := imageIDs(r.images)
	return fmt.Sprintf("%d images, %d ids", len(r.images), len(ids)), len(ids) == len(r.images), nil
}

// imageIDs returns the ids of images.
func imageIDs(images []map[string]any) map[string]bool {
	ids := map[string]bool{}
	for _, image := range images {
		ids[text(image["ImageId"])] = true
	}
	return ids
}

// askClusters asks for the images of a few clusters.
func (p *prover) askClusters(ctx context.Context, r *ehpcReplies) (string, bool, error) {
	running := slices.DeleteFunc(slices.Clone(r.clusters), func(c map[string]any) bool {
		// A region's endpoint may list clusters of other regions, too.
		return c["Status"] != "running" || text(c["RegionId"]) != p.region
	})
	if len(running) == 0 {
		return "", false, errNotTried("there is no running cluster in the region")
	}
	// What every cluster supports must be among what each one supports.
	everywhere, missing, asked := imageIDs(r.images), 0, 0
	for _, cluster := range running[:min(len(running), 5)] {
		images, err := p.readList(ctx, r, list{"ListCommunityImages", "Images", "ImageInfo"},
			map[string]string{"ClusterId": text(cluster["Id"])})
		if err != nil {
			return "", false, err
		}
		asked++
		own := imageIDs(images)
		for id := range everywhere {
			if !own[id] {
				missing++
			}
		}
	}
	return fmt.Sprintf("%d clusters asked, %d images of every cluster missing in one", asked, missing), missing == 0, nil
}

// checkRate looks at how long the calls took and whether they were throttled.
func (r *ehpcReplies) checkRate() (string, bool, error) {
	if r.calls == 0 {
		return "", false, errors.New("no call was answered")
	}
	// The longest call says whether SNAPSHOT's call time-out of 20 s is enough.
	slices.Sort(r.times)
	return fmt.Sprintf("%d calls, %d throttled, median %s, longest %s, largest reply %d KB", r.calls, r.throttled,
		r.times[len(r.times)/2].Round(time.Millisecond), r.times[len(r.times)-1].Round(time.Millisecond),
		r.bytes>>10), r.throttled == 0, nil
}

// describeMembers sums up the members of objects: name, types, and how many have
// it with a value. It shows no values.
func describeMembers(objects []map[string]any) string {
	type summary struct {
		types  []string // JSON types that the member has
		filled int      // objects in which it has a value
	}
	members := map[string]*summary{}
	for _, object := range objects {
		for name, value := range object {
			// The name of a member is no secret; its value may be one.
			if members[name] == nil {
				members[name] = &summary{}
			}
			if kind := typeName(value); !slices.Contains(members[name].types, kind) {
				members[name].types = append(members[name].types, kind)
			}
			// Zero and false count as values: only empty texts mean nothing here.
			if value != nil && value != "" {
				members[name].filled++
			}
		}
	}
	var parts []string
	for name, m := range members {
		slices.Sort(m.types)
		parts = append(parts, fmt.Sprintf("%s %s %d/%d", name, strings.Join(m.types, "|"), m.filled, len(objects)))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// typeName returns the JSON type of a value.
func typeName(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "array"
	}
	return "object"
}

// text returns a string, or nothing for another type.
func text(value any) string {
	s, _ := value.(string)
	return s
}
