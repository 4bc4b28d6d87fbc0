package replica

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// listImages answers ListCommunityImages as E-HPC does: with the whole list of
// one scope. ClusterId and InstanceType name the scope, and BaseOsTag filters its
// images. E-HPC has no pages for this operation.
func (c *call) listImages(ctx context.Context) error {
	if err := c.findRegionOfCluster(ctx); err != nil {
		return err
	}
	r, confirmed, err := c.loadRegion(ctx)
	if err != nil {
		return err
	}
	scope, err := c.findScope(r)
	if err != nil {
		return err
	}
	// The images come from memory if any lookup has read them before.
	images, err := c.options.Source(c.grant).Images(ctx, r.RegionID, scope)
	if err != nil {
		return err
	}
	c.setFreshnessHeaders(freshness{sequence: r.Sequence, oldestCheck: scope.CheckedAt.Time,
		stale: scope.State != format.StateOK || !confirmed})
	c.sendList(`"Images":{"ImageInfo":[`, rawByTag(images, c.params["BaseOsTag"]), `]}`)
	return nil
}

// rawByTag returns the JSON of the images whose BaseOsTag is tag, or of all images
// if tag is empty. Case matters.
func rawByTag(images []*catalog.Image, tag string) []string {
	raw := make([]string, 0, len(images))
	for _, im := range images {
		if tag == "" || im.Text("BaseOsTag.OsTag") == tag {
			raw = append(raw, im.Raw)
		}
	}
	return raw
}

// findScope returns the requested scope if it has content. The state has no
// scopes outside the grant; the grant is checked again all the same.
func (c *call) findScope(r *archive.Region) (format.ScopeState, error) {
	cluster, instanceType := c.params["ClusterId"], c.params["InstanceType"]
	// The lists without a cluster say what every cluster has, and so tell of
	// clusters that a limited caller must not know.
	if cluster == "" && !c.grant.CoversCluster("") {
		return format.ScopeState{}, notAuthorized("The key or token is limited to some clusters: supply ClusterId.")
	}
	found, ok := r.Scope(catalog.Scope{RegionID: r.RegionID, ClusterID: cluster, InstanceType: instanceType})
	switch {
	case !ok || !c.grant.CoversCluster(cluster):
		return found, c.scopeNotFound(r, cluster)
	case found.Digest == "":
		return found, c.scopeWithoutContent(found)
	}
	return found, nil
}

// scopeNotFound explains why a scope does not exist: the cluster is unknown, or
// is not captured with that instance type.
func (c *call) scopeNotFound(r *archive.Region, cluster string) error {
	// Without a type the question has no name that could be listed.
	var types []string
	for _, s := range r.Scopes() {
		if s.ClusterID == cluster && s.InstanceType != "" && c.grant.CoversCluster(cluster) {
			types = append(types, s.InstanceType)
		}
	}
	slices.Sort(types)
	if _, any := r.Scope(catalog.Scope{ClusterID: cluster}); !(any || len(types) > 0) ||
		!c.grant.CoversCluster(cluster) {
		return clusterNotFound()
	}
	recommend := "Leave it out: only images that suit every type are captured here."
	if len(types) > 0 {
		recommend = "Captured are " + strings.Join(types, ", ") + "; left out, images that suit every type."
	}
	return apierror.New(http.StatusBadRequest, codeInvalidParams,
		"The specified parameter InstanceType is invalid: it is not captured for this question.", recommend)
}

// scopeWithoutContent explains why a scope has no content: it was never checked
// successfully.
func (c *call) scopeWithoutContent(s format.ScopeState) error {
	switch {
	// E-HPC said so itself at the last check.
	case s.Problem != nil && s.Problem.Class == "not-found":
		return clusterNotFound()
	// No later run changes the past, so the client must not retry.
	case c.asOf != "":
		return apierror.New(http.StatusBadRequest, codeInvalidParams,
			"The specified moment is invalid: nothing had been captured for this question.", "Ask for a later moment.")
	}
	return unavailable("Nothing has been captured for this question yet.", retryNextRun)
}

// clusterNotFound is the error for a cluster that does not exist for the caller.
func clusterNotFound() *apierror.Error {
	return apierror.New(http.StatusNotFound, "ClusterNotFound", "The specified cluster does not exist.",
		"ListClusters lists the clusters of the region.")
}
