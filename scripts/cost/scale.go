package main

import "math"

// measuredImages is the length of every list in the measured fleets, and
// measuredTypes the number of instance types of each cluster.
const (
	measuredImages = 100
	measuredTypes  = 1
)

// fleetOptions describe a fleet of one's own.
type fleetOptions struct {
	// clusters is the number of clusters. 0: the three measured numbers.
	clusters int
	// types is the number of instance types of each cluster. Each adds a scope.
	types int
	// images is the length of a list. Snapshots grow with it.
	images int
}

// scaleFleets returns the fleets of an estimate: the measured ones, or one with
// the wanted number of clusters, both with the wanted types and images. The
// measured fleets must be sorted by size; there must be two.
func scaleFleets(measured []fleet, o fleetOptions) []fleet {
	if o.clusters > 0 {
		return []fleet{scaleFleet(measured, o)}
	}
	var fleets []fleet
	for _, f := range measured {
		o.clusters = f.Clusters
		fleets = append(fleets, scaleFleet(measured, o))
	}
	return fleets
}

// scaleFleet returns what a fleet uses, computed from the measured ones. What a
// function uses grows with the scopes or not at all; TestCountsGrowWithTheFleet
// checks that. So a line between two measured fleets gives the numbers of clusters
// between them, and the last line those above.
func scaleFleet(measured []fleet, o fleetOptions) fleet {
	below, above := neighbours(measured, o.clusters)
	part := float64(o.clusters-below.Clusters) / float64(above.Clusters-below.Clusters)
	between := func(a, b int) int { return int(math.Round(float64(a) + part*float64(b-a))) }

	f := fleet{Clusters: o.clusters, Scopes: 1 + o.clusters*(1+o.types)}
	lower, upper, wanted := below.Steps.uses(), above.Steps.uses(), f.Steps.uses()
	for i, u := range wanted {
		a, b := lower[i], upper[i]
		*u = use{
			Calls: between(a.Calls, b.Calls), OSSWrites: between(a.OSSWrites, b.OSSWrites),
			OSSReads: between(a.OSSReads, b.OSSReads), LogBytes: between(a.LogBytes, b.LogBytes),
			AnswerBytes: between(a.AnswerBytes, b.AnswerBytes), StoredBytes: between(a.StoredBytes, b.StoredBytes),
		}
	}
	f.addTypes(o.types-measuredTypes, above.Steps.FirstRun.StoredBytes/above.Scopes)
	for _, u := range []*use{&f.Steps.FirstRun, &f.Steps.OneChanged, &f.Steps.TenChanged} {
		u.StoredBytes = int(float64(u.StoredBytes) * float64(o.images) / measuredImages)
	}
	return f
}

// neighbours returns the two measured fleets whose line is used for a number of
// clusters.
func neighbours(measured []fleet, clusters int) (below, above fleet) {
	i := 1
	for i < len(measured)-1 && measured[i].Clusters < clusters {
		i++
	}
	return measured[i-1], measured[i]
}

// addTypes adds instance types to each cluster, or takes them away. Each is one
// more question in a run over all clusters and in the run of an event, and one
// more snapshot of bytesPerScope in the first run.
func (f *fleet) addTypes(types, bytesPerScope int) {
	scopes := f.Clusters * types
	for _, u := range []*use{&f.Steps.FirstRun, &f.Steps.UnchangedRun, &f.Steps.OneChanged, &f.Steps.TenChanged} {
		u.Calls += scopes
	}
	f.Steps.FirstRun.OSSWrites += scopes
	f.Steps.FirstRun.StoredBytes += scopes * bytesPerScope
	f.Steps.Event.Calls += types
}

// uses returns the steps as a list, always in the same order.
func (s *steps) uses() []*use {
	return []*use{
		&s.FirstRun, &s.UnchangedRun, &s.OneChanged, &s.TenChanged, &s.Event,
		&s.ColdLookup, &s.WarmLookup, &s.LaterLookup,
	}
}
