package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"community-images/shared/catalog"
)

// Index is the content of a region with every image once. It is derived:
// whoever needs all the lists of a region reads this one object instead of a
// snapshot for each, and falls back on the snapshots for what it lacks.
//
// It proves itself by a digest of its own. Lists go by their digests, so that
// an older one is never wrong, only less complete.
type Index struct {
	RegionID    string
	Sequence    int64 // of the commit up to which it goes
	CommittedAt catalog.Time
	Images      []*catalog.Image // in canonical order
	// FirstSeen is, for each of Images, when its ImageId was first published
	// in any scope of the region, as far back as the history went when it
	// appeared.
	FirstSeen []catalog.Time
	Lists     map[string][]int32 // by digest: places in Images, ascending
	// Gone is the same as FirstSeen for ImageIds that were published and are in
	// none of Images.
	Gone map[string]catalog.Time
}

// indexHeader is the first line of a stored index.
type indexHeader struct {
	CommittedAt catalog.Time `json:"CommittedAt"`
	Digest      string       `json:"Digest"` // SHA-256 of the object with an empty Digest
	Format      int          `json:"Format"`
	Gone        int          `json:"Gone"`   // lines of ids, the last
	Images      int          `json:"Images"` // lines of images, the first
	Lists       int          `json:"Lists"`  // lines of lists, between the two
	RegionID    string       `json:"RegionId"`
	Sequence    int64        `json:"Sequence"`
}

var indexDigest = place{find: bytes.Index, after: `","Format":`}

// The parts of the lines that follow.
const (
	seenPrefix  = `{"FirstSeen":"`
	imagePrefix = `","Image":`
	gonePrefix  = `","ImageId":`
	listPrefix  = `{"Digest":"`
	listMiddle  = `","Images":[`
	listSuffix  = `]}`
)

// List returns the images with a digest; ok is false if they are not there.
func (c *Index) List(digest string) (images []*catalog.Image, ok bool) {
	places, ok := c.Lists[digest]
	if !ok {
		return nil, false
	}
	images = make([]*catalog.Image, len(places))
	for i, p := range places {
		images[i] = c.Images[p]
	}
	return images, true
}

// FirstSeenOf returns when an image was first published in any scope of the
// region. ok is false if the index does not know the image.
func (c *Index) FirstSeenOf(id string) (at catalog.Time, ok bool) {
	i, ok := slices.BinarySearchFunc(c.Images, id, func(im *catalog.Image, id string) int {
		return strings.Compare(im.ImageID, id)
	})
	if ok {
		return c.FirstSeen[i], true
	}
	at, ok = c.Gone[id]
	return at, ok
}

// allFirstSeen returns what FirstSeenOf returns for each image that the index
// knows.
func (c *Index) allFirstSeen() firstSeen {
	all := make(firstSeen, len(c.Images)+len(c.Gone))
	maps.Copy(all, c.Gone)
	for i, im := range c.Images {
		all[im.ImageID] = c.FirstSeen[i]
	}
	return all
}

func (c *Index) encode() ([]byte, error) {
	data, err := catalog.MarshalLine(indexHeader{
		CommittedAt: c.CommittedAt, Format: catalog.Format, Gone: len(c.Gone), Images: len(c.Images), Lists: len(c.Lists),
		RegionID: c.RegionID, Sequence: c.Sequence,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding index of %q: %w", c.RegionID, err)
	}
	for i, im := range c.Images {
		data = append(append(data, seenPrefix...), c.FirstSeen[i].String()...)
		data = append(append(append(data, imagePrefix...), im.Raw...), "}\n"...)
	}
	for _, digest := range slices.Sorted(maps.Keys(c.Lists)) {
		data = append(append(append(data, listPrefix...), digest...), listMiddle...)
		for i, p := range c.Lists[digest] {
			if i > 0 {
				data = append(data, ',')
			}
			data = strconv.AppendInt(data, int64(p), 10)
		}
		data = append(data, listSuffix+"\n"...)
	}
	for _, id := range slices.Sorted(maps.Keys(c.Gone)) {
		data = append(append(data, seenPrefix...), c.Gone[id].String()...)
		data = append(catalog.AppendString(append(data, gonePrefix...), id), "}\n"...)
	}
	data, _ = sign(data, indexDigest)
	return data, nil
}

// Index reads and proves the index of a region. *DamagedError means
// that it is missing or is not what was written.
func (a *Archive) Index(ctx context.Context, region string) (*Index, error) {
	key, err := a.keys.Index(region)
	if err != nil {
		return nil, err
	}
	data, _, err := a.bucket.Get(ctx, key, "")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &DamagedError{Key: key, Reason: "it is missing"}
	}
	if err != nil {
		return nil, fmt.Errorf("reading index %q: %w", key, err)
	}
	c, err := decodeIndex(region, data, &a.images)
	if err != nil {
		return nil, &DamagedError{Key: key, Reason: err.Error()}
	}
	return c, nil
}

