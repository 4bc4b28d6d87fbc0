package images

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
)

// maxDots is the largest number of clusters that dots show.
const maxDots = 12

// offeredColumn says how many of the clusters offer an image, and which of them by dots in
// the order of their ids.
func (v *imagesView) offeredColumn() imageColumn {
	c := v.newColumn(v.T("Offered in"), "offered")
	set := v.p.Set
	clusters := set.ClustersOfSet()
	position := make([]int, len(set.Scopes)) // of the cluster of a scope in clusters; -1: no cluster
	at := -1
	for i := range set.Scopes {
		position[i] = -1
		if id := set.Scopes[i].ClusterID; id != "" {
			if at < 0 || clusters[at] != id {
				at++
			}
			position[i] = at
		}
	}
	cells := map[string]rendered{} // by the clusters that offer an image; few differ
	offers := make([]byte, len(clusters))
	c.write = func(m *markup, row int32) {
		clear(offers)
		for _, i := range set.ScopesOf[row] {
			if p := position[i]; p >= 0 {
				offers[p] = 1
			}
		}
		key := offers
		if len(offers) > maxDots { // only their number is shown
			key = binary.AppendUvarint(nil, uint64(bytes.Count(offers, []byte{1})))
		}
		cell, ok := cells[string(key)]
		if !ok {
			cell = v.offeredCell(offers)
			cells[string(key)] = cell
		}
		m.rendered(cell)
	}
	return c
}

// offeredCell returns the content of a cell. offers has 1 for each cluster that offers the
// image, else 0.
func (v *imagesView) offeredCell(offers []byte) rendered {
	m := markup("<span>")
	n := bytes.Count(offers, []byte{1})
	if len(offers) <= maxDots {
		var on, off strings.Builder
		for i, has := range offers {
			path := &off
			if has != 0 {
				path = &on
			}
			path.WriteString("M" + strconv.Itoa(12*i) + " 0h9v9h-9z")
		}
		m.html(`<svg class="dots" aria-hidden="true" width="`)
		m.text(strconv.Itoa(12 * len(offers)))
		m.html(`" height="9"><path class="off" d="`)
		m.text(off.String())
		m.html(`"/><path class="on" d="`)
		m.text(on.String())
		m.html(`"/></svg> `)
	}
	m.text(v.T("%d of %d", n, len(offers)))
	m.html("</span>")
	return rendered(m)
}
