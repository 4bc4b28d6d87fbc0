package render

import (
	"encoding/json"

	"community-images/shared/catalog"
)

// The structs of the files wire*.go are the JSON that answers have. The OpenAPI
// document is made from them: the tag doc describes a member, and a member is
// required unless it can be left out. Answers with many images are written by
// hand, for speed; openapitest compares them with these structs.

// Envelope has the members with which every answer begins.
type Envelope struct {
	RequestID string `json:"RequestId"`
	RegionID  string `json:"RegionId" doc:"empty for an answer about several regions"`
	ClusterID string `json:"ClusterId" doc:"the parameter as given"`
	// InstanceType is as given too.
	InstanceType string   `json:"InstanceType" doc:"the parameter as given"`
	Snapshot     Snapshot `json:"Snapshot"`
}

// Snapshot says how old an answer is.
type Snapshot struct {
	Sequence    *int64       `json:"Sequence,omitempty" doc:"number of the commit; not there for several regions"`
	CommittedAt catalog.Time `json:"CommittedAt"`
	CheckedAt   catalog.Time `json:"CheckedAt" doc:"the oldest check; empty if nothing was ever checked with success"`
	AgeSeconds  *int64       `json:"AgeSeconds,omitempty" doc:"seconds since CheckedAt; not there if that is empty"`
	Stale       bool         `json:"Stale"`
	StaleScopes []StaleScope `json:"StaleScopes"`
}

// StaleScope is a scope whose data is older than it should be.
type StaleScope struct {
	Scope  string       `json:"Scope" doc:"CLUSTER/TYPE, with the region in front if there are several; * for all"`
	Since  catalog.Time `json:"Since"`
	Reason string       `json:"Reason"`
}

// ErrorCode is one of fault.ErrorCodes.
type ErrorCode string

// Error is the body of every error: E-HPC's own shape, with more members
// where an image is gone.
type Error struct {
	RequestID string       `json:"RequestId"`
	HostID    string       `json:"HostId"`
	Code      ErrorCode    `json:"Code"`
	Message   string       `json:"Message"`
	Recommend string       `json:"Recommend" doc:"what the caller can do; may be empty"`
	ImageID   string       `json:"ImageId,omitempty" doc:"of ImageGone: id of the image"`
	FirstSeen catalog.Time `json:"FirstSeen,omitzero" doc:"of ImageGone: when it was first offered; empty: not known"`
	LastSeen  catalog.Time `json:"LastSeen,omitzero" doc:"of ImageGone: when it was last known to be offered"`
	GoneSince catalog.Time `json:"GoneSince,omitzero" doc:"of ImageGone: since when no scope asked for offers it"`
	Image     Image        `json:"Image,omitempty" doc:"of ImageGone: the last content, if it can be read"`
}

// Image is an image as E-HPC sent it, or the fields that were asked for. The
// OpenAPI document describes it from the table of fields.
type Image json.RawMessage

// MarshalJSON implements json.Marshaler.
func (i Image) MarshalJSON() ([]byte, error) { return i, nil }

// HealthBody is the answer of /healthz.
type HealthBody struct {
	Status  string `json:"Status" doc:"always ok"`
	Version string `json:"Version" doc:"of the program"`
}
