package render

import (
	"community-images/shared/apierror"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/message"
)

// StatusBody is the answer of /v1/status.
type StatusBody struct {
	Envelope
	Status
}

// Status has the members of a status after the envelope.
type Status struct {
	Version string        `json:"Version" doc:"of the program"`
	Access  AccessSummary `json:"Access"`
	Regions []Region      `json:"Regions"`
	Notify  *Notify       `json:"Notify,omitempty" doc:"the subscriptions to messages; not there: none, or a restricted caller"`
}

// Notify is how the subscriptions to messages stand.
type Notify struct {
	Problem       string         `json:"Problem,omitempty" doc:"why the last run could not use notify.json"`
	Subscriptions []Subscription `json:"Subscriptions"`
}

// Subscription is how one subscription stands.
type Subscription struct {
	DeliveredAt  *catalog.Time `json:"DeliveredAt,omitempty" doc:"when the receiver last took a message"`
	FailingSince *catalog.Time `json:"FailingSince,omitempty" doc:"when it first refused the message that is due"`
	Kind         string        `json:"Kind" doc:"of the receiver: webhook, dingtalk, feishu, wecom or slack"`
	Name         string        `json:"Name"`
	Pending      int64         `json:"Pending" doc:"commits that the receiver has not been told of"`
	Problem      string        `json:"Problem,omitempty" doc:"why a message could not be delivered"`
	RetryAt      *catalog.Time `json:"RetryAt,omitempty" doc:"when a run tries again, at the earliest"`
}

// Region is a region as /v1/status shows it. Everything in it comes from the
// head, except Error. With Error, only RegionId, Scopes and Stale are set.
type Region struct {
	RegionID    string       `json:"RegionId"`
	Sequence    int64        `json:"Sequence" doc:"number of the last commit"`
	CommittedAt catalog.Time `json:"CommittedAt"`
	// SimulatedUntil is Head.SimulatedUntil.
	SimulatedUntil catalog.Time      `json:"SimulatedUntil,omitzero" doc:"the history up to this time is not real: a simulated clock dated its commits, as in a local run; not there if all of it is real"`
	Run            *format.RunInfo   `json:"Run,omitempty" doc:"only for callers who see all clusters"`
	Discovery      *format.Discovery `json:"Discovery,omitempty" doc:"only for callers who see all clusters"`
	Clusters       int               `json:"ClusterCount" doc:"captured clusters that have a name"`
	// GoneBootImages is nil if it is not asked for, or cannot be read.
	GoneBootImages *int           `json:"GoneBootImageCount,omitempty" doc:"with bootImages=true: clusters whose ImageState in /v1/clusters is gone; not there if that cannot be read"`
	Scopes         map[string]int `json:"Scopes" doc:"count by state"`
	OldestCheck    *OldestCheck   `json:"OldestCheck,omitempty" doc:"not there if no scope was ever checked with success"`
	Stale          bool           `json:"Stale" doc:"a part of the region is out of date; Snapshot names it"`
	Error          *StatusError   `json:"Error,omitempty" doc:"why the region cannot be shown"`
}

// OldestCheck is the check of the scope that has waited longest. Its age is
// what an alert should watch: it grows if checks fail, and if nothing runs.
type OldestCheck struct {
	Scope      string       `json:"Scope" doc:"CLUSTER/TYPE"`
	CheckedAt  catalog.Time `json:"CheckedAt"`
	AgeSeconds int64        `json:"AgeSeconds" doc:"counted from now, also for an answer from a cache"`
}

// StatusError says why a region cannot be shown. It has the code and message
// that a lookup in that region would get.
type StatusError struct {
	Code    ErrorCode `json:"Code"`
	Message string    `json:"Message"`
	// text is Message for pages in other languages.
	text message.Text
}

// NewStatusError returns an error as a part of an answer shows it.
func NewStatusError(e *apierror.Error) *StatusError {
	return &StatusError{ErrorCode(e.Code), e.Message.String(), e.Message}
}

// Text returns the message for pages.
func (e *StatusError) Text() message.Text { return e.text }

// AccessSummary says how callers are checked, as /v1/status shows it.
type AccessSummary struct {
	Tokens     bool     `json:"Tokens" doc:"bearer tokens are configured"`
	AccessKeys bool     `json:"AccessKeys" doc:"access keys are configured"`
	Summary    string   `json:"Summary" doc:"the same as a sentence"`
	Regions    []string `json:"Regions,omitempty" doc:"of the caller's grant; not there: all"`
	Clusters   []string `json:"Clusters,omitempty" doc:"of the caller's grant; not there: all"`
}
