package request

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Position is where a reader of a feed stands: before the event with the
// number offset, from 0, of a commit. All events count that the caller may see,
// whatever the feed filters.
type Position struct {
	Sequence int64 // of the commit
	// Offset is 0 before the first event of the commit.
	Offset int
}

// IsAfter reports whether a position comes after another.
func (p Position) IsAfter(other Position) bool {
	return p.Sequence > other.Sequence || p.Sequence == other.Sequence && p.Offset > other.Offset
}

// LastRead returns the number of the last commit of which a reader at the
// position has seen events, or could have. 0: none.
func (p Position) LastRead() int64 {
	if p.Offset > 0 {
		return p.Sequence
	}
	return p.Sequence - 1
}

// FeedCursor is a position in the log of one region. A restored backup gives
// commit numbers again, so the cursor names the last commit that was read by its
// line too.
type FeedCursor struct {
	Region   string
	Position Position
	// LineID is that of the commit lastRead.
	LineID LineID
}

// LineID stands for the line of a commit: the beginning of its hash. It guards
// against mistakes, not against callers: a forged cursor shows nothing new.
type LineID string

const (
	lineIDLength = 16
	// NoLineID stands for the beginning of a log, where no commit has been read.
	NoLineID LineID = "0000000000000000"
)

// NewLineID shortens an format.Commit.LineHash, which is empty before the first
// commit.
func NewLineID(lineHash string) LineID {
	if lineHash == "" {
		return NoLineID
	}
	return LineID(strings.Clone(lineHash[:lineIDLength])) // else the whole hash stays in memory
}

// String encodes the cursor as cSEQUENCE.OFFSET.REGION.LINEID. parseFeedCursor
// decodes it.
func (c FeedCursor) String() string {
	return fmt.Sprintf("c%d.%d.%s.%s", c.Position.Sequence, c.Position.Offset, c.Region, c.LineID)
}

// parseFeedCursor decodes a cursor. ok is false for anything that String does
// not write. A region can have dots in its name.
func parseFeedCursor(text string) (c FeedCursor, ok bool) {
	rest, isCursor := strings.CutPrefix(text, "c")
	sequence, rest, hasOffset := strings.Cut(rest, ".")
	offset, rest, hasRegion := strings.Cut(rest, ".")
	dot := strings.LastIndexByte(rest, '.')
	if !isCursor || !hasOffset || !hasRegion || dot < 1 {
		return FeedCursor{}, false
	}
	n, err1 := strconv.ParseUint(sequence, 10, 53)
	k, err2 := strconv.ParseUint(offset, 10, 30) // no sum with places of events may overflow
	id, err3 := hex.DecodeString(rest[dot+1:])
	if cmp.Or(err1, err2, err3) != nil || n < 1 || len(id) != lineIDLength/2 {
		return FeedCursor{}, false
	}
	c = FeedCursor{rest[:dot], Position{int64(n), int(k)}, LineID(hex.EncodeToString(id))}
	return c, c.String() == text // each cursor has one spelling
}
