package render

import (
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// ClustersBody is the answer of /v1/clusters.
type ClustersBody struct {
	Envelope
	ClusterList
}

// ClusterList has the members of the list of clusters after the envelope.
type ClusterList struct {
	TotalCount int               `json:"TotalCount" doc:"number of Scopes"`
	Scopes     []ClusterScope    `json:"Scopes"`
	Clusters   []catalog.Cluster `json:"Clusters" doc:"those with a shown scope, as the last listing described them"`
}

// ClusterScope is a scope as /v1/clusters shows it. Times are empty if the
// event has not happened yet.
type ClusterScope struct {
	// RegionID stands in each entry, because an answer can cover several regions.
	RegionID     string            `json:"RegionId"`
	ClusterID    string            `json:"ClusterId" doc:"empty: the list without a cluster"`
	InstanceType string            `json:"InstanceType" doc:"empty: the list without an instance type"`
	State        format.State      `json:"State" doc:"outcome of the last check"`
	Since        catalog.Time      `json:"Since" doc:"when the state began"`
	Digest       string            `json:"Digest" doc:"of the list; empty: never captured"`
	ImageCount   int               `json:"ImageCount"`
	CapturedAt   catalog.Time      `json:"CapturedAt" doc:"when the content was first seen"`
	CheckedAt    catalog.Time      `json:"CheckedAt" doc:"last check that succeeded"`
	TriedAt      catalog.Time      `json:"TriedAt" doc:"last check"`
	Problem      *format.Problem   `json:"Problem,omitempty" doc:"why the last check did not succeed"`
	Candidate    *format.Candidate `json:"Candidate,omitempty" doc:"of a held scope: the list that is held back"`
}
