package status

import (
	"encoding/json"
	"fmt"
	"slices"

	"community-images/shared/catalog"
	"community-images/shared/query/etag"
	"community-images/shared/query/render"
	"community-images/shared/query/state"
)

// ETag makes the ETag of a status from all that it shows except ages,
// which grow by themselves. So a monitor that polls gets a 304 until something
// happens.
func ETag(status render.Status, stale []state.StaleScope, more ...string) (string, error) {
	// The caller still renders the ages.
	status.Regions = slices.Clone(status.Regions)
	for i := range status.Regions {
		if check := status.Regions[i].OldestCheck; check != nil {
			status.Regions[i].OldestCheck = &render.OldestCheck{Scope: check.Scope, CheckedAt: check.CheckedAt}
		}
	}
	for _, s := range stale {
		more = append(more, s.Scope, s.Since.String(), s.Reason.String())
	}
	data, err := json.Marshal(status)
	if err != nil {
		return "", fmt.Errorf("encoding status: %w", err)
	}
	return etag.Make(append(more, string(data))...), nil
}

// LastRunOrCommit returns when the last run or commit of any region ended. It
// is the Last-Modified of a status.
func LastRunOrCommit(list []Region) (last catalog.Time) {
	for _, region := range list {
		if region.CommittedAt.After(last.Time) {
			last = region.CommittedAt
		}
		if region.Run != nil && region.Run.FinishedAt.After(last.Time) {
			last = region.Run.FinishedAt
		}
	}
	return last
}
