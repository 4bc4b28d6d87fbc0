package replica

import (
	"context"
	"errors"
	"strconv"

	"community-images/shared/catalog"
)

// names are those that upstream has for its regions, in English. A region
// that is not listed goes by its id.
var names = map[string]string{
	"cn-qingdao": "China (Qingdao)", "cn-beijing": "China (Beijing)", "cn-zhangjiakou": "China (Zhangjiakou)", "cn-huhehaote": "China (Hohhot)",
	"cn-wulanchabu": "China (Ulanqab)", "cn-hangzhou": "China (Hangzhou)", "cn-shanghai": "China (Shanghai)", "cn-shenzhen": "China (Shenzhen)",
	"cn-heyuan": "China (Heyuan)", "cn-guangzhou": "China (Guangzhou)", "cn-chengdu": "China (Chengdu)", "cn-hongkong": "China (Hong Kong)",
	"ap-northeast-1": "Japan (Tokyo)", "ap-southeast-1": "Singapore", "ap-southeast-3": "Malaysia (Kuala Lumpur)", "ap-southeast-5": "Indonesia (Jakarta)",
	"us-east-1": "US (Virginia)", "us-west-1": "US (Silicon Valley)", "eu-central-1": "Germany (Frankfurt)", "eu-west-1": "UK (London)",
}

// listRegions answers ListRegions: the regions that are served. They have no
// history; a moment has to be one all the same.
func (c *call) listRegions(ctx context.Context) error {
	if c.at != "" {
		if _, _, err := c.options.Source(c.grant).Region(ctx, c.regions()[0], c.at); errors.Is(err, strconv.ErrSyntax) {
			return explainMoment(err)
		}
	}
	var list []string
	for _, id := range c.regions() {
		name := names[id]
		if name == "" {
			name = id
		}
		b := append([]byte(nil), `{"LocalName":`...)
		b = append(catalog.AppendString(b, name), `,"RegionId":`...)
		list = append(list, string(append(catalog.AppendString(b, id), '}')))
	}
	c.send(`"Regions":{"RegionInfo":[`, list, `]}`)
	return nil
}
