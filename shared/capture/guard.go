package capture

import (
	"context"
	"fmt"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// confirmations is the number of runs in a row that must have seen a
// suspicious answer before it is published.
const confirmations = 3

// confirms is what seeing something again counts. Events come in bursts;
// three that follow one change within seconds confirm nothing.
func (r *runner) confirms() int {
	if len(r.request.Events) > 0 {
		return 0
	}
	return 1
}

// suspicion says why an answer may not be true, or nothing: it loses all
// images or more than the guard allows, or most of them change their status
// at once. The best-known way to lose a catalogue is to believe such a reply.
func (r *runner) suspicion(before, after []*catalog.Image) string {
	status := make(map[string]string, len(after))
	for _, im := range after {
		status[im.ImageID] = im.Text("Status")
	}
	gone, flipped := 0, 0
	for _, im := range before {
		now, there := status[im.ImageID]
		switch {
		case !there:
			gone++
		case now != im.Text("Status"):
			flipped++
		}
	}
	if reason := r.shrunk(len(before), len(after), gone); reason != "" {
		return reason
	}
	if r.settings.ShrinkGuard < 100 && len(before) > 2 && flipped*2 > len(before) {
		return fmt.Sprintf("the answer gives %d of %d images another status", flipped, len(before))
	}
	return ""
}

// shrunk says that too many of so many images are gone, or nothing.
func (r *runner) shrunk(before, after, gone int) string {
	guard := r.settings.ShrinkGuard
	switch {
	case guard >= 100 || before == 0:
		return ""
	case after == 0:
		return fmt.Sprintf("the answer lists none of %d images", before)
	case gone*100 > before*guard:
		return fmt.Sprintf("the answer misses %d of %d images, more than %d percent", gone, before, guard)
	}
	return ""
}

// doubt is the suspicion against the answer to a task. Where the content that
// it would replace cannot be read, the number of images has to do: it is known.
func (r *runner) doubt(t *task, c *archive.Check) string {
	before, after := t.known.ImageCount, len(c.Snapshot.Images)
	if c.Before == nil {
		return r.shrunk(before, after, before-after)
	}
	return r.suspicion(c.Before.Images, c.Snapshot.Images)
}

// guard holds a suspicious answer that was given twice as a candidate, until
// enough runs have seen it, or something close to it; nil if ctx ended before
// that was known.
func (r *runner) guard(ctx context.Context, t *task, c *archive.Check) *archive.Check {
	reason := r.doubt(t, c)
	if reason == "" {
		return c
	}
	next := archive.Candidate{Digest: c.Snapshot.Digest, ImageCount: len(c.Snapshot.Images), Seen: 1, Since: c.At}
	if was := t.known.Candidate; was != nil {
		alike, inTime := r.resembles(ctx, t, was.Digest, c.Snapshot)
		if !inTime {
			return nil
		}
		if alike {
			next.Seen, next.Since = was.Seen+r.confirms(), was.Since
		}
	}
	if next.Seen >= confirmations {
		return c
	}
	c.State, c.Candidate, c.Before = archive.Held, &next, nil
	c.Problem = &archive.Problem{
		Class: "suspicious", Code: "Held", RequestID: c.Snapshot.RequestID,
		Message: fmt.Sprintf("%s; seen in %d of %d runs", reason, next.Seen, confirmations),
	}
	return c
}

// resembles says whether a candidate is what an earlier run saw, give or take
// what would pass as an ordinary change.
func (r *runner) resembles(ctx context.Context, t *task, digest string, s *catalog.Snapshot) (alike, inTime bool) {
	if digest == s.Digest {
		return true, true
	}
	earlier, inTime := r.stored(ctx, t.scope, digest)
	if earlier == nil {
		return false, inTime
	}
	return r.suspicion(earlier.Images, s.Images) == "" && r.suspicion(s.Images, earlier.Images) == "", true
}

// guardListing refuses to believe a listing that loses most clusters, or the
// instance types by which they are asked, until enough runs have seen it.
func (r *runner) guardListing(p *plan, found map[string]Cluster) {
	gone, what := 0, "clusters"
	for _, c := range p.base.Clusters {
		now, listed := found[c.ClusterID]
		bare := listed && r.settings.Types.Auto && bereft(c, now.Cluster)
		if bare {
			what = "clusters or their instance types"
		}
		if !listed || bare {
			gone++
		}
	}
	known, guard := len(p.base.Clusters), r.settings.ShrinkGuard
	if p.discovery.Problem != nil || guard >= 100 || gone*100 <= known*guard {
		return
	}
	p.discovery.Held = max(1, p.base.Discovery.Held+r.confirms())
	if p.discovery.Held >= confirmations {
		p.discovery.Held = 0
		return
	}
	p.discovery.Problem = &archive.Problem{
		Class: "suspicious", Code: "Held",
		Message: fmt.Sprintf("the listing misses %d of %d %s, more than %d percent; seen in %d of %d runs", gone, known, what, guard, p.discovery.Held, confirmations),
	}
}

// bereft says whether a cluster that had instance types is listed without any.
func bereft(known, now catalog.Cluster) bool {
	return len(known.InstanceTypes) > 0 && len(now.InstanceTypes) == 0
}
