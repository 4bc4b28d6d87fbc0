package status

import (
	"time"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/metrics"
	"community-images/shared/query/state"
)

// regionFamilies collects metrics with a value for each region. A region that
// cannot be read has no value in most of them. Only "up" tells it apart from a
// region that does not exist.
type regionFamilies struct {
	regions  []Region          // as the caller may see them
	families []*metrics.Family // in the order of the answer
}

// add adds a gauge. value returns false for a region without a value.
func (f *regionFamilies) add(name, unit, help string, value func(Region) (v float64, ok bool)) {
	family := metrics.New(metrics.Gauge, "community_images_"+name, unit, help)
	for _, region := range f.regions {
		if v, ok := value(region); ok {
			family.Set(v, "region", region.RegionID)
		}
	}
	f.families = append(f.families, family)
}

// addTime adds a gauge for a time. A region without data, or with a zero time,
// has no value. Zero would be 1970, and alerts on its age would fire.
func (f *regionFamilies) addTime(name, help string, value func(Region) catalog.Time) {
	f.add(name+"_timestamp_seconds", "seconds", help+" Seconds since 1970.", func(r Region) (float64, bool) {
		t := catalog.Time{}
		if r.Error == nil {
			t = value(r)
		}
		// Prometheus wants seconds.
		return float64(t.UnixMilli()) / 1000, !t.IsZero()
	})
}

// addCount adds a gauge for a number. A region without data has no value.
func (f *regionFamilies) addCount(name, help string, value func(Region) int) {
	f.add(name, "", help, func(r Region) (float64, bool) { return float64(value(r)), r.Error == nil })
}

// addByLabel adds a gauge with a value for each region and value of a label. A
// label value that a region does not have is left out, not 0.
func (f *regionFamilies) addByLabel(name, label, help string, values func(Region) map[string]int) {
	family := metrics.New(metrics.Gauge, "community_images_"+name, "", help)
	for _, region := range f.regions {
		for value, n := range values(region) {
			family.Set(float64(n), "region", region.RegionID, label, value)
		}
	}
	f.families = append(f.families, family)
}

// Metrics returns the metrics of regions at a time, in the order of the answer.
func Metrics(regions []Region, now time.Time) []*metrics.Family {
	f := &regionFamilies{regions: regions}
	f.addStore(now)
	f.addLastRun()
	f.addContent()
	return f.families
}

// addStore adds what is known of the store.
func (f *regionFamilies) addStore(now time.Time) {
	const upHelp = "1: the store answers and has data of the region. " +
		"0: it does not; what is shown is what was read last, if anything."
	f.add("up", "", upHelp, func(r Region) (float64, bool) {
		// The last head is still served in an outage, so the data alone does
		// not say it.
		if r.Error == nil && r.outageSince.IsZero() {
			return 1, true
		}
		return 0, true
	})
	const outageHelp = "How long the store has not answered; 0: it answers."
	f.add("outage_seconds", "seconds", outageHelp, func(r Region) (float64, bool) {
		return float64(state.AgeSeconds(now, r.outageSince)), r.Error == nil
	})
}

// addLastRun adds what the last run, commit and listing of clusters did. A
// restricted caller sees the commit only.
func (f *regionFamilies) addLastRun() {
	f.addTime("last_run", "When the last run ended that wrote the region's head.", func(r Region) catalog.Time {
		return r.runOrZero().FinishedAt
	})
	f.add("last_run_duration_seconds", "seconds", "How long that run took.", func(r Region) (float64, bool) {
		// Zero before the first run.
		run := r.runOrZero()
		seconds := run.FinishedAt.Sub(run.StartedAt.Time).Seconds()
		// Clocks can step back during a run.
		return max(0, seconds), r.Error == nil && !run.FinishedAt.IsZero()
	})
	f.addByLabel("last_run_scopes", "outcome", "Scopes by what that run found.", countLastRunScopes)
	const aliasHelp = "1: that run could not use the file with the aliases, and changed none. 0: it could."
	f.add("alias_file_problem", "", aliasHelp, func(r Region) (float64, bool) {
		if r.runOrZero().AliasProblem != "" {
			return 1, true
		}
		return 0, r.Error == nil && r.Run != nil
	})
	f.addCount("commit_sequence", "Number of the last commit; commits count from 1 without a gap.",
		func(r Region) int { return int(r.Sequence) })
	f.addTime("commit", "When the last commit was made.", func(r Region) catalog.Time { return r.CommittedAt })
	f.addTime("discovery", "When the clusters were last listed with success.", func(r Region) catalog.Time {
		if r.Discovery == nil {
			return catalog.Time{}
		}
		return r.Discovery.CheckedAt
	})
}

// addContent adds what is captured, and how fresh it is. Counts are over what
// the caller may see.
func (f *regionFamilies) addContent() {
	f.addByLabel("scopes", "state", "Captured scopes by the outcome of their last check: ok, failed or held.",
		func(r Region) map[string]int { return r.Scopes })
	f.addCount("stale_scopes",
		"Scopes whose data is marked stale: failed, held, or not checked for longer than QUERY_MAX_STALE.",
		func(r Region) int { return r.staleScopes })
	const oldestHelp = "How long ago the scope was checked that has waited longest."
	f.add("oldest_check_age_seconds", "seconds", oldestHelp, func(r Region) (float64, bool) {
		// Nothing was ever checked.
		if r.OldestCheck == nil {
			return 0, false
		}
		return float64(r.OldestCheck.AgeSeconds), true
	})
	f.addCount("clusters", "Captured clusters.", func(r Region) int { return r.Clusters })
	f.addByLabel("boot_images", "state", "Captured clusters by the state of the image that they boot from: offered, "+
		"gone, not-community or unknown. Only with bootImages=true, and if it can be read.", countBootImagesByName)
	f.addCount("listed_images", "Images of all scopes; one counts once for each scope that offers it.",
		func(r Region) int { return r.images })
}

// runOrZero returns the last run, or a zero value for a region without data and
// for restricted callers.
func (r Region) runOrZero() format.RunInfo {
	if r.Run == nil {
		return format.RunInfo{}
	}
	return *r.Run
}

// countLastRunScopes returns the counts of the last run by outcome; nil: there
// was none.
func countLastRunScopes(r Region) map[string]int {
	if r.Run == nil || r.Run.FinishedAt.IsZero() {
		return nil
	}
	// The names are those of the run's own report.
	n := r.Run.Counts
	return map[string]int{
		"changed": n.Changed, "unchanged": n.Unchanged, "failed": n.Failed, "held": n.Held,
		"left": n.Left, "lost": n.Lost, "ended": n.Ended,
	}
}

// countBootImagesByName returns the counts of clusters by the state of their boot image;
// nil: they are not known.
func countBootImagesByName(r Region) map[string]int {
	counts := map[string]int{}
	for state, n := range r.bootImages {
		counts[string(state)] = n
	}
	return counts
}
