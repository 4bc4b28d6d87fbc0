package commitlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// MonthIndex says where the commits of one month of the log stand, and which of them
// are about an image. It is derived from the log. It must not be changed once it has
// been handed out.
type MonthIndex struct {
	MonthHeader
	// images has the stored lines of the images, sorted by ImageID.
	images []byte
	// added has what commits beyond the stored lines say, as imageCommits.Commits, by
	// ImageID.
	added map[string][]int
}

// MonthHeader is the first line of a stored month index. After it come one line for
// each image, an imageCommits.
type MonthHeader struct {
	// Checkpoints has the positions in Offsets of the commits with a checkpoint.
	Checkpoints []int `json:"Checkpoints"`
	// CommittedAt is the time of the last commit.
	CommittedAt catalog.Time `json:"CommittedAt"`
	// Digest is the SHA-256 of the object with an empty Digest.
	Digest string `json:"Digest"`
	// Ended has the scopes that end in the month, sorted, each once.
	Ended []format.ScopeRef `json:"Ended,omitempty"`
	// FirstSequence is the number of the first commit.
	FirstSequence int64 `json:"FirstSequence"`
	// Format is the constant format.Version. A reader refuses any other.
	Format int `json:"Format"`
	// Hash is the format.Commit.LineHash of the last commit. It binds the index to its log.
	Hash string `json:"Hash"`
	// Length is the number of bytes of the log up to the end of the last commit.
	Length int64 `json:"Length"`
	// Month is that of the log.
	Month string `json:"Month"`
	// Offsets has the offset of the line of each commit, oldest first.
	Offsets []int64 `json:"Offsets"`
	// RegionID is that of the log.
	RegionID string `json:"RegionId"`
	// Times has the CommittedAt of each commit, in milliseconds since 1970.
	Times []int64 `json:"Times"`
}

// imageCommits is the line of an image.
type imageCommits struct {
	// Commits has the positions in Offsets of the commits that change the image.
	Commits []int `json:"Commits"`
	// ImageID names the image.
	ImageID string `json:"ImageId"`
}

// monthIndexDigest finds the digest in the header.
var monthIndexDigest = format.DigestField{After: `","`}

// NewMonthIndex returns an index without commits. firstSequence is the number of the first
// commit of the month, and previous the hash of the line before it.
func NewMonthIndex(region, month string, firstSequence int64, previous string) *MonthIndex {
	return &MonthIndex{
		MonthHeader: MonthHeader{
			FirstSequence: firstSequence, Format: format.Version, Hash: previous, Month: month, RegionID: region,
		},
		added: map[string][]int{},
	}
}

// LastSequence returns the number of the last commit. Without any it is the one before
// the first.
func (h *MonthHeader) LastSequence() int64 { return h.FirstSequence + int64(len(h.Offsets)) - 1 }

// End returns the offset after the line of a commit, by its position.
func (h *MonthHeader) End(position int) int64 {
	if position+1 < len(h.Offsets) {
		return h.Offsets[position+1]
	}
	return h.Length
}

// CountUntil returns how many commits are not later than a time.
func (h *MonthHeader) CountUntil(t time.Time) int {
	n, _ := slices.BinarySearchFunc(h.Times, t, func(ms int64, t time.Time) int {
		if time.UnixMilli(ms).After(t) {
			return 1
		}
		return -1 // several commits may have one time
	})
	return n
}

// Size returns about how many bytes the index takes in memory.
func (m *MonthIndex) Size() int { return len(m.images) + 16*len(m.Offsets) + 64*len(m.added) + 512 }

// CommitsOf returns the positions in Offsets of the commits that change an image, ascending.
// An error means that the line of the image is damaged.
func (m *MonthIndex) CommitsOf(imageID string) (positions []int, err error) {
	quoted := catalog.AppendString(nil, imageID)
	// An unescaped quote does not stand within a string, so this is no part of an id.
	if end := bytes.Index(m.images, slices.Concat([]byte(`,"ImageId":`), quoted, []byte("}\n"))); end >= 0 {
		start := bytes.LastIndexByte(m.images[:end], '\n') + 1
		var line imageCommits
		if err := json.Unmarshal(append(slices.Clone(m.images[start:end]), '}'), &line); err != nil {
			return nil, err
		}
		positions = line.Commits
	}
	positions = append(positions, m.added[imageID]...)
	if !slices.IsSorted(positions) || len(positions) > 0 && positions[0] < 0 {
		return nil, fmt.Errorf("the commits of image %q are not in order", imageID)
	}
	end, _ := slices.BinarySearch(positions, len(m.Offsets)) // the index may have been cut
	return positions[:end], nil
}

