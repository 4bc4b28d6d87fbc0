package capture

import (
	"fmt"
	"slices"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// Event says that something happened to the clusters of a region. Unless a later
// check is known, a run lists the clusters of that region, asks about the named one,
// and ends the scopes of clusters that are not listed any more. For an event that
// names no cluster it asks about the scopes that it has never asked.
type Event struct {
	ID        string       `json:"Id,omitempty"`        // of the event bus; empty if it gave none
	Type      string       `json:"Type"`                // for example ehpc:ClusterOperation:CreateCluster
	RegionID  string       `json:"RegionId,omitempty"`  // empty: every region
	ClusterID string       `json:"ClusterId,omitempty"` // empty: the event names none
	At        catalog.Time `json:"At"`                  // when it happened
	// Outcome is one of the Event… constants. A run sets it where it is empty.
	Outcome string `json:"Outcome"`
	Reason  string `json:"Reason,omitempty"` // of the outcome, for people; may be empty

	listed bool // the cluster is in one of the regions
}

// Outcomes of an event.
const (
	EventTaken   = "taken"   // the run asked because of it
	EventSkipped = "skipped" // a later check knows already
	EventIgnored = "ignored" // it changes nothing that is captured here
	EventRefused = "refused" // it cannot be read
	EventFailed  = "failed"  // the stored state could not be read
)

// reject sets the outcome of an event that the settings exclude.
func (e *Event) reject(s Settings) {
	if e.Outcome != "" {
		return
	}
	if e.RegionID != "" && !slices.Contains(s.Regions, e.RegionID) {
		e.Outcome = EventIgnored
		e.Reason = fmt.Sprintf("region %q is not captured here (setting EHPC_REGIONS: %s)",
			e.RegionID, strings.Join(s.Regions, ", "))
		return
	}
	if e.ClusterID == "" {
		// Without a listing no run could find a cluster that is new or gone.
		if !s.needsListing(nil) {
			e.Outcome = EventIgnored
			e.Reason = "it names no cluster, and clusters are not listed here (setting SNAPSHOT_CLUSTERS)"
		}
		return
	}
	if err := catalog.ValidateName("cluster", e.ClusterID); err != nil {
		e.Outcome, e.Reason = EventRefused, err.Error()
	} else if !allows(s.Clusters, e.ClusterID) {
		e.Outcome = EventIgnored
		e.Reason = fmt.Sprintf("cluster %q is not captured here (setting SNAPSHOT_CLUSTERS)", e.ClusterID)
	}
}

// eventRegions returns the regions of the settings that the events concern.
func eventRegions(s Settings, events []Event) []string {
	return slices.DeleteFunc(slices.Clone(s.Regions), func(region string) bool {
		return !slices.ContainsFunc(events, func(e Event) bool { return e.concernsRegion(region) })
	})
}

// concernsRegion reports whether the event needs a check in a region.
func (e Event) concernsRegion(region string) bool {
	if e.Outcome == EventSkipped || e.Outcome == EventIgnored || e.Outcome == EventRefused {
		return false
	}
	return e.RegionID == "" || e.RegionID == region
}

// wasCheckedSince reports whether everything that the event can have changed was
// checked after it happened. listing tells whether runs list the clusters.
func (e Event) wasCheckedSince(base *archive.Region, listing bool) bool {
	if listing && !base.Discovery.CheckedAt.After(e.At.Time) {
		return false
	}
	asked := 0 // scopes of the cluster that were asked before
	for _, s := range base.Scopes() {
		if s.ClusterID != e.ClusterID || e.ClusterID == "" {
			continue
		}
		if asked++; needsCheckAfter(s, e) {
			return false
		}
	}
	// A cluster without scopes is up to date if a later listing does not have it.
	_, listed := base.Cluster(e.ClusterID)
	return asked > 0 || listing && !listed
}

// needsCheckAfter reports whether a scope has no successful check after an event.
func needsCheckAfter(s format.ScopeState, e Event) bool {
	return s.State == format.StateFailed || !s.TriedAt.After(e.At.Time)
}
