package alias

import (
	"community-images/shared/catalog"
)

// Definition is an alias as the operator has defined it. Fields are ordered by name, so that
// its JSON is canonical.
type Definition struct {
	// Description is for people. It may be empty.
	Description string `json:"Description,omitempty"`
	// Lookup has parameters of /v1/images, as a query writes them. The first image of that
	// answer is the image of the alias.
	Lookup string `json:"Lookup"`
	// Name is unique in a region.
	Name string `json:"Name"`
	// Pin names the image instead of the lookup. It is nil if the lookup decides.
	Pin *Pin `json:"Pin,omitempty"`
}

// Pin holds an alias on one image.
type Pin struct {
	// ImageID is the image.
	ImageID string `json:"ImageId"`
	// Reason is for people.
	Reason string `json:"Reason"`
	// Until is when the lookup decides again. It is zero if the pin has no end.
	Until catalog.Time `json:"Until"`
}

// Equal reports whether two definitions are the same in everything.
func (d Definition) Equal(o Definition) bool {
	return d.Name == o.Name && d.Description == o.Description && d.hasRuleOf(o)
}

// hasRuleOf reports whether two definitions choose their image by the same rule.
func (d Definition) hasRuleOf(o Definition) bool { return d.Lookup == o.Lookup && d.Pin.equal(o.Pin) }

// equal reports whether two pins, which may be nil, are the same.
func (p *Pin) equal(o *Pin) bool {
	if p == nil || o == nil {
		return p == o
	}
	return p.ImageID == o.ImageID && p.Reason == o.Reason && p.Until.Equal(o.Until.Time)
}

// IsActive reports whether the pin, which may be nil, names the image at a time.
func (p *Pin) IsActive(at catalog.Time) bool {
	return p != nil && (p.Until.IsZero() || at.Before(p.Until.Time))
}
