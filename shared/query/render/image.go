package render

import (
	"strconv"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/imageset"
)

// ImageSeen says when the image that a caller names was there.
type ImageSeen struct {
	ImageID     string
	First, Last catalog.Time // zero: not known, an empty text
}

// AppendImage writes the members of the answer about one image, and the end of the answer.
// The rows from to to-1 of a set are its contents. The first one in canonical order stands
// for the image. If there are more, all are in Variants.
func AppendImage(b []byte, seen ImageSeen, set *imageset.Set, from, to int) []byte {
	b = appendSeen(b, seen)
	b = append(b, `,"Image":`...)
	b = field.AppendUpstreamImage(b, set.Image(int32(from)).Raw)
	clusters, types, everyCluster := set.ListOfferingScopes(from, to)
	b = append(b, `,"Clusters":`...)
	b = field.AppendStrings(b, clusters)
	b = append(b, `,"InstanceTypes":`...)
	b = field.AppendStrings(b, types)
	b = append(b, `,"EveryCluster":`...)
	b = strconv.AppendBool(b, everyCluster)
	b = append(b, `,"ContentDiffers":`...)
	b = strconv.AppendBool(b, to-from > 1)
	if to-from > 1 {
		b = appendVariants(b, set, from, to)
	}
	return append(b, "}\n"...)
}

// AppendGoneImage writes the members of the error about an image that is gone since a
// time. content is its last one; empty: it is not known.
func AppendGoneImage(b []byte, seen ImageSeen, gone catalog.Time, content string) []byte {
	b = appendSeen(b, seen)
	b = append(b, `,"GoneSince":"`...)
	b = append(AppendTime(b, gone), '"')
	if content != "" {
		b = field.AppendUpstreamImage(append(b, `,"Image":`...), content)
	}
	return b
}

// appendVariants writes the different contents of one image: the rows from to to-1.
func appendVariants(b []byte, s *imageset.Set, from, to int) []byte {
	b = append(b, `,"Variants":[`...)
	for row := from; row < to; row++ {
		if row > from {
			b = append(b, ',')
		}
		b = append(b, `{"Image":`...)
		b = field.AppendUpstreamImage(b, s.Image(int32(row)).Raw)
		b = append(appendOffers(b, s, int32(row), true, true, false), '}')
	}
	return append(b, ']')
}

// appendSeen writes the id and two times.
func appendSeen(b []byte, seen ImageSeen) []byte {
	b = append(b, `,"ImageId":`...)
	b = field.AppendString(b, seen.ImageID)
	b = append(b, `,"FirstSeen":"`...)
	b = AppendTime(b, seen.First)
	b = append(b, `","LastSeen":"`...)
	b = AppendTime(b, seen.Last)
	return append(b, '"')
}

// ImageView is an image that is offered, for its HTML page.
type ImageView struct {
	ImageSeen
	Contents []ImageContent // several if the scopes disagree
}

// ImageContent is one content of an image.
type ImageContent struct {
	Image  *catalog.Image
	Offers []format.ScopeRef // the scopes that offer it so, in canonical order
}

// ViewImage returns an image for its HTML page. The rows from to to-1 of a set are its
// contents.
func ViewImage(seen ImageSeen, set *imageset.Set, from, to int) *ImageView {
	view := &ImageView{ImageSeen: seen}
	for row := from; row < to; row++ {
		view.Contents = append(view.Contents, ImageContent{set.Image(int32(row)), set.OffersOf(int32(row))})
	}
	return view
}
