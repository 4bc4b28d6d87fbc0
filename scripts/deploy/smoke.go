package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"community-images/scripts/deploy/ros"
	"community-images/shared/capture"
)

// smoke tries the deployed functions out: one snapshot, then the lookups'
// status, which must tell the version that was just deployed.
func (d *deployment) smoke(ctx context.Context, stack ros.Stack) error {
	output := map[string]string{}
	for _, o := range stack.Outputs {
		output[o.Name], _ = o.Value.(string)
	}
	for _, name := range []string{"SnapshotFunction", "QueryFunction", "Url"} {
		if output[name] == "" {
			return fmt.Errorf("smoke test: the stack has no output %q", name)
		}
	}
	seconds, _ := strconv.Atoi(stack.Parameters["SnapshotTimeout"]) // none: a template that has no such parameter
	report, err := d.snapshot(ctx, output["SnapshotFunction"], time.Duration(seconds)*time.Second)
	if err != nil {
		return fmt.Errorf("smoke test: %w", err)
	}
	for _, r := range report.Regions {
		if err := d.captured(r); err != nil {
			return fmt.Errorf("smoke test: %w", err)
		}
	}
	base := strings.TrimSuffix(output["Url"], "/")
	ask, where := d.overHTTP(base), base+"/v1/status"
	if stack.Parameters["HttpAuth"] == "jwt" || stack.Parameters["DefaultUrl"] == "false" {
		// The URL is closed to whoever has a signature only.
		ask, where = d.directly(output["QueryFunction"]), output["QueryFunction"]
	}
	if err := d.awaitVersion(ctx, ask); err != nil {
		return fmt.Errorf("smoke test: %w", err)
	}
	fmt.Fprintf(d.out, "%s reports version %s: deployed\n", where, d.version)
	return nil
}

// captured prints what a run did in a region. It is an error if that was
// nothing; single scopes may fail.
func (d *deployment) captured(r *capture.RegionReport) error {
	fmt.Fprintf(d.out, "snapshot of %s: commit %d, %d clusters, %d images, %d of %d scopes failed\n", r.RegionID, r.Sequence, r.Clusters, r.Images, r.Counts.Failed, r.Counts.Planned)
	for _, problem := range r.Problems {
		fmt.Fprintf(d.out, "  %s\n", problem)
	}
	const shown = 5
	for _, f := range r.Failed[:min(len(r.Failed), shown)] {
		fmt.Fprintf(d.out, "  %s: %s %s: %s\n", f.Scope, f.Class, f.Code, f.Message)
	}
	switch {
	case r.Error != "":
		return fmt.Errorf("region %s was not captured: %s", r.RegionID, r.Error)
	case r.Counts.Planned > 0 && r.Counts.Failed >= r.Counts.Planned:
		return fmt.Errorf("region %s was not captured: every scope failed, as shown above", r.RegionID)
	}
	return nil
}

// snapshot takes one and returns its report. A run takes up to the given time.
func (d *deployment) snapshot(ctx context.Context, function string, run time.Duration) (*capture.Report, error) {
	fmt.Fprintf(d.out, "taking a snapshot with %s\n", function)
	answer, err := d.invoke(ctx, function, []byte("{}"), run)
	if err != nil {
		return nil, err
	}
	report := &capture.Report{}
	if err := json.Unmarshal(answer, report); err != nil {
		return nil, fmt.Errorf("reading the report of %s: %w", function, err)
	}
	return report, nil
}

// awaitVersion asks until the new version answers: FC may let old instances
// answer for a moment.
func (d *deployment) awaitVersion(ctx context.Context, ask func(context.Context) (string, error)) error {
	last := time.Now().Add(d.patience)
	for {
		version, err := ask(ctx)
		switch {
		case err == nil && version == d.version:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(last) && err != nil:
			return err
		case time.Now().After(last):
			return fmt.Errorf("the lookups report version %q, not %q", version, d.version)
		}
		pause(ctx, d.poll)
	}
}
