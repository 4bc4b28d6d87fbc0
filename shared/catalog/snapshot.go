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
	"unsafe"
)

// Format is the version of stored snapshots.
const Format = 1

// Snapshot is the normalised answer to one scope.
type Snapshot struct {
	Scope      Scope  // the question
	CapturedAt Time   // first time this content was seen
	RequestID  string // of the answer it came from
	Digest     string // of Images: SHA-256, lower-case hex
	// Images are sorted by ImageID, then by canonical bytes; byte-equal
	// duplicates are gone, different entries under one ImageID are all here.
	Images []*Image
}

// snapshotObject is the stored form. Its fields are ordered by name.
type snapshotObject struct {
	// CapturedAt is the time of the answer.
	CapturedAt Time `json:"CapturedAt"`
	// ClusterID is empty if the question named no cluster.
	ClusterID string `json:"ClusterId"`
	// Digest is the SHA-256 of the bytes of Images, in lower-case hex. It is also in the
	// object's key.
	Digest string `json:"Digest"`
	// Format is the constant Format.
	Format int `json:"Format"`
	// ImageCount is the number of images. It shows a list that was cut short.
	ImageCount int `json:"ImageCount"`
	// Images is the list in canonical form and order.
	Images json.RawMessage `json:"Images"`
	// InstanceType is empty if the question named no type.
	InstanceType string `json:"InstanceType"`
	// RegionID is never empty.
	RegionID string `json:"RegionId"`
	// RequestID is E-HPC's, of the answer. It may be empty.
	RequestID string `json:"RequestId"`
}

// NewSnapshot normalises the images, which it does not change, and computes the
// digest.
func NewSnapshot(scope Scope, capturedAt Time, requestID string, images []*Image) *Snapshot {
	sorted := Normalise(images)
	return &Snapshot{
		Scope:      scope,
		CapturedAt: capturedAt,
		RequestID:  requestID,
		Digest:     hexSHA256(encodeImages(sorted)),
		Images:     sorted,
	}
}

// Normalise returns the images in canonical order, without duplicates of equal
// bytes.
func Normalise(images []*Image) []*Image {
	sorted := slices.Clone(images)
	slices.SortFunc(sorted, func(a, b *Image) int {
		return cmp.Or(strings.Compare(a.ImageID, b.ImageID), strings.Compare(a.Raw, b.Raw))
	})
	return slices.CompactFunc(sorted, func(a, b *Image) bool { return a.Raw == b.Raw })
}

// Ambiguous returns the ImageIds that have more than one entry.
func (s *Snapshot) Ambiguous() []string {
	var ids []string
	for i := 1; i < len(s.Images); i++ {
		if id := s.Images[i].ImageID; id == s.Images[i-1].ImageID && (len(ids) == 0 || ids[len(ids)-1] != id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Encode returns the stored bytes, with a final line end.
func (s *Snapshot) Encode() []byte {
	// The images are inserted as bytes: json.Marshal would scan and compact them again.
	const hole = `"Images":null`
	envelope, err := MarshalLine(snapshotObject{
		CapturedAt: s.CapturedAt, ClusterID: s.Scope.ClusterID, Digest: s.Digest, Format: Format,
		ImageCount: len(s.Images), InstanceType: s.Scope.InstanceType, RegionID: s.Scope.RegionID,
		RequestID: s.RequestID,
	})
	if err != nil {
		panic("catalog: encoding a struct of strings: " + err.Error())
	}
	// The members are sorted, and none in front of Images can contain the hole: a quote
	// within a string is escaped.
	at := bytes.Index(envelope, []byte(hole))
	list := encodeImages(s.Images)
	out := make([]byte, 0, len(envelope)+len(list))
	out = append(out, envelope[:at]...)
	out = append(out, `"Images":`...)
	out = append(out, list...)
	return append(out, envelope[at+len(hole):]...)
}

// DecodeSnapshot decodes and verifies stored bytes: the format is known, and the
// images have the digest and count that the object states. Images are shared
// through in, which may be nil.
func DecodeSnapshot(data []byte, in *Interner) (*Snapshot, error) {
	o, err := parseEnvelope(data)
	if err != nil {
		return nil, err
	}
	if o.Format != Format {
		return nil, fmt.Errorf("snapshot has format %d, this program reads %d", o.Format, Format)
	}
	if got := hexSHA256(o.Images); got != o.Digest {
		return nil, fmt.Errorf("image list has digest %s, the object states %q", got, shorten(o.Digest))
	}
	if in == nil {
		in = new(Interner)
	}
	list := unsafe.String(unsafe.SliceData(o.Images), len(o.Images)) // not changed and not kept
	images, err := in.decode(list, func(raw string) (*Image, error) {
		// An object that was seen before is good, so only new ones are checked. The digest
		// does not make it good: whoever wrote other bytes could write their digest too.
		if !json.Valid([]byte(raw)) {
			return nil, errNotJSON
		}
		if err := checkCanonical(raw); err != nil {
			return nil, err
		}
		return newImage(raw)
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

// parseEnvelope decodes everything but the images, and cuts out their bytes. They
// are by far the largest part, and json.Unmarshal would read them twice more.
func parseEnvelope(data []byte) (o snapshotObject, err error) {
	// The first occurrence begins the list and the last one ends it: the members in front
	// of and behind the list are of the known few, whose strings have escaped quotes.
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

// MarshalLine returns v as one line of JSON with a line end, without the HTML
// escapes of json.Marshal.
func MarshalLine(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// encodeImages returns the canonical JSON array of images that are in canonical
// order.
func encodeImages(images []*Image) []byte {
	size := 2 // the brackets; counted first, so that the list is allocated once
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

// hexSHA256 returns the SHA-256 of data in lower-case hex.
func hexSHA256(list []byte) string {
	sum := sha256.Sum256(list)
	return hex.EncodeToString(sum[:])
}
