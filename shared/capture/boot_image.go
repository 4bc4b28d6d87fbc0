package capture

import (
	"context"
	"fmt"
	"slices"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// GoneBootImage is a cluster that boots from an image that none of its answers list any
// more.
type GoneBootImage struct {
	// ClusterID is the cluster.
	ClusterID string `json:"ClusterId"`
	// ImageID is the image of its nodes.
	ImageID string `json:"ImageId"`
}

// maxBootImageTime bounds the reads of findGoneBootImages in one region.
const maxBootImageTime = 3 * time.Second

// findGoneBootImages returns the clusters that lost their boot image by a commit: it
// removes the image from a list of the cluster, and no other list of the cluster has it.
// So each loss is found once, by the run that commits it. A commit that removes no boot
// image reads nothing. Otherwise the lists of the cluster that the commit did not change
// are read. A cluster is left out if they cannot be read; the plan has a problem then.
func findGoneBootImages(ctx context.Context, p *plan, stored *snapshotReader) []GoneBootImage {
	res := p.outcome.result
	if res.Commit == nil {
		return nil
	}
	losing := clustersLosing(res.Commit)
	ctx, cancel := context.WithTimeout(ctx, maxBootImageTime)
	defer cancel()
	var gone []GoneBootImage
	for _, c := range res.Region.Clusters() {
		scopes, loses := losing[GoneBootImage{c.ClusterID, c.ImageID}]
		if !loses {
			continue
		}
		switch offered, err := isOffered(ctx, res.Region, c, scopes, stored); {
		case err != nil:
			p.addProblem("whether cluster %q still has its boot image %q: %s", c.ClusterID, c.ImageID, err)
		case !offered:
			gone = append(gone, GoneBootImage{c.ClusterID, c.ImageID})
		}
	}
	return gone
}

// clustersLosing returns the scopes from which a commit removes an image, by cluster and
// image.
func clustersLosing(c *format.Commit) map[GoneBootImage][]format.ScopeRef {
	losing := map[GoneBootImage][]format.ScopeRef{}
	for _, im := range c.Images {
		for _, number := range im.Removed {
			ref := c.Scope(number)
			pair := GoneBootImage{ref.ClusterID, im.ImageID}
			losing[pair] = append(losing[pair], ref)
		}
	}
	return losing
}

// isOffered reports whether a scope of a cluster lists the cluster's boot image. without
// are scopes that do not.
func isOffered(
	ctx context.Context, r *archive.Region, c catalog.Cluster, without []format.ScopeRef, stored *snapshotReader,
) (bool, error) {
	for _, s := range r.Scopes() {
		ref := format.ScopeRef{ClusterID: s.ClusterID, InstanceType: s.InstanceType}
		if s.ClusterID != c.ClusterID || s.Digest == "" || slices.Contains(without, ref) {
			continue
		}
		list, _ := stored.loadPublished(ctx, s.Scope(r.RegionID), s.Digest)
		if list == nil {
			return false, fmt.Errorf("the list of scope %q cannot be read", s.Scope(r.RegionID))
		}
		if slices.ContainsFunc(list.Images, func(im *catalog.Image) bool { return im.ImageID == c.ImageID }) {
			return true, nil
		}
	}
	return false, nil
}
