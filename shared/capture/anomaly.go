package capture

import (
	"context"
	"fmt"

	"community-images/shared/archive"
	"community-images/shared/catalog"
	"community-images/shared/ehpc"
)

// minConfirmations is the number of runs in a row that must have seen an anomalous
// answer before it is published.
const minConfirmations = 3

// confirmationWeight is what a repeated anomaly adds to its confirmations. It is 0 in
// a run of events: they come in bursts, and three that follow one change within
// seconds confirm nothing.
func (r *runner) confirmationWeight() int {
	if len(r.request.Events) > 0 {
		return 0
	}
	return 1
}

// findAnomaly returns why a list of images may not be true, or "": it loses all
// images or more than ShrinkGuard percent, or most images change their status at once.
func (r *runner) findAnomaly(before, after []*catalog.Image) string {
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
	if reason := r.findLoss(len(before), len(after), lost); reason != "" {
		return reason
	}
	// Of one or two images a change of most is ordinary.
	if r.settings.ShrinkGuard < 100 && len(before) > 2 && changed*2 > len(before) {
		return fmt.Sprintf("the answer gives %d of %d images another status", changed, len(before))
	}
	return ""
}

// findLoss returns why too many images are lost, or "". before and after are the
// numbers of images, lost is how many of those before are missing.
func (r *runner) findLoss(before, after, lost int) string {
	guard := r.settings.ShrinkGuard
	switch {
	case guard >= 100 || before == 0:
		return ""
	case after == 0:
		return fmt.Sprintf("the answer lists none of %d images", before)
	case lost*100 > before*guard:
		return fmt.Sprintf("the answer misses %d of %d images, more than %d percent", lost, before, guard)
	}
	return ""
}

// findCheckAnomaly returns why the answer to a task may not be true, or "". If the
// published snapshot cannot be read, it compares the number of images, which is known.
func (r *runner) findCheckAnomaly(t *task, c *archive.Check) string {
	before, after := t.known.ImageCount, len(c.Snapshot.Images)
	if c.Before == nil {
		return r.findLoss(before, after, before-after)
	}
	return r.findAnomaly(c.Before.Images, c.Snapshot.Images)
}

// holdIfAnomalous makes a check of an anomalous answer a held one: it stores the
// answer as a candidate until enough runs have seen it, or one that is similar. It
// returns nil if ctx ended before that was known.
func (r *runner) holdIfAnomalous(ctx context.Context, t *task, c *archive.Check) *archive.Check {
	reason := r.findCheckAnomaly(t, c)
	if reason == "" {
		return c
	}
	// A candidate that is not similar to the last starts to be confirmed anew.
	next := archive.Candidate{Digest: c.Snapshot.Digest, ImageCount: len(c.Snapshot.Images), Seen: 1, Since: c.At}
	if last := t.known.Candidate; last != nil {
		similar, inTime := r.isSimilarToStored(ctx, t.scope, last.Digest, c.Snapshot)
		if !inTime {
			return nil
		}
		if similar {
			next.Seen, next.Since = last.Seen+r.confirmationWeight(), last.Since
		}
	}
	if next.Seen >= minConfirmations {
		return c
	}
	// The published content stays, so that the commit has no difference to record.
	c.State, c.Candidate, c.Before = archive.Held, &next, nil
	c.Problem = &archive.Problem{
		Class: "suspicious", Code: "Held", RequestID: c.Snapshot.RequestID,
		Message: fmt.Sprintf("%s; seen in %d of %d runs", reason, next.Seen, minConfirmations),
	}
	return c
}

// isSimilarToStored reports whether a snapshot equals the stored one with a digest,
// or differs by no more than an ordinary change. inTime is false if ctx ended before
// that was known. A snapshot that cannot be read is not similar.
func (r *runner) isSimilarToStored(
	ctx context.Context, scope catalog.Scope, digest string, s *catalog.Snapshot,
) (similar, inTime bool) {
	if digest == s.Digest {
		return true, true
	}
	stored, inTime := r.readSnapshot(ctx, scope, digest)
	if stored == nil {
		return false, inTime
	}
	// In both directions, because an anomaly is a loss.
	return r.findAnomaly(stored.Images, s.Images) == "" && r.findAnomaly(s.Images, stored.Images) == "", true
}

// holdListingIfAnomalous sets the problem of a listing that loses most clusters, or
// the instance types by which they are asked, until enough runs have seen it. found
// are the clusters that it lists, by id.
func (r *runner) holdListingIfAnomalous(p *plan, found map[string]ehpc.Cluster) {
	// A cluster without its types counts as lost: most of its scopes would end.
	lost, what := 0, "clusters"
	for _, c := range p.base.Clusters() {
		now, listed := found[c.ClusterID]
		withoutTypes := listed && r.settings.InstanceTypes.Auto && lostTypes(c, now.Cluster)
		if withoutTypes {
			what = "clusters or their instance types"
		}
		if !listed || withoutTypes {
			lost++
		}
	}
	known, guard := len(p.base.Clusters()), r.settings.ShrinkGuard
	if p.discovery.Problem != nil || guard >= 100 || lost*100 <= known*guard {
		return
	}
	// Held counts the runs that have seen such a listing. 0 means that it is believed.
	p.discovery.Held = max(1, p.base.Discovery.Held+r.confirmationWeight())
	if p.discovery.Held >= minConfirmations {
		p.discovery.Held = 0
		return
	}
	p.discovery.Problem = &archive.Problem{
		Class: "suspicious", Code: "Held",
		Message: fmt.Sprintf("the listing misses %d of %d %s, more than %d percent; seen in %d of %d runs",
			lost, known, what, guard, p.discovery.Held, minConfirmations),
	}
}

// lostTypes reports whether a cluster that had instance types is listed without any.
func lostTypes(known, now catalog.Cluster) bool {
	return len(known.InstanceTypes) > 0 && len(now.InstanceTypes) == 0
}
