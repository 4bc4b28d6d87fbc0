package query

import "community-images/shared/catalog"

// imagesBody is the answer of /v1/images.
type imagesBody struct {
	envelopeJSON
	TotalCount int    `json:"TotalCount" doc:"matches on all pages"`
	NextCursor string `json:"NextCursor" doc:"cursor of the next page; empty on the last"`
	// Facets has the fields that were asked for.
	Facets map[string][]valueCountJSON `json:"Facets,omitempty" doc:"of the parameter facets, by field"`
	Images []imageJSON                 `json:"Images"`
}

// valueCountJSON says how many images have a value.
type valueCountJSON struct {
	Value string `json:"Value" doc:"empty: images without a value"`
	Count int    `json:"Count"`
}

// imageBody is the answer of /v1/images/{ImageId}.
type imageBody struct {
	envelopeJSON
	ImageID        string        `json:"ImageId"`
	FirstSeen      catalog.Time  `json:"FirstSeen" doc:"first commit with the image; empty: before the kept history, or in commit 1"`
	LastSeen       catalog.Time  `json:"LastSeen" doc:"last check that found the image"`
	Image          imageJSON     `json:"Image"`
	Clusters       []string      `json:"Clusters" doc:"those that offer the image"`
	InstanceTypes  []string      `json:"InstanceTypes" doc:"those with which it is offered"`
	EveryCluster   bool          `json:"EveryCluster" doc:"the list of images that every cluster supports has it"`
	ContentDiffers bool          `json:"ContentDiffers" doc:"the scopes disagree about its content"`
	Variants       []variantJSON `json:"Variants,omitempty" doc:"the contents, if scopes disagree"`
}

// variantJSON is one of several contents of an image.
type variantJSON struct {
	Image          imageJSON `json:"Image"`
	Clusters       []string  `json:"Clusters"`
	InstanceTypes  []string  `json:"InstanceTypes"`
	ContentDiffers bool      `json:"ContentDiffers,omitempty"`
}