func decodeIndex(region string, data []byte, in *catalog.Interner) (*Index, error) {
	var h indexHeader
	first, rest, _ := bytes.Cut(data, []byte{'\n'})
	if err := json.Unmarshal(first, &h); err != nil {
		return nil, err
	}
	proof := make(chan bool, 1) // a cold reader waits for this
	go func() { proof <- h.Digest != "" && signed(data, indexDigest, h.Digest) }()
	c, images, err := splitIndex(region, h, rest)
	if !<-proof {
		return nil, errors.New("index is not what was written")
	}
	if err != nil {
		return nil, err
	}
	return c, c.openImages(images, in)
}

// splitIndex reads all but the images, of which it returns the lines.
func splitIndex(region string, h indexHeader, rest []byte) (*Index, [][]byte, error) {
	switch {
	case h.Format != catalog.Format:
		return nil, nil, fmt.Errorf("index has format %d, this program reads %d", h.Format, catalog.Format)
	case h.RegionID != region:
		return nil, nil, fmt.Errorf("index is of region %q", h.RegionID)
	}
	lines := bytes.Split(bytes.TrimSuffix(rest, []byte{'\n'}), []byte{'\n'})
	if min(h.Images, h.Lists, h.Gone) < 0 || max(h.Images, h.Lists, h.Gone) > len(lines) || h.Images+h.Lists+h.Gone > len(lines) {
		return nil, nil, errors.New("index has fewer lines than it states")
	}
	c := &Index{RegionID: region, Sequence: h.Sequence, CommittedAt: h.CommittedAt}
	if err := c.openLists(lines[h.Images:h.Images+h.Lists], h.Images); err != nil {
		return nil, nil, err
	}
	return c, lines[:h.Images], c.openGone(lines[h.Images+h.Lists : h.Images+h.Lists+h.Gone])
}

func (c *Index) openImages(lines [][]byte, in *catalog.Interner) error {
	raws := make([][]byte, len(lines))
	c.FirstSeen = make([]catalog.Time, len(lines))
	dates := seen{}
	for i, line := range lines {
		at, raw, err := dates.cut(line, imagePrefix)
		if err != nil {
			return err
		}
		c.FirstSeen[i], raws[i] = at, raw
	}
	var err error
	c.Images, err = in.Proved(raws)
	return err
}

// seen are times by their text: most lines share a few.
type seen map[string]catalog.Time

// cut takes a line with a FirstSeen apart.
func (s seen) cut(line []byte, after string) (at catalog.Time, value []byte, err error) {
	text, value, ok := bytes.Cut(bytes.TrimPrefix(line, []byte(seenPrefix)), []byte(after))
	value, closed := bytes.CutSuffix(value, []byte{'}'})
	if !ok || !closed {
		return at, nil, errors.New("a line of the index is not of the stored form")
	}
	at, known := s[string(text)]
	if !known {
		err = at.UnmarshalJSON(slices.Concat([]byte{'"'}, text, []byte{'"'}))
		s[string(text)] = at
	}
	return at, value, err
}

// openLists reads lists of places below n.
func (c *Index) openLists(lines [][]byte, n int) error {
	c.Lists = make(map[string][]int32, len(lines))
	for _, line := range lines {
		digest, places, ok := bytes.Cut(bytes.TrimPrefix(line, []byte(listPrefix)), []byte(listMiddle))
		places, closed := bytes.CutSuffix(places, []byte(listSuffix))
		if !ok || !closed || !validDigest(string(digest)) {
			return errors.New("a list of the index is not of the stored form")
		}
		list, err := scanPlaces(places, n)
		if err != nil {
			return err
		}
		c.Lists[string(digest)] = list
	}
	return nil
}

// scanPlaces reads ascending numbers below n.
func scanPlaces(text []byte, n int) ([]int32, error) {
	if len(text) == 0 {
		return nil, nil
	}
	list := make([]int32, 0, bytes.Count(text, []byte{','})+1)
	last, number := -1, 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && text[i] != ',' {
			if number = number*10 + int(text[i]-'0'); text[i] < '0' || text[i] > '9' || number >= n {
				return nil, errors.New("a list of the index names no image")
			}
			continue
		}
		if number <= last {
			return nil, errors.New("a list of the index is not in order")
		}
		list = append(list, int32(number))
		last, number = number, 0
	}
	return list, nil
}

func (c *Index) openGone(lines [][]byte) error {
	c.Gone = make(map[string]catalog.Time, len(lines))
	dates := seen{}
	for _, line := range lines {
		at, quoted, err := dates.cut(line, gonePrefix)
		if err != nil {
			return err
		}
		var id string
		if err := json.Unmarshal(quoted, &id); err != nil {
			return err
		}
		c.Gone[id] = at
	}
	return nil
}
