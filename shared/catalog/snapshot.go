package catalog

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unsafe"
)

// Format is the version of every stored object.
const Format = 1

// Snapshot is the normalised answer to one scope.
type Snapshot struct {
	Scope      Scope
	CapturedAt Time   // first time this content was seen
	RequestID  string // of the answer it came from
	Digest     string // of Images: SHA-256, lower-case hex
	// Images are sorted by ImageID, then by canonical bytes; byte-equal
	// duplicates are gone, different entries under one ImageID are all here.
	Images []*Image
}

// snapshotObject is the stored form; its fields are in the order of their names.
type snapshotObject struct {
	CapturedAt   Time            `json:"CapturedAt"`
	ClusterID    string          `json:"ClusterId"`
	Digest       string          `json:"Digest"`
	Format       int             `json:"Format"`
	ImageCount   int             `json:"ImageCount"`
	Images       json.RawMessage `json:"Images"`
	InstanceType string          `json:"InstanceType"`
	RegionID     string          `json:"RegionId"`
	RequestID    string          `json:"RequestId"`
}

// NewSnapshot normalises images, which it does not change, and computes the digest.
func NewSnapshot(scope Scope, capturedAt Time, requestID string, images []*Image) *Snapshot {
	sorted := Normalise(images)
	return &Snapshot{
		Scope:      scope,
		CapturedAt: capturedAt,
		RequestID:  requestID,
		Digest:     digest(imageList(sorted)),
		Images:     sorted,
	}
}

// Normalise returns the images in canonical order without byte-equal duplicates.
func Normalise(images []*Image) []*Image {
	sorted := slices.Clone(images)
	slices.SortFunc(sorted, func(a, b *Image) int {
		return cmp.Or(strings.Compare(a.ImageID, b.ImageID), strings.Compare(a.Raw, b.Raw))
	})
	return slices.CompactFunc(sorted, func(a, b *Image) bool { return a.Raw == b.Raw })
}

// Ambiguous lists the ImageIds that have more than one entry in s.
func (s *Snapshot) Ambiguous() []string {
	var ids []string
	for i := 1; i < len(s.Images); i++ {
		if id := s.Images[i].ImageID; id == s.Images[i-1].ImageID && (len(ids) == 0 || ids[len(ids)-1] != id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Encode returns the stored bytes of the snapshot, with a final line end.
func (s *Snapshot) Encode() []byte {
	// Images goes in by hand: json.Marshal would scan and compact it again.
	const hole = `"Images":null`
	envelope, err := MarshalLine(snapshotObject{
		CapturedAt: s.CapturedAt, ClusterID: s.Scope.ClusterID, Digest: s.Digest, Format: Format,
		ImageCount: len(s.Images), InstanceType: s.Scope.InstanceType, RegionID: s.Scope.RegionID, RequestID: s.RequestID,
	})
	if err != nil {
		panic("catalog: encoding a struct of strings: " + err.Error())
	}
	at := bytes.Index(envelope, []byte(hole))
	list := imageList(s.Images)
	out := make([]byte, 0, len(envelope)+len(list))
	out = append(out, envelope[:at]...)
	out = append(out, `"Images":`...)
	out = append(out, list...)
	return append(out, envelope[at+len(hole):]...)
}

// DecodeSnapshot reads stored bytes and proves them: the format is known, the
// images are canonical and have the digest and count that the object states.
// Images are shared through in, which may be nil.
func DecodeSnapshot(data []byte, in *Interner) (*Snapshot, error) {
	o, err := openSnapshot(data)
	if err != nil {
		return nil, err
	}
	if o.Format != Format {
		return nil, fmt.Errorf("snapshot has format %d, this program reads %d", o.Format, Format)
	}
	var proof sync.WaitGroup
	var got string
	proof.Go(func() { got = digest(o.Images) })
	defer proof.Wait()
	if in == nil {
		in = new(Interner)
	}
	// The digest proves the bytes, and an object that is known has been valid;
	// so only new objects need to be checked.
	list := unsafe.String(unsafe.SliceData(o.Images), len(o.Images)) // nobody changes it, and nothing keeps it
	images, err := in.decode(list, func(raw string) (*Image, error) {
		if !json.Valid([]byte(raw)) {
			return nil, errNotJSON
		}
		return viewImage(raw)
	}, func() error {
		if proof.Wait(); got != o.Digest {
			return fmt.Errorf("image list has digest %s, the object states %q", got, clip(o.Digest))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(images) != o.ImageCount {
		return nil, fmt.Errorf("snapshot has %d images and states %d", len(images), o.ImageCount)
	}
	return &Snapshot{
		Scope:      Scope{RegionID: o.RegionID, ClusterID: o.ClusterID, InstanceType: o.InstanceType},
		CapturedAt: o.CapturedAt, RequestID: o.RequestID, Digest: o.Digest, Images: images,
	}, nil
}

// openSnapshot decodes everything but the images, whose bytes it cuts out:
// they are by far the largest part, and json.Unmarshal would walk them twice
// more.
func openSnapshot(data []byte) (o snapshotObject, err error) {
	const begin, end = `,"Images":`, `,"InstanceType":`
	from := bytes.Index(data, []byte(begin))
	to := bytes.LastIndex(data, []byte(end))
	if from < 0 || to < from+len(begin) {
		return o, errors.New("snapshot is not of the stored form")
	}
	images := data[from+len(begin) : to]
	envelope := slices.Concat(data[:from], data[to:])
	if err := json.Unmarshal(envelope, &o); err != nil {
		return o, err
	}
	if len(images) < 2 || images[0] != '[' || images[len(images)-1] != ']' {
		return o, errors.New("snapshot has no image list")
	}
	o.Images = images
	return o, nil
}

// MarshalLine encodes v as one line of JSON with its line end, without the
// HTML escapes that json.Marshal adds.
func MarshalLine(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// imageList is the canonical JSON array of images that are in canonical order.
func imageList(images []*Image) []byte {
	size := 2
	for _, im := range images {
		size += len(im.Raw) + 1
	}
	list := append(make([]byte, 0, size), '[')
	for i, im := range images {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, im.Raw...)
	}
	return append(list, ']')
}

func digest(list []byte) string {
	sum := sha256.Sum256(list)
	return hex.EncodeToString(sum[:])
}
