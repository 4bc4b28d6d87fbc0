package format

import (
	"fmt"
)

// CheckNext decides whether c is the commit after h. It returns true for the next
// commit, false for a line that counts for nobody (a second copy of an append
// that was sent twice), and an error for a corrupt log. intact is false if the
// line does not have the digest that it states.
func (h *Head) CheckNext(c *Commit, intact bool) (isNext bool, err error) {
	switch {
	case c.Format != Version && intact:
		return false, otherVersion(c.Format)
	case c.Format != Version:
		return false, fmt.Errorf("commit %d was altered: it has format %d, and its digest does not fit", c.Sequence,
			c.Format)
	case c.RegionID != h.RegionID:
		return false, fmt.Errorf("commit %d is of region %q", c.Sequence, c.RegionID)
	case intact && c.Checkpoint != nil && !c.Checkpoint.hasMonths():
		return false, fmt.Errorf("commit %d names a month of the log that is none", c.Sequence)
	case h.Sequence == 0 && c.Checkpoint != nil && intact:
		return true, nil // the first commit that is read stands on its checkpoint
	case c.Sequence <= h.Sequence:
		return false, nil
	case !intact:
		return false, fmt.Errorf("commit %d was altered: its digest does not fit", c.Sequence)
	case c.Sequence != h.Sequence+1:
		return false, fmt.Errorf("commit %d follows commit %d", c.Sequence, h.Sequence)
	case c.Previous != h.Log.Hash:
		return false, fmt.Errorf("commit %d does not name the line before it", c.Sequence)
	case c.CommittedAt.Before(h.CommittedAt.Time):
		return false, fmt.Errorf("commit %d is dated before the one it follows", c.Sequence)
	case h.Log.IsSealed() && c.Checkpoint == nil:
		return false, fmt.Errorf("commit %d begins a month without a checkpoint", c.Sequence)
	}
	return true, nil
}
