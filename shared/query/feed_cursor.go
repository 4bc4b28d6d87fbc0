package query

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// feedPosition is where a reader of a feed stands: before the event with the
// number offset, from 0, of a commit. All events count that the caller may see,
// whatever the feed filters.
type feedPosition struct {
	sequence int64 // of the commit
	// offset is 0 before the first event of the commit.
	offset int
}

// isAfter reports whether a position comes after another.
func (p feedPosition) isAfter(other feedPosition) bool {
	return p.sequence > other.sequence || p.sequence == other.sequence && p.offset > other.offset
}

// lastRead returns the number of the last commit of which a reader at the
// position has seen events, or could have. 0: none.
func (p feedPosition) lastRead() int64 {
	if p.offset > 0 {
		return p.sequence
	}
	return p.sequence - 1
}

// feedCursor is a position in the log of one region. A restored backup gives
// commit numbers again, so the cursor names the last commit that was read by its
// line too.
type feedCursor struct {
	region   string
	position feedPosition
	// lineID is that of the commit lastRead.
	lineID lineID
}

// lineID stands for the line of a commit: the beginning of its hash. It guards
// against mistakes, not against callers: a forged cursor shows nothing new.
type lineID string

const (
	lineIDLength = 16
	// noLineID stands for the beginning of a log, where no commit has been read.
	noLineID lineID = "0000000000000000"
)

// newLineID shortens an format.Commit.LineHash, which is empty before the first
// commit.
func newLineID(lineHash string) lineID {
	if lineHash == "" {
		return noLineID
	}
	return lineID(strings.Clone(lineHash[:lineIDLength])) // else the whole hash stays in memory
}

// String encodes the cursor as cSEQUENCE.OFFSET.REGION.LINEID. parseFeedCursor
// decodes it.
func (c feedCursor) String() string {
	return fmt.Sprintf("c%d.%d.%s.%s", c.position.sequence, c.position.offset, c.region, c.lineID)
}

// parseFeedCursor decodes a cursor. ok is false for anything that String does
// not write. A region can have dots in its name.
func parseFeedCursor(text string) (c feedCursor, ok bool) {
	rest, isCursor := strings.CutPrefix(text, "c")
	sequence, rest, hasOffset := strings.Cut(rest, ".")
	offset, rest, hasRegion := strings.Cut(rest, ".")
	dot := strings.LastIndexByte(rest, '.')
	if !isCursor || !hasOffset || !hasRegion || dot < 1 {
		return feedCursor{}, false
	}
	n, err1 := strconv.ParseUint(sequence, 10, 53)
	k, err2 := strconv.ParseUint(offset, 10, 30) // no sum with places of events may overflow
	id, err3 := hex.DecodeString(rest[dot+1:])
	if cmp.Or(err1, err2, err3) != nil || n < 1 || len(id) != lineIDLength/2 {
		return feedCursor{}, false
	}
	c = feedCursor{rest[:dot], feedPosition{int64(n), int(k)}, lineID(hex.EncodeToString(id))}
	return c, c.String() == text // each cursor has one spelling
}
