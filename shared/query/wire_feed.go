package query

import (
	"encoding/json"

	"community-images/shared/catalog"
)

// feedJSON has the members of a page of events.
type feedJSON struct {
	Count int  `json:"Count" doc:"events on the page"`
	More  bool `json:"More" doc:"there may be another page: this one has limit events, or read many commits"`
	// NextCursor is never empty, because a feed goes on.
	NextCursor string `json:"NextCursor" doc:"where the next page begins, even if there is nothing yet"`
}

// changesBody is the answer of /v1/changes.
type changesBody struct {
	envelopeJSON
	changesJSON
}

// changesJSON has the members of the feed of a region after the envelope.
type changesJSON struct {
	feedJSON
	Changes []eventJSON `json:"Changes" doc:"oldest first; of a commit by ImageId, then removed, added, changed"`
}

// historyBody is the answer of /v1/images/{ImageId}/history.
type historyBody struct {
	envelopeJSON
	historyJSON
}

// historyJSON has the members of the history of an image after the envelope.
type historyJSON struct {
	ImageID string `json:"ImageId"`
	feedJSON
	Events []eventJSON `json:"Events" doc:"oldest first"`
}

// eventKindName is one of kindNames.
type eventKindName string

// eventJSON is what a commit did to an image in a scope.
type eventJSON struct {
	Sequence     int64             `json:"Sequence" doc:"number of the commit"`
	CommittedAt  catalog.Time      `json:"CommittedAt"`
	Kind         eventKindName     `json:"Kind" doc:"kept: it was there before Sequence, the first commit that is kept"`
	ImageID      string            `json:"ImageId"`
	ImageName    string            `json:"ImageName,omitempty" doc:"the name after the commit, or before it if removed"`
	RegionID     string            `json:"RegionId"`
	ClusterID    string            `json:"ClusterId" doc:"empty: the list without a cluster"`
	InstanceType string            `json:"InstanceType" doc:"empty: the list without an instance type"`
	Fields       []fieldChangeJSON `json:"Fields,omitempty" doc:"of kind changed"`
}

// fieldChangeJSON is a field with its values before and after a commit.
type fieldChangeJSON struct {
	Field  string          `json:"Field"`
	Before json.RawMessage `json:"Before,omitempty" doc:"as E-HPC sent it; not there if the field is new"`
	After  json.RawMessage `json:"After,omitempty" doc:"as E-HPC sent it; not there if the field is gone"`
}