// Cut returns the index up to a commit, which m has. hash is that of its line.
func (m *MonthIndex) Cut(last int64, hash string) *MonthIndex {
	n := int(last - m.FirstSequence + 1)
	c := &MonthIndex{MonthHeader: m.MonthHeader, images: m.images, added: m.added}
	c.CommittedAt, c.Hash = catalog.At(time.UnixMilli(m.Times[n-1])), hash
	c.Offsets, c.Times, c.Length = m.Offsets[:n:n], m.Times[:n:n], m.End(n-1)
	return c
}

// Add adds the next commit, whose line stands at an offset. length is the offset after it.
// The index shares no memory with the commit, so that it does not keep its line.
func (m *MonthIndex) Add(c *format.Commit, offset, length int64) {
	position := len(m.Offsets)
	m.Offsets, m.Times = append(m.Offsets, offset), append(m.Times, c.CommittedAt.UnixMilli())
	m.CommittedAt, m.Hash, m.Length = c.CommittedAt, c.LineHash, length
	if c.Checkpoint != nil {
		m.Checkpoints = append(m.Checkpoints, position)
	}
	for _, im := range c.Images {
		positions, known := m.added[im.ImageID]
		if positions = append(positions, position); known {
			m.added[im.ImageID] = positions
		} else {
			m.added[strings.Clone(im.ImageID)] = positions
		}
	}
	for _, e := range c.Ended {
		ref := format.ScopeRef{ClusterID: strings.Clone(e.ClusterID), InstanceType: strings.Clone(e.InstanceType)}
		if at, found := slices.BinarySearchFunc(m.Ended, ref, format.ScopeRef.Compare); !found {
			m.Ended = slices.Insert(m.Ended, at, ref)
		}
	}
}

// Clone returns a copy to which commits can be added.
func (m *MonthIndex) Clone() *MonthIndex {
	c := &MonthIndex{MonthHeader: m.MonthHeader, images: m.images, added: map[string][]int{}}
	c.Offsets, c.Times, c.Ended = slices.Clip(m.Offsets), slices.Clip(m.Times), slices.Clone(m.Ended)
	c.Checkpoints = slices.Clip(m.Checkpoints)
	for id, positions := range m.added {
		c.added[id] = slices.Clip(positions)
	}
	return c
}

// Encode returns the bytes that are stored: lines of JSON, the header first.
func (m *MonthIndex) Encode() ([]byte, error) {
	all := map[string][]int{}
	for line := range bytes.Lines(m.images) {
		var im imageCommits
		if err := json.Unmarshal(line, &im); err != nil {
			return nil, fmt.Errorf("decoding the index of month %q: %w", m.Month, err)
		}
		all[im.ImageID] = im.Commits
	}
	for id, positions := range m.added {
		all[id] = append(all[id], positions...)
	}
	header := m.MonthHeader
	header.Digest = ""
	data, err := catalog.MarshalLine(header)
	if err != nil {
		return nil, fmt.Errorf("encoding the index of month %q: %w", m.Month, err)
	}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		data = append(data, `{"Commits":[`...)
		for i, p := range all[id] {
			if i > 0 {
				data = append(data, ',')
			}
			data = strconv.AppendInt(data, int64(p), 10)
		}
		data = append(catalog.AppendString(append(data, `],"ImageId":`...), id), "}\n"...)
	}
	data, _ = monthIndexDigest.Fill(data)
	return data, nil
}

// DecodeMonthIndex decodes and verifies the stored index of a month of a region, for example
// "2006-01". It does not look at the lines of the images. The index shares the memory of
// data. An error means that the index has to be built anew.
func DecodeMonthIndex(region, month string, data []byte) (*MonthIndex, error) {
	m := &MonthIndex{added: map[string][]int{}}
	first, rest, _ := bytes.Cut(data, []byte{'\n'})
	if err := json.Unmarshal(first, &m.MonthHeader); err != nil {
		return nil, err
	}
	isOrdered := slices.IsSorted(m.Checkpoints) && len(m.Checkpoints) > 0 && m.Checkpoints[0] == 0 &&
		slices.IsSorted(m.Offsets) && slices.IsSorted(m.Times) && len(m.Offsets) > 0
	switch {
	case !monthIndexDigest.Verify(data, m.Digest):
		return nil, errors.New("it does not have the digest that it states")
	case m.Format != format.Version:
		return nil, fmt.Errorf("it has format %d, this program reads %d", m.Format, format.Version)
	case m.RegionID != region || m.Month != month:
		return nil, fmt.Errorf("it is of region %q and month %q", m.RegionID, m.Month)
	case !isOrdered || len(m.Offsets) != len(m.Times) || m.Offsets[0] < 0 || m.Length <= m.Offsets[len(m.Offsets)-1]:
		return nil, errors.New("its commits are not in order")
	}
	m.images = rest
	return m, nil
}
