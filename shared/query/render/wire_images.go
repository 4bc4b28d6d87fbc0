package render

import (
	"community-images/shared/catalog"
)

// ImagesBody is the answer of /v1/images.
type ImagesBody struct {
	Envelope
	TotalCount int    `json:"TotalCount" doc:"matches on all pages"`
	NextCursor string `json:"NextCursor" doc:"cursor of the next page; empty on the last"`
	// Facets has the fields that were asked for.
	Facets map[string][]ValueCount `json:"Facets,omitempty" doc:"of the parameter facets, by field"`
	Hints  []string                `json:"Hints,omitempty" doc:"why there are few images or none, in sentences"`
	Images []Image                 `json:"Images"`
}

// ValueCount says how many images have a value.
type ValueCount struct {
	Value string `json:"Value" doc:"empty: images without a value"`
	Count int    `json:"Count"`
}

// ImageBody is the answer of /v1/images/{ImageId}.
type ImageBody struct {
	Envelope
	ImageID        string       `json:"ImageId"`
	FirstSeen      catalog.Time `json:"FirstSeen" doc:"first commit with the image; empty: not known"`
	LastSeen       catalog.Time `json:"LastSeen" doc:"last check that found the image"`
	Image          Image        `json:"Image"`
	Clusters       []string     `json:"Clusters" doc:"those that offer the image"`
	InstanceTypes  []string     `json:"InstanceTypes" doc:"those with which it is offered"`
	EveryCluster   bool         `json:"EveryCluster" doc:"the list of images that every cluster supports has it"`
	ContentDiffers bool         `json:"ContentDiffers" doc:"the scopes disagree about its content"`
	Variants       []Variant    `json:"Variants,omitempty" doc:"the contents, if scopes disagree"`
}

// Variant is one of several contents of an image.
type Variant struct {
	Image          Image    `json:"Image"`
	Clusters       []string `json:"Clusters"`
	InstanceTypes  []string `json:"InstanceTypes"`
	ContentDiffers bool     `json:"ContentDiffers,omitempty"`
}
