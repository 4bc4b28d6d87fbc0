package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unsafe"

	"community-images/shared/catalog"
)

// indexHeader is the second line of a stored index, after the ids of its images. After it
// come one line for each image, one for each list, and one for each id that is gone.
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

// indexDigest finds the digest in the header. It is the first one: ids come before, and no
// text in them has unescaped quotes.
var indexDigest = DigestField{After: `","Format":`}

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

// Encode returns the bytes that are stored: lines of JSON, the ids and the header first.
func (x *Index) Encode() ([]byte, error) {
	header, err := catalog.MarshalLine(indexHeader{
		CommittedAt: x.CommittedAt, Format: Version, Gone: len(x.Gone), Images: x.Len(),
		Lists: len(x.Lists), RegionID: x.RegionID, Sequence: x.Sequence,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding index of %q: %w", x.RegionID, err)
	}
	// The parts are joined by hand: encoding/json would parse and copy each image again.
	data := append(append(x.appendIDs(nil), '\n'), header...)
	for i, im := range x.contents() {
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
	data, _ = indexDigest.Fill(data)
	return data, nil
}

// append appends the beginning of a line.
func (d ImageDates) append(data []byte) []byte {
	data = append(append(data, datesPrefix...), d.ChangedAt.String()...)
	return append(append(data, datesMiddle...), d.FirstSeen.String()...)
}

// DecodeIndex decodes and verifies the stored index of a region, and keeps data, which must
// not change, until the images are interned. Equal images are shared through interner. An
// error means that the index is damaged or of another format, and has to be built anew.
func DecodeIndex(region string, data []byte, interner *catalog.Interner) (*Index, error) {
	var h indexHeader
	ids, rest, _ := bytes.Cut(data, []byte{'\n'})
	header, rest, _ := bytes.Cut(rest, []byte{'\n'})
	if err := json.Unmarshal(header, &h); err != nil {
		return nil, err
	}
	// The images are decoded after the digest is known, because NewTrustedImage does
	// not check them; lists and ids are safe to decode meanwhile.
	proved := make(chan bool, 1) // hashing beside the decoding: a cold reader waits for both
	go func() { proved <- indexDigest.Verify(data, h.Digest) }()
	x, images, err := decodeLists(region, h, rest)
	if !<-proved {
		return nil, errors.New("index does not have the digest that it states")
	}
	if err != nil {
		return nil, err
	}
	x.interner = interner
	if err := x.decodeImages(images); err != nil {
		return nil, err
	}
	if !bytes.Equal(x.appendIDs(make([]byte, 0, len(ids))), ids) {
		return nil, errors.New("the ids of the index are not those of its images")
	}
	return x, nil
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

// decodeImages sets the images and x.Dates. All lookups rely on the order of the images.
func (x *Index) decodeImages(lines [][]byte) error {
	x.Dates = make([]ImageDates, len(lines))
	decoded, images := make([]catalog.Image, len(lines)), make([]*catalog.Image, len(lines))
	var times datesDecoder
	for i, line := range lines {
		dates, raw, err := times.cutLine(line, imagePrefix)
		if err != nil {
			return err
		}
		// Nobody changes raw.
		if decoded[i], err = catalog.NewTrustedImage(unsafe.String(unsafe.SliceData(raw), len(raw))); err != nil {
			return err
		}
		x.Dates[i], images[i] = dates, &decoded[i]
		if i > 0 && compareImages(images[i-1], images[i]) >= 0 {
			return errors.New("the images of the index are not in order")
		}
	}
	x.images.Store(&images)
	return nil
}

// datesDecoder splits lines. It has the times of the last line: most lines share theirs
// with the one before.
type datesDecoder struct{ changedAt, firstSeen lastTime }

// cutLine splits a line into its dates and the value after middle.
func (d *datesDecoder) cutLine(line []byte, middle string) (dates ImageDates, value []byte, err error) {
	changedAt, rest, hasDates := bytes.Cut(bytes.TrimPrefix(line, []byte(datesPrefix)), []byte(datesMiddle))
	firstSeen, value, hasValue := bytes.Cut(rest, []byte(middle))
	value, closed := bytes.CutSuffix(value, []byte{'}'})
	if !hasDates || !hasValue || !closed {
		return dates, nil, errors.New("a line of the index does not have the stored form")
	}
	if dates.ChangedAt, err = d.changedAt.parse(changedAt); err == nil {
		dates.FirstSeen, err = d.firstSeen.parse(firstSeen)
	}
	return dates, value, err
}

// lastTime is the time that was parsed last, beside its text.
type lastTime struct {
	text []byte
	time catalog.Time
}

// parse parses a time, and keeps text.
func (l *lastTime) parse(text []byte) (catalog.Time, error) {
	if bytes.Equal(text, l.text) {
		return l.time, nil
	}
	var at catalog.Time
	if err := at.UnmarshalText(text); err != nil {
		return at, err
	}
	l.text, l.time = text, at
	return at, nil
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
		if x.Lists[string(digest)], ok = parseAscending[int32](positions, imageCount); !ok {
			return errors.New("a list of the index is not in order, or refers to an image that it does not have")
		}
	}
	return nil
}

// decodeGone sets x.Gone.
func (x *Index) decodeGone(lines [][]byte) error {
	x.Gone = make(map[string]ImageDates, len(lines))
	var times datesDecoder
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
