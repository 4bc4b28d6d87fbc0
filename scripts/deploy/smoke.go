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

// testFunctions tests the deployed functions. It takes one snapshot, and waits
// until lookups report the new version. A deployment that stores nothing, or
// that still runs the old code, must not end with "deployed".
func (d *deployment) testFunctions(ctx context.Context, stack ros.Stack) error {
	// The outputs name the functions, because the parameter Name may choose other
	// names. Outputs that are not texts are of no interest here.
	outputs := map[string]string{}
	for _, o := range stack.Outputs {
		outputs[o.Name], _ = o.Value.(string)
	}
	for _, name := range []string{"SnapshotFunction", "QueryFunction", "Url"} {
		if outputs[name] == "" {
			return fmt.Errorf("smoke test: the stack has no output %q", name)
		}
	}
	// A template without this parameter gives 0: then we do not wait for a run
	// of the timer.
	seconds, _ := strconv.Atoi(stack.Parameters["SnapshotTimeout"])
	report, err := d.takeSnapshot(ctx, outputs["SnapshotFunction"], time.Duration(seconds)*time.Second)
	if err != nil {
		return fmt.Errorf("smoke test: %w", err)
	}
	// Regions are printed up to the first that fails.
	for _, r := range report.Regions {
		d.printRegion(r)
		if err := checkRegion(r); err != nil {
			return fmt.Errorf("smoke test: %w", err)
		}
	}
	base := strings.TrimSuffix(outputs["Url"], "/")
	// The URL is tested as callers use it, unless the signature does not open it.
	readVersion, where := d.readVersionOverHTTP(base), base+"/v1/status"
	auth := stack.Parameters["HttpAuth"]
	if auth == "jwt" || auth == "bearer" || stack.Parameters["DefaultUrl"] == "false" {
		// The deployer's signature does not open the URL.
		readVersion, where = d.readVersionByInvocation(outputs["QueryFunction"]), outputs["QueryFunction"]
	}
	if err := d.waitForVersion(ctx, readVersion); err != nil {
		return fmt.Errorf("smoke test: %w", err)
	}
	fmt.Fprintf(d.out, "%s reports version %s: deployed\n", where, d.version)
	return nil
}

// printRegion prints what a run did in a region: one line, its problems, and the
// first failed scopes.
func (d *deployment) printRegion(r *capture.RegionReport) {
	fmt.Fprintf(d.out, "snapshot of %s: commit %d, %d clusters, %d images, %d of %d scopes failed\n",
		r.RegionID, r.Sequence, r.Clusters, r.Images, r.Counts.Failed, r.Counts.Planned)
	for _, problem := range r.Problems {
		fmt.Fprintf(d.out, "  %s\n", problem)
	}
	// All scopes may fail for one reason: a few examples are enough.
	const maxShown = 5
	for _, f := range r.Failed[:min(len(r.Failed), maxShown)] {
		fmt.Fprintf(d.out, "  %s: %s %s: %s\n", f.Scope, f.Class, f.Code, f.Message)
	}
}

// checkRegion returns an error if a run captured nothing in a region. Single
// scopes may fail.
func checkRegion(r *capture.RegionReport) error {
	switch {
	case r.Error != "":
		return fmt.Errorf("region %s was not captured: %s", r.RegionID, r.Error)
	case r.Counts.Planned > 0 && r.Counts.Failed >= r.Counts.Planned:
		return fmt.Errorf("region %s was not captured: every scope failed, as shown above", r.RegionID)
	}
	return nil
}

// takeSnapshot invokes the snapshot function and returns its report. maxRun is
// the longest time that a run takes.
func (d *deployment) takeSnapshot(
	ctx context.Context, function string, maxRun time.Duration,
) (*capture.Report, error) {
	fmt.Fprintf(d.out, "taking a snapshot with %s\n", function)
	body, err := d.invoke(ctx, function, []byte("{}"), maxRun)
	if err != nil {
		return nil, err
	}
	// The report tells regions that failed: an invocation succeeds if one region
	// was committed.
	report := &capture.Report{}
	if err := json.Unmarshal(body, report); err != nil {
		return nil, fmt.Errorf("reading the report of %s: %w", function, err)
	}
	return report, nil
}

// waitForVersion calls readVersion until it returns the deployed version. FC
// may use old instances for a moment.
func (d *deployment) waitForVersion(ctx context.Context, readVersion func(context.Context) (string, error)) error {
	// The wrong version and an error are both temporary until the deadline.
	deadline := time.Now().Add(d.retryTime)
	for {
		version, err := readVersion(ctx)
		switch {
		case err == nil && version == d.version:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(deadline) && err != nil:
			return err
		case time.Now().After(deadline):
			return fmt.Errorf("the lookups report version %q, not %q", version, d.version)
		}
		sleep(ctx, d.pollInterval)
	}
}
