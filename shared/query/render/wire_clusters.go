package render

import (
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/message"
	"community-images/shared/query/request"
)

// ClustersBody is the answer of /v1/clusters.
type ClustersBody struct {
	Envelope
	ClusterList
}

// ClusterList has the members of the list of clusters after the envelope.
type ClusterList struct {
	TotalCount int            `json:"TotalCount" doc:"number of Scopes"`
	Scopes     []ClusterScope `json:"Scopes"`
	Clusters   []Cluster      `json:"Clusters" doc:"those with a shown scope, as the last listing described them"`
}

// Cluster is a cluster with what is known of its boot image, the image that
// ImageId names.
type Cluster struct {
	catalog.Cluster
	ImageState        request.ImageState `json:"ImageState" doc:"offered: an answer of the cluster lists the image; gone: one did and none does now; not-community: none ever did; unknown"`
	GoneSince         catalog.Time       `json:"GoneSince,omitzero" doc:"of gone: commit that took the image out of the cluster's last list; not there: not known"`
	HistorySince      catalog.Time       `json:"HistorySince,omitzero" doc:"of not-community and unknown: answers before this time are no longer kept and may have listed the image"`
	ImageName         string             `json:"ImageName,omitempty" doc:"of the image, or its last one; not there: not known"`
	ImageStatus       string             `json:"ImageStatus,omitempty" doc:"as ImageName"`
	ImagePlatform     string             `json:"ImagePlatform,omitempty" doc:"as ImageName"`
	ImageVersion      string             `json:"ImageVersion,omitempty" doc:"as ImageName"`
	ImageArchitecture string             `json:"ImageArchitecture,omitempty" doc:"as ImageName"`
	Newest            *NewestImage       `json:"Newest,omitempty" doc:"the newest available image of the same platform and architecture that the cluster is offered"`
	ImageProblem      string             `json:"ImageProblem,omitempty" doc:"why ImageState is unknown although it may be known later"`
	// problem is ImageProblem for pages in other languages.
	problem message.Text
}

// Problem returns ImageProblem for pages.
func (c *Cluster) Problem() message.Text { return c.problem }

// NewestImage is the newest image of a platform and an architecture.
type NewestImage struct {
	ImageID   string `json:"ImageId" doc:"may be that of the cluster"`
	ImageName string `json:"ImageName" doc:"empty if the image has none"`
	Version   string `json:"Version" doc:"empty if the image has none"`
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
