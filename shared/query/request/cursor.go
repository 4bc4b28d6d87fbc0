package request

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"community-images/shared/message"
	"community-images/shared/query/fault"
)

// Cursor is a position in the answer to one query about one state of the data.
type Cursor struct {
	QueryHash   [8]byte // of the region and Request.CursorKey
	ContentHash [8]byte // of state.ScopeSet.Digest
	Sequence    int64   // the commit from which the first page was made
	Offset      int     // entries on the pages before
}

// cursorVersion is the first byte of an encoded cursor.
const cursorVersion = 1

// String encodes the cursor as base64url. parseCursor decodes it.
func (c *Cursor) String() string {
	b := append([]byte{cursorVersion}, c.QueryHash[:]...)
	b = append(b, c.ContentHash[:]...)
	b = binary.AppendUvarint(b, uint64(c.Sequence))
	b = binary.AppendUvarint(b, uint64(c.Offset))
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor decodes a cursor. Every cursor has one spelling, so nothing may
// follow it and its bounds are those of String.
func parseCursor(s string) (*Cursor, error) {
	const hashes = 17 // bytes of the version and of two hashes
	bad := &fault.ValueError{Value: s}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < hashes+2 || len(b) > maxCursorBytes || b[0] != cursorVersion {
		return nil, bad
	}
	c := &Cursor{}
	copy(c.QueryHash[:], b[1:9])
	copy(c.ContentHash[:], b[9:hashes])
	sequence, n := binary.Uvarint(b[hashes:])
	if n <= 0 || sequence < 1 || sequence > 1<<53 {
		return nil, bad
	}
	offset, m := binary.Uvarint(b[hashes+n:])
	if m <= 0 || hashes+n+m != len(b) || offset > 1<<31 {
		return nil, bad
	}
	c.Sequence, c.Offset = int64(sequence), int(offset)
	return c, nil
}

// ShortHash returns the first 8 bytes of a SHA-256. They guard against
// mistakes, not against callers: a forged cursor shows nothing new.
func ShortHash(s string) (h [8]byte) {
	sum := sha256.Sum256([]byte(s))
	copy(h[:], sum[:])
	return h
}

// CheckQuery returns an error if the cursor was made for another query or
// region.
func (c *Cursor) CheckQuery(region string, req *Request) error {
	if want := ShortHash(region + "\n" + req.CursorKey); !bytes.Equal(want[:], c.QueryHash[:]) {
		return fault.NewError([]fault.Fault{{
			Code: fault.CodeInvalid, Name: "cursor", Reason: message.New("belongs to another query"),
			Allowed: message.New("the NextCursor of an answer to the same query; limit, format and fields may differ"),
		}})
	}
	return nil
}
