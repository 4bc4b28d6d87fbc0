package query

import "community-images/shared/catalog"

// diffBody is the answer of /v1/diff.
type diffBody struct {
	envelopeJSON
	diffJSON
}

// diffJSON has the members of a diff after the envelope.
type diffJSON struct {
	From       diffSideJSON       `json:"From" doc:"the earlier time, or the first cluster"`
	To         diffSideJSON       `json:"To" doc:"the later time, or the second cluster"`
	TotalCount int                `json:"TotalCount" doc:"images that differ"`
	Added      []imageJSON        `json:"Added" doc:"only in To"`
	Removed    []imageJSON        `json:"Removed" doc:"only in From"`
	Changed    []changedImageJSON `json:"Changed"`
}

// diffSideJSON is one of the two lists that are compared.
type diffSideJSON struct {
	Sequence     int64        `json:"Sequence" doc:"number of the commit"`
	CommittedAt  catalog.Time `json:"CommittedAt"`
	ClusterID    string       `json:"ClusterId" doc:"empty: the list without a cluster"`
	InstanceType string       `json:"InstanceType" doc:"empty: the list without an instance type"`
	Captured     bool         `json:"Captured" doc:"false: there is no such list, and nothing is compared with the other"`
	ImageCount   int          `json:"ImageCount"`
}

// changedImageJSON is an image whose content differs.
type changedImageJSON struct {
	ImageID string            `json:"ImageId"`
	Fields  []fieldChangeJSON `json:"Fields"`
}

// diffRowJSON is an image that differs, as ndjson, csv and the like have it.
type diffRowJSON struct {
	Kind      eventKindName     `json:"Kind" doc:"added, removed or changed"`
	ImageID   string            `json:"ImageId"`
	ImageName string            `json:"ImageName" doc:"of the later side, or the earlier one if removed"`
	Fields    []fieldChangeJSON `json:"Fields,omitempty" doc:"of kind changed"`
}

// matrixBody is the answer of /v1/matrix.
type matrixBody struct {
	envelopeJSON
	matrixJSON
}

// matrixJSON has the members of a matrix after the envelope.
type matrixJSON struct {
	TotalCount int             `json:"TotalCount" doc:"rows on all pages"`
	NextCursor string          `json:"NextCursor" doc:"cursor of the next page; empty on the last"`
	Columns    []string        `json:"Columns" doc:"clusters, instance types, or both as CLUSTER/TYPE"`
	Shared     []string        `json:"Shared" doc:"ids of the images in every column, of all pages"`
	Rows       []matrixRowJSON `json:"Rows"`
}

// matrixRowJSON is an image with the columns that offer it.
type matrixRowJSON struct {
	ImageID        string   `json:"ImageId"`
	ImageName      string   `json:"ImageName" doc:"empty if the image has none"`
	Status         string   `json:"Status" doc:"empty if the image has none"`
	OfferedBy      []string `json:"OfferedBy" doc:"some of Columns"`
	Everywhere     bool     `json:"Everywhere" doc:"every column offers it"`
	ContentDiffers bool     `json:"ContentDiffers" doc:"the scopes disagree about its content"`
}
