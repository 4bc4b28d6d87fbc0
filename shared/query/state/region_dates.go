package state

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"maps"
	"slices"
	"strconv"
	"sync"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/field"
)

// RegionDates has the dates of the images of a region, as they are known in one state of
// it. It is about all scopes of the region. It never changes.
type RegionDates struct {
	index *format.Index
	// until is the time of the state. The index goes on, and has the last change only:
	// when an image was changed before that is not known.
	until catalog.Time
	// columns are the dates of each derived field, by its name.
	columns map[string]*dateColumn
}

// dateColumn is what a RegionDates has in one field.
type dateColumn struct {
	key   string   // one text for equal dates
	times []string // those that occur, ascending, each once
}

// IsKnown reports whether there is an index. It may be missing or damaged.
func (d *RegionDates) IsKnown() bool { return d.index.Len()+len(d.index.Gone) > 0 }

// TextOf returns the value of a derived field of an image; empty: it is not known.
func (d *RegionDates) TextOf(f *field.Field, imageID string) string {
	return d.TimeOf(f.Name, imageID).String()
}

// TimeOf returns the value of a derived field of an image, by the name of the field; zero:
// it is not known.
func (d *RegionDates) TimeOf(name, imageID string) catalog.Time {
	dates, _ := d.index.DatesOf(imageID)
	return d.visible(name, dates)
}

// visible returns the date of a derived field, if it is known in the state.
func (d *RegionDates) visible(name string, dates format.ImageDates) catalog.Time {
	at := dates.FirstSeen
	if name == field.ChangedAt {
		at = dates.ChangedAt
	}
	if at.After(d.until.Time) {
		return catalog.Time{}
	}
	return at
}

// Key returns the same text for dates that are equal in a derived field.
func (d *RegionDates) Key(f *field.Field) string {
	return d.columns[f.Name].key
}

// PlaceOf returns the same text for two times, as field.FormatTime writes them, that
// compare alike with every value of a derived field. So an answer that depends on a time
// before now stays the same until an image passes that time.
func (d *RegionDates) PlaceOf(f *field.Field, text string) string {
	i, found := slices.BinarySearchFunc(d.columns[f.Name].times, text, field.CompareTimes)
	return strconv.Itoa(i) + strconv.FormatBool(found)
}

// newRegionDates returns the dates of an index as they are known at a time.
func newRegionDates(index *format.Index, until catalog.Time) *RegionDates {
	d := &RegionDates{index: index, until: until, columns: map[string]*dateColumn{}}
	gone := slices.Sorted(maps.Keys(index.Gone))
	for _, name := range []string{field.FirstSeen, field.ChangedAt} {
		b := columnBuilder{hash: sha256.New(), times: map[string]bool{}}
		for i, dates := range index.Dates {
			b.add(index.ImageID(i), d.visible(name, dates))
		}
		for _, id := range gone {
			b.add(id, d.visible(name, index.Gone[id]))
		}
		d.columns[name] = &dateColumn{
			key: hex.EncodeToString(b.hash.Sum(nil)), times: slices.Sorted(maps.Keys(b.times)),
		}
	}
	return d
}

// columnBuilder collects the dates of one field.
type columnBuilder struct {
	hash  hash.Hash
	times map[string]bool
	last  string // the image that was added last
}

// add adds the date of an image, unless it is not known. Contents of one image stand
// next to each other, and have one date.
func (b *columnBuilder) add(imageID string, at catalog.Time) {
	if at.IsZero() || imageID == b.last {
		return
	}
	b.last = imageID
	text := at.String()
	b.times[text] = true
	b.hash.Write([]byte(imageID + "\x00" + text + "\n"))
}

// maxDates bounds the states for which an IndexDates keeps the dates.
const maxDates = 16

// IndexDates makes the RegionDates of one index, and keeps some of them. It is safe for
// concurrent use.
type IndexDates struct {
	index *format.Index
	mu    sync.Mutex
	byEnd map[string]*RegionDates // by the time of the state; guarded by mu
}

// NewIndexDates returns the dates of an index, which must not change.
func NewIndexDates(index *format.Index) *IndexDates {
	return &IndexDates{index: index, byEnd: map[string]*RegionDates{}}
}

// Until returns the dates as they are known in the state that a commit at a time made.
func (x *IndexDates) Until(committedAt catalog.Time) *RegionDates {
	x.mu.Lock()
	defer x.mu.Unlock()
	key := committedAt.String()
	d := x.byEnd[key]
	if d == nil {
		if len(x.byEnd) >= maxDates {
			clear(x.byEnd)
		}
		d = newRegionDates(x.index, committedAt)
		x.byEnd[key] = d
	}
	return d
}
