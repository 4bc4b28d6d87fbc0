package replica

import (
	"context"
	"errors"
	"strconv"

	"community-images/shared/catalog"
)

// regionNames are E-HPC's English names of its regions. A region that is not
// listed is named by its id.
var regionNames = map[string]string{
	"cn-qingdao": "China (Qingdao)", "cn-beijing": "China (Beijing)", "cn-zhangjiakou": "China (Zhangjiakou)",
	"cn-huhehaote":  "China (Hohhot)",
	"cn-wulanchabu": "China (Ulanqab)", "cn-hangzhou": "China (Hangzhou)", "cn-shanghai": "China (Shanghai)",
	"cn-shenzhen": "China (Shenzhen)",
	"cn-heyuan":   "China (Heyuan)", "cn-guangzhou": "China (Guangzhou)", "cn-chengdu": "China (Chengdu)",
	"cn-hongkong":    "China (Hong Kong)",
	"ap-northeast-1": "Japan (Tokyo)", "ap-southeast-1": "Singapore", "ap-southeast-3": "Malaysia (Kuala Lumpur)",
	"ap-southeast-5": "Indonesia (Jakarta)",
	"us-east-1":      "US (Virginia)", "us-west-1": "US (Silicon Valley)", "eu-central-1": "Germany (Frankfurt)",
	"eu-west-1": "UK (London)",
}

// listRegions answers ListRegions with the served regions that the caller may
// see. Regions have no history, but an invalid time is an error all the same.
func (c *call) listRegions(ctx context.Context) error {
	// Any region says whether the time is one. Other errors do not matter here:
	// the list needs no data.
	if c.asOf != "" {
		if _, _, err := c.options.Source(c.grant).Region(ctx, c.allowedRegions()[0], c.asOf); errors.Is(err,
			strconv.ErrSyntax) {
			return explainInvalidTime(err)
		}
	}
	var list []string
	for _, id := range c.allowedRegions() {
		// E-HPC may have regions that are newer than this table.
		name := regionNames[id]
		if name == "" {
			name = id
		}
		b := append([]byte(nil), `{"LocalName":`...)
		b = append(catalog.AppendString(b, name), `,"RegionId":`...)
		list = append(list, string(append(catalog.AppendString(b, id), '}')))
	}
	c.sendList(`"Regions":{"RegionInfo":[`, list, `]}`)
	return nil
}
