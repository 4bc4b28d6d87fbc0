package format

import (
	"errors"
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// IndexImages is what the head says of the images of the index. The first line of the index
// has their ids: a reader who needs no more reads and verifies that line alone.
type IndexImages struct {
	// Count is the number of images, as ClusterId=* lists them: an id with two contents
	// counts twice. It is 0 if it is not known.
	Count int `json:"Count"`
	// IDsDigest is the SHA-256 of the first line without its line end. It is empty if it is
	// not known.
	IDsDigest string `json:"IdsDigest"`
	// IDsLength is the number of bytes of that line.
	IDsLength int64 `json:"IdsLength"`
}

// HasIDs reports whether the first line of the index is known.
func (i IndexImages) HasIDs() bool { return i.IDsDigest != "" && i.IDsLength > 0 }

// The fixed parts of the first line of an index.
const (
	idsPrefix    = `{"ImageIds":[`
	idsSeparator = `","` // no encoded id has it: a quote in an id follows a backslash
	idsSuffix    = `]}`
)

// appendIDs appends the first line, without its line end: the ids in the order of the
// images, each once.
func (x *Index) appendIDs(data []byte) []byte {
	data = append(data, idsPrefix...)
	images := x.contents()
	for i, im := range images {
		switch {
		case i == 0:
		case im.ImageID == images[i-1].ImageID:
			continue
		default:
			data = append(data, ',')
		}
		data = catalog.AppendString(data, im.ImageID)
	}
	return append(data, idsSuffix...)
}

// Describe returns what the head says of the images of x.
func (x *Index) Describe() IndexImages {
	line := x.appendIDs(nil)
	return IndexImages{Count: x.Len(), IDsDigest: HashLine(line), IDsLength: int64(len(line))}
}

// IndexedIDs are the ids of the images of an index. They never change.
type IndexedIDs struct {
	// encoded has them as JSON without the quotes around, sorted.
	encoded []string
}

// DecodeIndexedIDs decodes and verifies the first line of an index. An error means that it is
// not the line that the head describes.
func DecodeIndexedIDs(line []byte, described IndexImages) (*IndexedIDs, error) {
	if HashLine(line) != described.IDsDigest {
		return nil, errors.New("its first line is not the one that the head describes")
	}
	list, hasPrefix := strings.CutPrefix(string(line), idsPrefix)
	list, hasSuffix := strings.CutSuffix(list, idsSuffix)
	if !hasPrefix || !hasSuffix {
		return nil, errors.New("its first line does not have the stored form")
	}
	if list == "" {
		return &IndexedIDs{}, nil
	}
	ids := strings.Split(strings.TrimSuffix(strings.TrimPrefix(list, `"`), `"`), idsSeparator)
	slices.Sort(ids) // escapes may have another order than what they stand for
	return &IndexedIDs{ids}, nil
}

// Has reports whether the index has an image.
func (i *IndexedIDs) Has(id string) bool {
	encoded := string(catalog.AppendString(nil, id))
	_, found := slices.BinarySearch(i.encoded, encoded[1:len(encoded)-1])
	return found
}
