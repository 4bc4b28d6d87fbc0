package render

import (
	"community-images/shared/catalog"
	"community-images/shared/query/aliases"
)

// AliasesBody is the answer of /v1/aliases.
type AliasesBody struct {
	Envelope
	AliasList
}

// AliasList has the members of the list of aliases after the envelope.
type AliasList struct {
	TotalCount int     `json:"TotalCount" doc:"number of Aliases"`
	Aliases    []Alias `json:"Aliases" doc:"by region, then by name"`
}

// Alias is an alias with the image that it stands for.
type Alias struct {
	Name        string       `json:"Name"`
	RegionID    string       `json:"RegionId"`
	Description string       `json:"Description" doc:"may be empty"`
	ImageID     string       `json:"ImageId" doc:"the image; empty with Error"`
	ImageName   string       `json:"ImageName" doc:"empty if the image has none"`
	Rule        aliases.Rule `json:"Rule" doc:"what chooses the image"`
	RuleSince   catalog.Time `json:"RuleSince" doc:"commit that gave the alias its lookup or pin, or the end of the pin"`
	Lookup      string       `json:"Lookup" doc:"parameters of /v1/images; the first image of that answer is the image"`
	Pin         *AliasPin    `json:"Pin,omitempty" doc:"not there: the alias has none"`
	Error       *StatusError `json:"Error,omitempty" doc:"why the alias has no image"`
}

// AliasPin is the pin of an alias.
type AliasPin struct {
	ImageID string       `json:"ImageId" doc:"the image while the pin is active"`
	Reason  string       `json:"Reason"`
	Until   catalog.Time `json:"Until" doc:"when the lookup decides again; empty: the pin has no end"`
	Expired bool         `json:"Expired" doc:"Until has passed"`
}

// AliasBody is the answer of /v1/aliases/{Name}.
type AliasBody struct {
	Envelope
	AliasAnswer
}

// AliasAnswer has the members of one alias after the envelope, which has the region.
type AliasAnswer struct {
	Name        string       `json:"Name"`
	Description string       `json:"Description" doc:"may be empty"`
	ImageID     string       `json:"ImageId"`
	Image       Image        `json:"Image" doc:"its content in the first scope of the lookup that offers it"`
	Rule        aliases.Rule `json:"Rule" doc:"what chose the image"`
	RuleSince   catalog.Time `json:"RuleSince" doc:"commit that gave the alias its lookup or pin, or the end of the pin"`
	Lookup      string       `json:"Lookup" doc:"parameters of /v1/images; the first image of that answer is the image"`
	Pin         *AliasPin    `json:"Pin,omitempty" doc:"not there: the alias has none"`
	Hints       []string     `json:"Hints,omitempty" doc:"what a person should know of the alias, in sentences"`
}
