package render

import (
	"community-images/shared/catalog"
	"community-images/shared/query/request"
)

// DiffBody is the answer of /v1/diff.
type DiffBody struct {
	Envelope
	Diff
}

// Diff has the members of a diff after the envelope. One of two times has Changes, one
// of two clusters the others.
type Diff struct {
	diffSidesJSON
	Changes []Change       `json:"Changes,omitzero" doc:"of two times: clusters that ended, then images by ImageId"`
	Added   []Image        `json:"Added,omitzero" doc:"of two clusters: only in To"`
	Removed []Image        `json:"Removed,omitzero" doc:"of two clusters: only in From"`
	Changed []ChangedImage `json:"Changed,omitzero" doc:"of two clusters: images in both"`
}

// diffSidesJSON says what is compared.
type diffSidesJSON struct {
	From       DiffSide `json:"From" doc:"the earlier time, or the first cluster"`
	To         DiffSide `json:"To" doc:"the later time, or the second cluster"`
	TotalCount int      `json:"TotalCount" doc:"rows, or images that differ"`
}

// DiffSide is one of the two sides that are compared.
type DiffSide struct {
	Sequence     int64        `json:"Sequence" doc:"number of the commit"`
	CommittedAt  catalog.Time `json:"CommittedAt"`
	ClusterID    *string      `json:"ClusterId,omitempty" doc:"of two clusters; empty: the list without a cluster"`
	InstanceType *string      `json:"InstanceType,omitempty" doc:"of two clusters; empty: the list without a type"`
	Captured     bool         `json:"Captured" doc:"false: there is nothing, so everything on the other side differs"`
	ImageCount   *int         `json:"ImageCount,omitempty" doc:"of two clusters"`
}

// ChangedImage is an image whose content differs.
type ChangedImage struct {
	ImageID string        `json:"ImageId"`
	Fields  []FieldChange `json:"Fields"`
}

// DiffRow is an image that differs, as ndjson, csv and the like have it.
type DiffRow struct {
	Kind      request.KindName `json:"Kind" doc:"added, removed or changed"`
	ImageID   string           `json:"ImageId"`
	ImageName string           `json:"ImageName" doc:"of the later side, or the earlier one if removed"`
	Fields    []FieldChange    `json:"Fields,omitempty" doc:"of kind changed"`
}

// MatrixBody is the answer of /v1/matrix.
type MatrixBody struct {
	Envelope
	Matrix
}

// Matrix has the members of a matrix after the envelope.
type Matrix struct {
	TotalCount int         `json:"TotalCount" doc:"rows on all pages"`
	NextCursor string      `json:"NextCursor" doc:"cursor of the next page; empty on the last"`
	Hints      []string    `json:"Hints,omitempty" doc:"why there are no rows, in sentences"`
	Columns    []string    `json:"Columns" doc:"clusters, instance types, or both as CLUSTER/TYPE"`
	Shared     []string    `json:"Shared" doc:"ids of the images in every column, of all pages"`
	Rows       []MatrixRow `json:"Rows"`
}

// MatrixRow is an image with the columns that offer it.
type MatrixRow struct {
	ImageID        string   `json:"ImageId"`
	ImageName      string   `json:"ImageName" doc:"empty if the image has none"`
	Status         string   `json:"Status" doc:"empty if the image has none"`
	OfferedBy      []string `json:"OfferedBy" doc:"some of Columns"`
	Everywhere     bool     `json:"Everywhere" doc:"every column offers it"`
	ContentDiffers bool     `json:"ContentDiffers" doc:"the scopes disagree about its content"`
}
