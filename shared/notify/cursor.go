package notify

import (
	"encoding/json"
	"fmt"

	"community-images/shared/catalog"
	"community-images/shared/notify/changes"
)

// cursorVersion is the version of cursors. Others are refused.
const cursorVersion = 1

// cursor is what a subscription's receiver has been told. It is an object of its own, which is
// put after a delivery. Two runs at once can put an older one over a newer one: then messages
// come twice, with the same ids. It has no URL and no secret.
type cursor struct {
	// DeliveredAt is when the receiver last took a message. It is zero if it never did.
	DeliveredAt catalog.Time `json:"DeliveredAt"`
	// Failing is nil if the last message was delivered.
	Failing *failing `json:"Failing,omitempty"`
	// Flaps has the images that came or went lately, by RegionId and ImageId.
	Flaps map[string]map[string]flap `json:"Flaps,omitempty"`
	// Format is the constant cursorVersion.
	Format int `json:"Format"`
	// Name is that of the subscription.
	Name string `json:"Name"`
	// Outages are the regions whose failure was told, with the time of the failure.
	Outages map[string]catalog.Time `json:"Outages,omitempty"`
	// Regions has the last commit of each region that was told, or had nothing to tell.
	Regions map[string]position `json:"Regions"`
}

// position is a commit of a region's log.
type position struct {
	// LineHash is that of the commit's line, so that a restored log is noticed.
	LineHash string `json:"LineHash"`
	// Sequence is the number of the commit. It is 0 before the first.
	Sequence int64 `json:"Sequence"`
}

// failing is what is known of a receiver that takes no messages.
type failing struct {
	// FileTag is the entity tag of notify.json at the last try. With another file a run tries
	// at once.
	FileTag string `json:"FileTag"`
	// Plan is how far a summary goes, by RegionId. It is stored before the summary is sent, so
	// that every try has the same commits. It is absent if no summary is due.
	Plan map[string]position `json:"Plan,omitempty"`
	// Problem is the reason of the last try.
	Problem string `json:"Problem"`
	// RetryAt is when the next try is due.
	RetryAt catalog.Time `json:"RetryAt"`
	// Since is the time of the first try.
	Since catalog.Time `json:"Since"`
	// Tries is the number of tries.
	Tries int `json:"Tries"`
}

// flap is how often an image came or went.
type flap struct {
	// First and Last are the times of the first and the last commit.
	First catalog.Time `json:"First"`
	// Image is the image, with its last name.
	Image changes.Image `json:"Image"`
	// IsOffered says whether the image was there after the last commit.
	IsOffered bool         `json:"IsOffered"`
	Last      catalog.Time `json:"Last"`
	// Times is the number of commits.
	Times int `json:"Times"`
}

// newCursor returns the cursor of a subscription that was told nothing yet.
func newCursor(name string) *cursor {
	return &cursor{Format: cursorVersion, Name: name, Regions: map[string]position{}}
}

// encode returns the object.
func (c *cursor) encode() ([]byte, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encoding the cursor of %q: %w", c.Name, err)
	}
	return append(data, '\n'), nil
}

// decodeCursor reads the object of a subscription.
func decodeCursor(name string, data []byte) (*cursor, error) {
	c := new(cursor)
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("decoding the cursor of %q: %w", name, err)
	}
	switch {
	case c.Format != cursorVersion:
		return nil, fmt.Errorf("the cursor of %q has format %d, not %d", name, c.Format, cursorVersion)
	case c.Name != name:
		return nil, fmt.Errorf("the cursor of %q is that of %q", name, c.Name)
	case c.Regions == nil:
		c.Regions = map[string]position{}
	}
	for region, p := range c.Regions {
		if p.Sequence < 0 {
			return nil, fmt.Errorf("the cursor of %q names commit %d of %q", name, p.Sequence, region)
		}
	}
	return c, nil
}
