package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/fsck"
	"community-images/shared/archive/gc"
)

// verifier verifies one bucket.
type verifier struct {
	process
	options
	// target is the bucket.
	target *target
}

// verify does what the flags ask for, in every region that is stored or in
// the one that is named. An error says that something is wrong, or unknown.
func (p process) verify(ctx context.Context, o options) error {
	if o.aliases != "" {
		return p.checkAliasFile(o.aliases)
	}
	target, err := openTarget(o, p.environ)
	if err != nil {
		return err
	}
	defer target.close()
	v := &verifier{process: p, options: o, target: target}
	regions, err := v.selectRegions(ctx)
	if err != nil {
		return err
	}
	// A region that cannot be read does not keep the others from being verified.
	bad, err := v.verifyAliases(ctx, regions)
	errs := []error{err}
	n, err := v.verifyNotify(ctx)
	bad += n
	errs = append(errs, err)
	for _, region := range regions {
		n, err := v.verifyRegion(ctx, region)
		bad += n
		if err != nil {
			errs = append(errs, fmt.Errorf("region %q: %w", region, err))
		}
	}
	if bad > 0 {
		errs = append(errs, fmt.Errorf("%s", formatCount(bad, "fault")))
	}
	return errors.Join(errs...)
}

// selectRegions returns the region that -region names, or else all that are stored.
func (v *verifier) selectRegions(ctx context.Context) ([]string, error) {
	regions, err := archive.New(v.target.bucket, v.target.keys).Regions(ctx)
	if err != nil {
		return nil, err
	}
	slices.Sort(regions)
	switch {
	case len(regions) == 0:
		return nil, fmt.Errorf("nothing is stored below %q", v.target.keys.Root())
	case v.region == "":
		return regions, nil
	case !slices.Contains(regions, v.region):
		return nil, fmt.Errorf("-region: region %q is not stored below %q; stored are: %s", v.region,
			v.target.keys.Root(), strings.Join(regions, ", "))
	}
	return []string{v.region}, nil
}

// verifyRegion verifies a region, repairs and collects as the flags ask, and
// returns the number of faults that are left.
func (v *verifier) verifyRegion(ctx context.Context, region string) (int, error) {
	audit, err := v.printAudit(ctx, region)
	if err != nil {
		return 0, err
	}
	for _, repair := range []func(context.Context, *fsck.Audit) (bool, error){v.rewriteLog, v.rebuildDerived} {
		if !v.repair {
			break
		}
		repaired, err := repair(ctx, audit)
		if err != nil {
			return len(audit.Findings), err
		}
		if !repaired {
			continue
		}
		if audit, err = v.printAudit(ctx, region); err != nil {
			return 0, err
		}
	}
	switch {
	case !v.gc && !v.dryRun:
	case len(audit.Findings) > 0:
		// What a damaged region needs is not known.
		return len(audit.Findings), errors.New("nothing is collected where there is a fault")
	default:
		return 0, v.collect(ctx, region)
	}
	return len(audit.Findings), nil
}

// rewriteLog makes the log appendable if it is not. It reports whether it has changed
// something.
func (v *verifier) rewriteLog(ctx context.Context, audit *fsck.Audit) (bool, error) {
	if !v.hasFinding(audit, archive.LogKind, archive.LogCopyKind) {
		return false, nil
	}
	writer := archive.NewWriter(v.target.bucket, v.target.keys, v.now)
	rewriter := fsck.NewRewriter(writer, v.target.bucket, v.target.quiet)
	months, err := rewriter.Rewrite(ctx, audit.RegionID)
	for _, month := range months {
		fmt.Fprintf(v.out, "%s: log of %s rewritten as an appendable object\n", audit.RegionID, month)
	}
	return len(months) > 0, err
}

// rebuildDerived rebuilds the head and the index if one of them has a fault. It reports
// whether it has done so.
func (v *verifier) rebuildDerived(ctx context.Context, audit *fsck.Audit) (bool, error) {
	if !v.hasFinding(audit, archive.HeadKind, archive.IndexKind) {
		return false, nil
	}
	r, err := fsck.Repair(ctx, archive.NewWriter(v.target.bucket, v.target.keys, v.now), audit.RegionID)
	if err != nil {
		return false, fmt.Errorf("rebuilding head and index: %w", err)
	}
	// A damaged snapshot makes the index impossible, and the head is rebuilt all the same.
	what := "head and index"
	if r.IndexSequence < r.Sequence {
		what = "head"
	}
	fmt.Fprintf(v.out, "%s: %s rebuilt from the log, at commit %d\n", audit.RegionID, what, r.Sequence)
	return true, nil
}

// printAudit verifies a region and prints what was found.
func (v *verifier) printAudit(ctx context.Context, region string) (*fsck.Audit, error) {
	audit, err := fsck.Verify(ctx, archive.New(v.target.bucket, v.target.keys), region)
	if err != nil {
		return nil, err
	}
	for _, f := range audit.Findings {
		fmt.Fprintf(v.out, "fault  %s\n", f)
	}
	for _, n := range audit.Notes {
		fmt.Fprintf(v.out, "note   %s\n", n)
	}
	for _, key := range audit.Orphans {
		fmt.Fprintf(v.out, "orphan %s\n", key)
	}
	summary := []string{formatCount(audit.Commits, "commit"), formatCount(audit.Snapshots, "snapshot"),
		formatCount(len(audit.Orphans), "orphan"), formatCount(len(audit.Findings), "fault")}
	if len(audit.Notes) > 0 {
		summary = append(summary, formatCount(len(audit.Notes), "note"))
	}
	fmt.Fprintf(v.out, "%s: %s\n", region, strings.Join(summary, ", "))
	return audit, nil
}

// hasFinding reports whether an object of one of the kinds has a fault.
func (v *verifier) hasFinding(audit *fsck.Audit, kinds ...archive.Kind) bool {
	return slices.ContainsFunc(audit.Findings, func(f fsck.Finding) bool {
		p, err := v.target.keys.Parse(f.Key)
		return err == nil && slices.Contains(kinds, p.Kind)
	})
}

// collect removes the objects that retention no longer keeps. With -gc-dry-run it
// only prints them.
func (v *verifier) collect(ctx context.Context, region string) error {
	collector := gc.NewCollector(v.target.bucket, v.target.keys, v.target.retention.Before, v.now)
	each, all, do := "removing", "removed", collector.Collect
	if v.dryRun {
		each, all, do = "would remove", "would remove", collector.Plan
	}
	sweep, err := do(ctx, region)
	bytes := int64(0)
	for _, item := range sweep.Items {
		bytes += item.Size
		fmt.Fprintf(v.out, "%s %s, %d bytes, of %s: %s\n", each, item.Key, item.Size,
			item.Modified.UTC().Format(time.DateTime), item.Why)
	}
	n := len(sweep.Items)
	if !v.dryRun {
		n, bytes = sweep.Removed, sweep.Bytes
	}
	fmt.Fprintf(v.out, "%s: %s %s, %d bytes; %d wait for their grace period\n", region, all, formatCount(n, "object"),
		bytes, sweep.Waiting)
	return err
}

// formatCount returns, for example, "1 fault" or "2 faults".
func formatCount(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
