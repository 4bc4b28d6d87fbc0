package ehpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"community-images/shared/catalog"
)

// Region is a region in which E-HPC is available.
type Region struct {
	RegionID  string `json:"RegionId"`  // for example cn-hangzhou; never empty
	LocalName string `json:"LocalName"` // for people
}

// listRegionsAction is the name of the API operation.
const listRegionsAction = "ListRegions"

// ListRegions returns the regions that the endpoint of a region lists.
func (c *Client) ListRegions(ctx context.Context, regionID string) ([]Region, error) {
	r, err := c.call(ctx, listRegionsAction, regionID, map[string]string{})
	if err != nil {
		return nil, err
	}
	regions, err := parseRegions(r.Body)
	if err != nil {
		return nil, r.newMalformedError(err)
	}
	return regions, nil
}

// parseRegions reads the body of an answer. It returns an error if a region has no
// RegionId.
func parseRegions(body []byte) ([]Region, error) {
	doc, err := parseAnswer(body)
	if err != nil {
		return nil, err
	}
	array, err := findWholeList(doc, "Regions", "RegionInfo")
	if err != nil {
		return nil, err
	}
	// json.Unmarshal alone would accept a member that is there twice, and other encodings
	// than UTF-8.
	canonical, err := catalog.Canonical(array)
	if err != nil {
		return nil, fmt.Errorf("Regions.RegionInfo: %w", err)
	}
	regions := []Region{}
	if err := json.Unmarshal([]byte(canonical), &regions); err != nil {
		return nil, err
	}
	for _, r := range regions {
		if r.RegionID == "" {
			return nil, errors.New("a region has no RegionId")
		}
	}
	return regions, nil
}
