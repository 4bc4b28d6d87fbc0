package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"community-images/shared/catalog"
)

// indexHeader is the first line of a stored index. After it come one line for each
// image, one for each list, and one for each id that is gone.
type indexHeader struct {
	// CommittedAt is the time of commit Sequence.
	CommittedAt catalog.Time `json:"CommittedAt"`
	// Digest is the SHA-256 of the object with an empty Digest.
	Digest string `json:"Digest"`
	// Format is the constant Version. A reader refuses any other.
	Format int `json:"Format"`
	// Gone is the number of lines of ids that are gone.
	Gone int `json:"Gone"`
	// Images is the number of lines of images.
	Images int `json:"Images"`
	// Lists is the number of lines of lists.
	Lists int `json:"Lists"`
	// RegionID is that of the index, so that an index cannot stand in another region.
	RegionID string `json:"RegionId"`
	// Sequence is the commit up to which the index goes.
	Sequence int64 `json:"Sequence"`
}

// indexDigest finds the digest in the header. It is the first one, because the
// header comes first.
var indexDigest = digestField{after: `","Format":`}

// The fixed parts of the lines after the header.
const (
	datesPrefix = `{"ChangedAt":"`
	datesMiddle = `","FirstSeen":"`
	imagePrefix = `","Image":`
	gonePrefix  = `","ImageId":`
	listPrefix  = `{"Digest":"`
	listMiddle  = `","Images":[`
	listSuffix  = `]}`
)

