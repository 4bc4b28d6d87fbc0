package capture

import (
	"context"
	"fmt"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/ehpc"
)

// minConfirmations is the number of runs in a row that must have seen an anomalous
// answer before it is published.
const minConfirmations = 3

// guard decides which answers are plausible.
type guard struct {
	// percent is the share of a list that may disappear in one step. 100 lets every
	// answer pass.
	percent int
	// weight is what a repeated anomaly adds to its confirmations.
	weight int
	// stored has the answers that are held.
	stored *snapshotReader
}

// findAnomaly returns why a list of images may not be true, or "": it loses all
// images or more than the guard allows, or most images change their status at once.
func (g guard) findAnomaly(before, after []*catalog.Image) string {
	// An image whose entry occurs twice counts with its last status.
	status := make(map[string]string, len(after))
	for _, im := range after {
		status[im.ImageID] = im.Text("Status")
	}
	lost, changed := 0, 0
	for _, im := range before {
		now, found := status[im.ImageID]
		switch {
		case !found:
			lost++
		case now != im.Text("Status"):
			changed++
		}
	}
	if reason := g.findLoss(len(before), len(after), lost); reason != "" {
		return reason
	}
	// Of one or two images a change of most is ordinary.
	if g.percent < 100 && len(before) > 2 && changed*2 > len(before) {
		return fmt.Sprintf("the answer gives %d of %d images another status", changed, len(before))
	}
	return ""
}

// findLoss returns why too many images are lost, or "". before and after are the
// numbers of images, lost is how many of those before are missing.
func (g guard) findLoss(before, after, lost int) string {
	switch {
	case g.percent >= 100 || before == 0:
		return ""
	case after == 0:
		return fmt.Sprintf("the answer lists none of %d images", before)
	case lost*100 > before*g.percent:
		return fmt.Sprintf("the answer misses %d of %d images, more than %d percent", lost, before, g.percent)
	}
	return ""
}

// findCheckAnomaly returns why the answer of a check may not be true, or "", given what
// is known of its scope. If the published snapshot cannot be read, it compares the
// number of images, which is known.
func (g guard) findCheckAnomaly(known format.ScopeState, c *archive.Check) string {
	before, after := known.ImageCount, len(c.Snapshot.Images)
	if c.Before == nil {
		return g.findLoss(before, after, before-after)
	}
	return g.findAnomaly(c.Before.Images, c.Snapshot.Images)
}

// holdIfAnomalous makes a check of an anomalous answer a held one: it stores the
// answer as a candidate until enough runs have seen it, or one that is similar. It
// returns nil if ctx ended before that was known.
func (g guard) holdIfAnomalous(
	ctx context.Context, known format.ScopeState, c *archive.Check,
) *archive.Check {
	reason := g.findCheckAnomaly(known, c)
	if reason == "" {
		return c
	}
	// A candidate that is not similar to the last starts to be confirmed anew.
	next := format.Candidate{Digest: c.Snapshot.Digest, ImageCount: len(c.Snapshot.Images), Seen: 1, Since: c.At}
	if last := known.Candidate; last != nil {
		similar, inTime := g.isSimilarToStored(ctx, c.Scope, last.Digest, c.Snapshot)
		if !inTime {
			return nil
		}
		if similar {
			next.Seen, next.Since = last.Seen+g.weight, last.Since
		}
	}
	if next.Seen >= minConfirmations {
		return c
	}
	// The published content stays, so that the commit has no difference to record.
	c.State, c.Candidate, c.Before = format.StateHeld, &next, nil
	c.Problem = &format.Problem{
		Class: "suspicious", Code: "Held", RequestID: c.Snapshot.RequestID,
		Message: fmt.Sprintf("%s; seen in %d of %d runs", reason, next.Seen, minConfirmations),
	}
	return c
}

// isSimilarToStored reports whether a snapshot equals the stored one with a digest,
// or differs by no more than an ordinary change. inTime is false if ctx ended before
// that was known. A snapshot that cannot be read is not similar.
func (g guard) isSimilarToStored(
	ctx context.Context, scope catalog.Scope, digest string, s *catalog.Snapshot,
) (similar, inTime bool) {
	if digest == s.Digest {
		return true, true
	}
	stored, inTime := g.stored.readSnapshot(ctx, scope, digest)
	if stored == nil {
		return false, inTime
	}
	// In both directions, because an anomaly is a loss.
	return g.findAnomaly(stored.Images, s.Images) == "" && g.findAnomaly(s.Images, stored.Images) == "", true
}

// holdListingIfAnomalous sets the problem of a listing that loses most clusters, or
// the instance types by which they are asked, until enough runs have seen it. found
// are the clusters that it lists, by id. auto tells whether clusters are asked by their
// own types.
func (g guard) holdListingIfAnomalous(
	l *archive.Listing, base *archive.Region, found map[string]ehpc.Cluster, auto bool,
) {
	// A cluster without its types counts as lost: most of its scopes would end.
	lost, what := 0, "clusters"
	for _, c := range base.Clusters() {
		now, listed := found[c.ClusterID]
		withoutTypes := listed && auto && lostTypes(c, now.Cluster)
		if withoutTypes {
			what = "clusters or their instance types"
		}
		if !listed || withoutTypes {
			lost++
		}
	}
	known := len(base.Clusters())
	if l.Problem != nil || g.percent >= 100 || lost*100 <= known*g.percent {
		return
	}
	// Held counts the runs that have seen such a listing. 0 means that it is believed.
	l.Held = max(1, base.Discovery.Held+g.weight)
	if l.Held >= minConfirmations {
		l.Held = 0
		return
	}
	l.Problem = &format.Problem{
		Class: "suspicious", Code: "Held",
		Message: fmt.Sprintf("the listing misses %d of %d %s, more than %d percent; seen in %d of %d runs",
			lost, known, what, g.percent, l.Held, minConfirmations),
	}
}

// lostTypes reports whether a cluster that had instance types is listed without any.
func lostTypes(known, now catalog.Cluster) bool {
	return len(known.InstanceTypes) > 0 && len(now.InstanceTypes) == 0
}
