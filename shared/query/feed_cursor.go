package query

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"community-images/shared/apierror"
	"community-images/shared/archive"
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

// newLineID shortens an archive.Commit.LineHash, which is empty before the first
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

// checkFeedStart adds a fault if a request has both since and cursor, or a
// cursor of another region. It looks at the names as given, because both
// parameters have the same field.
func checkFeedStart(p *parser) {
	var starts []string
	for _, given := range p.given {
		if given.name == "since" || given.name == "cursor" {
			starts = append(starts, given.name)
		}
	}
	c := p.request.since.cursor
	switch {
	case len(starts) > 1:
		p.addFault(codeInvalid, "cursor", "cannot be combined with since", "either since or cursor")
	case c != nil && p.request.region != "" && p.request.region != c.region:
		reason := fmt.Sprintf("is a position in region %s, not in %s", quote(c.region), quote(p.request.region))
		p.addFault(codeInvalid, starts[0], reason, "a NextCursor of the same region")
	case c != nil && !slices.Contains(p.config.regions, c.region):
		reason := fmt.Sprintf("is a position in region %s, which is not served here", quote(c.region))
		p.addFault(codeInvalid, starts[0], reason, "a NextCursor of "+joinWithOr(p.config.regions))
	}
}

// readLogOfCursor reads the head of a region if the state at hand lacks the
// commit of a cursor: another instance has read a later one.
func (s *service) readLogOfCursor(ctx context.Context, region string, c *feedCursor) error {
	if c == nil {
		return nil
	}
	if err := s.states[region].readUpTo(ctx, c.position.lastRead()); err != nil {
		return wrapStoreError(region, err)
	}
	return nil
}

// cursorAt returns a position with what binds it to the log.
func (s *service) cursorAt(ctx context.Context, current currentState, position feedPosition) (feedCursor, error) {
	id, err := s.lineIDOf(ctx, current, position.lastRead())
	return feedCursor{current.RegionID, position, id}, err
}

// lineIDOf returns the lineID of a commit up to the present one, or of the one before
// the first that is kept. It reads the commit after it, which names it.
func (s *service) lineIDOf(ctx context.Context, current currentState, sequence int64) (lineID, error) {
	if sequence == current.Sequence {
		return newLineID(current.LineHash()), nil
	}
	for c, err := range s.commits(ctx, current, nil, sequence+1) {
		switch {
		case err != nil:
			return noLineID, err
		case c.Sequence > sequence+1: // retention has just removed it
			return noLineID, &archive.TooEarlyError{First: c.CommittedAt, FirstSequence: c.Sequence}
		}
		return newLineID(c.Previous), nil
	}
	return noLineID, nil
}

// checkCursor returns an error if the log does not hold the commit of a cursor,
// or no longer the commits after it.
func (s *service) checkCursor(ctx context.Context, current currentState, c feedCursor) error {
	lastRead := c.position.lastRead()
	if lastRead > current.Sequence {
		return feedCursorForeignError(fmt.Sprintf(
			"The cursor follows commit %d, but the log of %s ends with commit %d.", lastRead, c.region, current.Sequence))
	}
	if lastRead < current.Sequence {
		first, err := s.firstCommit(ctx, current)
		switch {
		case err != nil:
			return err
		case lastRead < first.FirstSequence-1:
			return first
		}
	}
	id, err := s.lineIDOf(ctx, current, lastRead)
	if err == nil && id != c.lineID {
		err = feedCursorForeignError(fmt.Sprintf("The cursor follows another commit %d than the one in the log of %s.",
			lastRead, c.region))
	}
	return err
}

// startError adds to an error of a feed what the caller asked to begin after.
func startError(since feedSince, err error) error {
	var early *archive.TooEarlyError
	if since.cursor != nil && errors.As(err, &early) {
		return feedCursorExpiredError(early)
	}
	return withParam("since", err)
}

// feedCursorForeignError returns the error for a cursor whose commit the log
// does not hold. message says so.
func feedCursorForeignError(message string) error {
	return &apierror.Error{
		Status: http.StatusGone, Code: codeExpired,
		Message: message + " The log was restored from a backup, or the cursor is of another log. " +
			"Begin anew with since=0, or with since and the CommittedAt of the last event that you trust.",
		Recommend: "Expect events that you know already, and take back those that are no longer there.",
	}
}

// feedCursorExpiredError returns the error for a cursor whose next commits
// retention has removed.
func feedCursorExpiredError(early *archive.TooEarlyError) error {
	return &apierror.Error{
		Status: http.StatusGone, Code: codeExpired,
		Message:   "The commits after this cursor are no longer kept. " + toAPIError(early).Message,
		Recommend: "Start again with since=0, or since that commit.",
	}
}
