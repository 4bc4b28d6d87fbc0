package query

import (
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// statusBody is the answer of /v1/status.
type statusBody struct {
	envelopeJSON
	statusJSON
}

// statusJSON has the members of a status after the envelope.
type statusJSON struct {
	Version string        `json:"Version" doc:"of the program"`
	Access  accessSummary `json:"Access"`
	Regions []regionJSON  `json:"Regions"`
}

// regionJSON is a region as /v1/status shows it. Everything in it comes from the
// head, except Error. With Error, only RegionId, Scopes and Stale are set.
type regionJSON struct {
	RegionID    string            `json:"RegionId"`
	Sequence    int64             `json:"Sequence" doc:"number of the last commit"`
	CommittedAt catalog.Time      `json:"CommittedAt"`
	Run         *format.RunInfo   `json:"Run,omitempty" doc:"the last run; only for callers who see all clusters"`
	Discovery   *format.Discovery `json:"Discovery,omitempty" doc:"the last listing; only for callers who see all clusters"`
	Clusters    int               `json:"ClusterCount" doc:"captured clusters that have a name"`
	Scopes      map[string]int    `json:"Scopes" doc:"count by state"`
	OldestCheck *oldestCheck      `json:"OldestCheck,omitempty" doc:"not there if no scope was ever checked with success"`
	Stale       bool              `json:"Stale" doc:"a part of the region is out of date; Snapshot names it"`
	Error       *statusError      `json:"Error,omitempty" doc:"why the region cannot be shown"`
}

// oldestCheck is the check of the scope that has waited longest. Its age is
// what an alert should watch: it grows if checks fail, and if nothing runs.
type oldestCheck struct {
	Scope      string       `json:"Scope" doc:"CLUSTER/TYPE"`
	CheckedAt  catalog.Time `json:"CheckedAt"`
	AgeSeconds int64        `json:"AgeSeconds" doc:"counted from now, also for an answer from a cache"`
}

// statusError says why a region cannot be shown. It has the code and message
// that a lookup in that region would get.
type statusError struct {
	Code    errorCode `json:"Code"`
	Message string    `json:"Message"`
}

// accessSummary says how callers are checked, as /v1/status shows it.
type accessSummary struct {
	Tokens     bool     `json:"Tokens" doc:"bearer tokens are configured"`
	AccessKeys bool     `json:"AccessKeys" doc:"access keys are configured"`
	Summary    string   `json:"Summary" doc:"the same as a sentence"`
	Regions    []string `json:"Regions,omitempty" doc:"of the caller's grant; not there: all"`
	Clusters   []string `json:"Clusters,omitempty" doc:"of the caller's grant; not there: all"`
}
