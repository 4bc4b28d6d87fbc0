package images

import (
	"encoding/json"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/catalog"
	"community-images/shared/jsonscan"
	"community-images/shared/query/field"
	"community-images/shared/query/page/ui"
)

// contentList shows all fields of an image, in the order of their names, as E-HPC sent
// them. Members of objects have a dotted name.
func contentList(in *ui.Input, image *catalog.Image) g.Node {
	raw := string(field.AppendUpstreamImage(nil, image.Raw))
	return h.Dl(append(g.Group{h.Class("content")}, contentFields(in, "", raw)...)...)
}

func contentFields(in *ui.Input, prefix, object string) (nodes g.Group) {
	for name, value := range jsonscan.Members(object) {
		if value != "" && value[0] == '{' && value != "{}" {
			nodes = append(nodes, contentFields(in, prefix+name+".", value)...)
			continue
		}
		nodes = append(nodes, h.Div(h.Dt(g.El("bdi", g.Text(prefix+name))), h.Dd(in.ValueNode(json.RawMessage(value)))))
	}
	return nodes
}