// Encode returns the bytes that are stored: lines of JSON, the header first.
func (x *Index) Encode() ([]byte, error) {
	data, err := catalog.MarshalLine(indexHeader{
		CommittedAt: x.CommittedAt, Format: Version, Gone: len(x.Gone), Images: len(x.Images),
		Lists: len(x.Lists), RegionID: x.RegionID, Sequence: x.Sequence,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding index of %q: %w", x.RegionID, err)
	}
	// The parts are joined by hand: encoding/json would parse and copy each image again.
	for i, im := range x.Images {
		data = x.Dates[i].append(data)
		data = append(append(append(data, imagePrefix...), im.Raw...), "}\n"...)
	}
	// Maps have no order, and equal indexes must have equal bytes.
	for _, digest := range slices.Sorted(maps.Keys(x.Lists)) {
		data = append(append(append(data, listPrefix...), digest...), listMiddle...)
		for i, p := range x.Lists[digest] {
			if i > 0 {
				data = append(data, ',')
			}
			data = strconv.AppendInt(data, int64(p), 10)
		}
		data = append(data, listSuffix+"\n"...)
	}
	for _, id := range slices.Sorted(maps.Keys(x.Gone)) {
		data = x.Gone[id].append(data)
		data = append(catalog.AppendString(append(data, gonePrefix...), id), "}\n"...)
	}
	data, _ = indexDigest.fill(data)
	return data, nil
}

// append appends the beginning of a line.
func (d ImageDates) append(data []byte) []byte {
	data = append(append(data, datesPrefix...), d.ChangedAt.String()...)
	return append(append(data, datesMiddle...), d.FirstSeen.String()...)
}

// DecodeIndex decodes and verifies the stored index of a region. Equal images are shared
// through interner. An error means that the index is damaged or of another format, and has
// to be built anew.
func DecodeIndex(region string, data []byte, interner *catalog.Interner) (*Index, error) {
	var h indexHeader
	first, rest, _ := bytes.Cut(data, []byte{'\n'})
	if err := json.Unmarshal(first, &h); err != nil {
		return nil, err
	}
	// The images are decoded after the digest is known, because InternTrusted does
	// not check them; lists and ids are safe to decode meanwhile.
	proved := make(chan bool, 1) // hashing beside the decoding: a cold reader waits for both
	go func() { proved <- indexDigest.verify(data, h.Digest) }()
	x, images, err := decodeLists(region, h, rest)
	if !<-proved {
		return nil, errors.New("index does not have the digest that it states")
	}
	if err != nil {
		return nil, err
	}
	return x, x.decodeImages(images, interner)
}

// decodeLists decodes everything but the images, and returns the lines of the
// images. rest is what follows the header.
func decodeLists(region string, h indexHeader, rest []byte) (x *Index, imageLines [][]byte, err error) {
	switch {
	case h.Format != Version:
		return nil, nil, fmt.Errorf("index %w", otherVersion(h.Format)) // it is derived: a run replaces it
	case h.RegionID != region:
		return nil, nil, fmt.Errorf("index is of region %q", h.RegionID)
	}
	lines := bytes.Split(bytes.TrimSuffix(rest, []byte{'\n'}), []byte{'\n'})
	// The counts come from the object, so none of them may be believed before it fits.
	for _, n := range []int{h.Images, h.Lists, h.Gone, h.Images + h.Lists + h.Gone} {
		if n < 0 || n > len(lines) {
			return nil, nil, errors.New("index has fewer lines than it states")
		}
	}
	listsEnd := h.Images + h.Lists
	x = &Index{RegionID: region, Sequence: h.Sequence, CommittedAt: h.CommittedAt}
	if err := x.decodeListLines(lines[h.Images:listsEnd], h.Images); err != nil {
		return nil, nil, err
	}
	return x, lines[:h.Images], x.decodeGone(lines[listsEnd : listsEnd+h.Gone])
}

// decodeImages sets x.Images and x.Dates.
func (x *Index) decodeImages(lines [][]byte, interner *catalog.Interner) error {
	raws := make([][]byte, len(lines))
	x.Dates = make([]ImageDates, len(lines))
	times := timeCache{}
	for i, line := range lines {
		dates, raw, err := times.cutLine(line, imagePrefix)
		if err != nil {
			return err
		}
		x.Dates[i], raws[i] = dates, raw
	}
	var err error
	x.Images, err = interner.InternTrusted(raws)
	return err
}

// timeCache has parsed times by their text: most lines share a few.
type timeCache map[string]catalog.Time

// cutLine splits a line into its dates and the value after middle.
func (t timeCache) cutLine(line []byte, middle string) (dates ImageDates, value []byte, err error) {
	changedAt, rest, hasDates := bytes.Cut(bytes.TrimPrefix(line, []byte(datesPrefix)), []byte(datesMiddle))
	firstSeen, value, hasValue := bytes.Cut(rest, []byte(middle))
	value, closed := bytes.CutSuffix(value, []byte{'}'})
	if !hasDates || !hasValue || !closed {
		return dates, nil, errors.New("a line of the index does not have the stored form")
	}
	if dates.ChangedAt, err = t.parse(changedAt); err == nil {
		dates.FirstSeen, err = t.parse(firstSeen)
	}
	return dates, value, err
}

// parse parses a time.
func (t timeCache) parse(text []byte) (at catalog.Time, err error) {
	at, known := t[string(text)]
	if !known {
		err = at.UnmarshalText(text)
		t[string(text)] = at
	}
	return at, err
}

// decodeListLines sets x.Lists. Their positions must be below imageCount.
func (x *Index) decodeListLines(lines [][]byte, imageCount int) error {
	x.Lists = make(map[string][]int32, len(lines))
	for _, line := range lines {
		digest, positions, ok := bytes.Cut(bytes.TrimPrefix(line, []byte(listPrefix)), []byte(listMiddle))
		positions, closed := bytes.CutSuffix(positions, []byte(listSuffix))
		if !ok || !closed || !IsDigest(string(digest)) {
			return errors.New("a list of the index does not have the stored form")
		}
		list, err := parsePositions(positions, imageCount)
		if err != nil {
			return err
		}
		x.Lists[string(digest)] = list
	}
	return nil
}

// parsePositions parses ascending numbers below limit, separated by commas.
func parsePositions(text []byte, limit int) ([]int32, error) {
	if len(text) == 0 {
		return nil, nil
	}
	list := make([]int32, 0, bytes.Count(text, []byte{','})+1)
	last, number := -1, 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && text[i] != ',' {
			if number = number*10 + int(text[i]-'0'); text[i] < '0' || text[i] > '9' || number >= limit {
				return nil, errors.New("a list of the index refers to an image that it does not have")
			}
			continue
		}
		// A comma or the end of the text ends a number.
		if number <= last {
			return nil, errors.New("a list of the index is not in order")
		}
		list = append(list, int32(number))
		last, number = number, 0
	}
	return list, nil
}

// decodeGone sets x.Gone.
func (x *Index) decodeGone(lines [][]byte) error {
	x.Gone = make(map[string]ImageDates, len(lines))
	times := timeCache{}
	for _, line := range lines {
		dates, quoted, err := times.cutLine(line, gonePrefix)
		if err != nil {
			return err
		}
		var id string
		if err := json.Unmarshal(quoted, &id); err != nil {
			return err
		}
		x.Gone[id] = dates
	}
	return nil
}
