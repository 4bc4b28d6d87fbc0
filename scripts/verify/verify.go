package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"community-images/shared/archive"
)

// verifier works on one place.
type verifier struct {
	options
	place *place
	now   func() time.Time
	out   io.Writer
}

// verify does what the flags ask for, in every region that is stored or in
// the one that is named. An error says that something is wrong, or unknown.
func verify(ctx context.Context, o options, environ []string, out io.Writer, now func() time.Time) error {
	place, err := openPlace(o, environ)
	if err != nil {
		return err
	}
	defer place.close()
	v := &verifier{options: o, place: place, now: now, out: out}
	regions := []string{o.region}
	if o.region == "" {
		if regions, err = archive.New(place.bucket, place.keys).Regions(ctx); err != nil {
			return err
		}
	}
	if len(regions) == 0 {
		return fmt.Errorf("nothing is stored below %q", place.keys.Root())
	}
	slices.Sort(regions)
	bad, errs := 0, []error(nil)
	for _, region := range regions {
		n, err := v.verify(ctx, region)
		bad += n
		if err != nil {
			errs = append(errs, fmt.Errorf("region %q: %w", region, err))
		}
	}
	if bad > 0 {
		errs = append(errs, fmt.Errorf("%s", count(bad, "fault")))
	}
	return errors.Join(errs...)
}

// verify returns the number of faults that are left in a region.
func (v *verifier) verify(ctx context.Context, region string) (int, error) {
	audit, err := v.audit(ctx, region)
	if err != nil {
		return 0, err
	}
	if v.repair && v.derivedFaults(audit) {
		writer := archive.NewWriter(v.place.bucket, v.place.keys, v.now)
		r, err := writer.Repair(ctx, region)
		if err != nil {
			return len(audit.Findings), fmt.Errorf("rebuilding head and catalogue: %w", err)
		}
		what := "head and catalogue"
		if r.IndexSequence < r.Sequence {
			what = "head"
		}
		fmt.Fprintf(v.out, "%s: %s rebuilt from the log, at commit %d\n", region, what, r.Sequence)
		if audit, err = v.audit(ctx, region); err != nil {
			return 0, err
		}
	}
	switch {
	case !v.gc && !v.dryRun:
	case len(audit.Findings) > 0:
		return len(audit.Findings), errors.New("nothing is collected where there is a fault")
	default:
		return 0, v.collect(ctx, region)
	}
	return len(audit.Findings), nil
}

// audit prints what Verify finds.
func (v *verifier) audit(ctx context.Context, region string) (*archive.Audit, error) {
	audit, err := archive.New(v.place.bucket, v.place.keys).Verify(ctx, region)
	if err != nil {
		return nil, err
	}
	for _, f := range audit.Findings {
		fmt.Fprintf(v.out, "fault  %s\n", f)
	}
	for _, key := range audit.Orphans {
		fmt.Fprintf(v.out, "orphan %s\n", key)
	}
	fmt.Fprintf(v.out, "%s: %s, %s, %s, %s\n", region, count(audit.Commits, "commit"), count(audit.Snapshots, "snapshot"),
		count(len(audit.Orphans), "orphan"), count(len(audit.Findings), "fault"))
	return audit, nil
}

// derivedFaults says whether a fault lies in the head or the catalogue.
func (v *verifier) derivedFaults(audit *archive.Audit) bool {
	return slices.ContainsFunc(audit.Findings, func(f archive.Finding) bool {
		p, err := v.place.keys.Parse(f.Key)
		return err == nil && (p.Kind == archive.HeadKind || p.Kind == archive.IndexKind)
	})
}

// collect removes what retention no longer wants, or says what it would.
func (v *verifier) collect(ctx context.Context, region string) error {
	collector := archive.NewCollector(v.place.bucket, v.place.keys, v.place.keep.Before, v.now)
	each, all, do := "removing", "removed", collector.Collect
	if v.dryRun {
		each, all, do = "would remove", "would remove", collector.Plan
	}
	sweep, err := do(ctx, region)
	bytes := int64(0)
	for _, item := range sweep.Items {
		bytes += item.Size
		fmt.Fprintf(v.out, "%s %s, %d bytes, of %s: %s\n", each, item.Key, item.Size, item.Modified.UTC().Format(time.DateTime), item.Why)
	}
	n := len(sweep.Items)
	if !v.dryRun {
		n, bytes = sweep.Removed, sweep.Bytes
	}
	fmt.Fprintf(v.out, "%s: %s %s, %d bytes; %d wait for their grace period\n", region, all, count(n, "object"), bytes, sweep.Waiting)
	return err
}

// count is "1 fault" or "2 faults".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
