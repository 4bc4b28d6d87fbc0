package query

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"

	"community-images/shared/apierror"
	"community-images/shared/archive"
)

// cursor is a place in the answer to one query on one state of the data.
type cursor struct {
	queryHash   [8]byte // hash of the query
	contentHash [8]byte // hash of the snapshots
	sequence    int64   // commit at which the first page was made
	offset      int
}

const cursorVersion = 1

func (c *cursor) String() string {
	b := append([]byte{cursorVersion}, c.queryHash[:]...)
	b = append(b, c.contentHash[:]...)
	b = binary.AppendUvarint(b, uint64(c.sequence))
	b = binary.AppendUvarint(b, uint64(c.offset))
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor is the inverse of String.
func parseCursor(s string) (*cursor, error) {
	bad := &valueError{value: s}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < 19 || len(b) > 40 || b[0] != cursorVersion {
		return nil, bad
	}
	c := &cursor{}
	copy(c.queryHash[:], b[1:9])
	copy(c.contentHash[:], b[9:17])
	sequence, n := binary.Uvarint(b[17:])
	if n <= 0 || sequence < 1 || sequence > 1<<53 {
		return nil, bad
	}
	offset, m := binary.Uvarint(b[17+n:])
	if m <= 0 || 17+n+m != len(b) || offset > 1<<31 {
		return nil, bad
	}
	c.sequence, c.offset = int64(sequence), int(offset)
	return c, nil
}

func shortHash(s string) (h [8]byte) {
	sum := sha256.Sum256([]byte(s))
	copy(h[:], sum[:])
	return h
}

// fits says whether the cursor was made for this query.
func (c *cursor) checkQuery(region string, a *request) error {
	if want := shortHash(region + "\n" + a.cursorKey); !bytes.Equal(want[:], c.queryHash[:]) {
		return newFaultsError([]paramFault{{codeInvalid, "cursor", "belongs to another query",
			"the NextCursor of an answer to the same query; limit, format and fields may differ"}})
	}
	return nil
}

// resume finds the state and view on which the cursor's first page was made,
// so that pages never mix two states: the one that is asked about, if it has the
// same content, else the one that the cursor names.
func (s *service) stateOfCursor(ctx context.Context, a *request, h currentState) (*regionState, *scopeSet, error) {
	c := a.cursor
	if st, err := s.stateAsOf(ctx, h, a.at); err == nil {
		if v, err := st.selectScopes(a.selection); err == nil && shortHash(v.digest) == c.contentHash {
			return st, v, nil
		}
	}
	st, err := s.loadStateAtCommit(ctx, h, c.sequence)
	var early *archive.TooEarlyError
	var future *archive.FutureError
	switch {
	case errors.As(err, &early), errors.As(err, &future):
		return nil, nil, newCursorExpiredError(nil)
	case err != nil:
		return nil, nil, err
	}
	v, err := st.selectScopes(a.selection)
	if err != nil {
		return nil, nil, newCursorExpiredError(nil)
	}
	if shortHash(v.digest) != c.contentHash {
		return nil, nil, newCursorExpiredError(nil)
	}
	return st, v, nil
}

// expired is about a cursor whose state is not there. cause is for the log; there
// is none where cursors only got old, or are another caller's.
func newCursorExpiredError(cause error) error {
	return &apierror.Error{Status: http.StatusGone, Code: codeExpired,
		Message: "The state that this cursor belongs to is no longer kept.", Recommend: "Start again without cursor.",
		Cause: cause}
}
