package render

import (
	"encoding/json"

	"community-images/shared/catalog"
	"community-images/shared/query/request"
)

// Feed has the members of a page of events.
type Feed struct {
	Count int  `json:"Count" doc:"events on the page"`
	More  bool `json:"More" doc:"there may be another page: this one has limit events, or read many commits"`
	// NextCursor is never empty, because a feed goes on.
	NextCursor string `json:"NextCursor" doc:"where the next page begins, even if there is nothing yet"`
}

// ChangesBody is the answer of /v1/changes.
type ChangesBody struct {
	Envelope
	ChangeFeed
}

// ChangeFeed has the members of the feed of a region after the envelope.
type ChangeFeed struct {
	Feed
	Changes []Change `json:"Changes" doc:"oldest first; of a commit the clusters that ended, then images by ImageId"`
}

// ScopeChangeFeed is ChangeFeed with by=scope.
type ScopeChangeFeed struct {
	Feed
	Changes []Event `json:"Changes"`
}

// Change is what a commit, or the time between two states, did to an image in the
// chosen scopes, or to a cluster. Of a cluster it has ClusterId and no ImageId. With
// by=scope it is an Event, which has ClusterId and InstanceType always.
type Change struct {
	Sequence    int64            `json:"Sequence,omitempty" doc:"number of the commit; not there in a diff"`
	CommittedAt catalog.Time     `json:"CommittedAt,omitzero" doc:"not there in a diff"`
	Kind        request.KindName `json:"Kind" doc:"the first that holds, and is asked for, of removed, added, changed"`
	ImageID     string           `json:"ImageId,omitempty" doc:"not there for a cluster that ended"`
	ImageName   string           `json:"ImageName,omitempty" doc:"the name after the commit, or before it if removed"`
	RegionID    string           `json:"RegionId"`
	Offered     *bool            `json:"Offered,omitempty" doc:"a chosen scope offers it, when the feed or diff ends"`
	Lost        *Scopes          `json:"Lost,omitempty" doc:"what no longer offers it; ended clusters if nothing does"`
	Gained      *Scopes          `json:"Gained,omitempty" doc:"what offers it now"`
	Changed     *Scopes          `json:"Changed,omitempty" doc:"what offers it with other content"`

	Fields []FieldChange `json:"Fields,omitempty" doc:"what changed in its content"`

	endedJSON
}

// endedJSON has the members of a Change that only a cluster has that ended.
type endedJSON struct {
	ClusterID     *string  `json:"ClusterId,omitempty" doc:"that ended; empty: the list without a cluster"`
	ClusterName   string   `json:"ClusterName,omitempty" doc:"of kind ended: its last name, if there was one"`
	InstanceTypes []string `json:"InstanceTypes,omitempty" doc:"of kind ended: those that are no longer asked"`
	ImageCount    *int     `json:"ImageCount,omitempty" doc:"of kind ended: images that it had last"`
}

// Scopes names scopes by their parts.
type Scopes struct {
	Clusters      []string `json:"Clusters"`
	InstanceTypes []string `json:"InstanceTypes" doc:"of any of the clusters"`
	EveryCluster  bool     `json:"EveryCluster,omitempty" doc:"the list of images that every cluster supports too"`
}

// HistoryBody is the answer of /v1/images/{ImageId}/history.
type HistoryBody struct {
	Envelope
	History
}

// History has the members of the history of an image after the envelope.
type History struct {
	ImageID string `json:"ImageId"`
	Feed
	Events []Event `json:"Events" doc:"oldest first"`
}

// Event is what a commit did to an image in a scope.
type Event struct {
	Sequence     int64            `json:"Sequence,omitempty" doc:"number of the commit; not there in a diff"`
	CommittedAt  catalog.Time     `json:"CommittedAt,omitzero" doc:"not there in a diff"`
	Kind         request.KindName `json:"Kind" doc:"kept: it was there before Sequence, the first commit that is kept"`
	ImageID      string           `json:"ImageId,omitempty" doc:"not there for a scope that ended"`
	ImageName    string           `json:"ImageName,omitempty" doc:"the name after the commit, or before it if removed"`
	RegionID     string           `json:"RegionId"`
	ClusterID    string           `json:"ClusterId" doc:"empty: the list without a cluster"`
	InstanceType string           `json:"InstanceType" doc:"empty: the list without an instance type"`
	Fields       []FieldChange    `json:"Fields,omitempty" doc:"of kind changed"`
	ClusterName  string           `json:"ClusterName,omitempty" doc:"of kind ended: the cluster's last name, if any"`
	ImageCount   *int             `json:"ImageCount,omitempty" doc:"of kind ended: images that the scope had last"`
}

// FieldChange is a field with its values before and after a commit.
type FieldChange struct {
	Field  string          `json:"Field"`
	Before json.RawMessage `json:"Before,omitempty" doc:"as E-HPC sent it; not there if the field is new"`
	After  json.RawMessage `json:"After,omitempty" doc:"as E-HPC sent it; not there if the field is gone"`
}
