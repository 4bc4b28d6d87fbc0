package fsck

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"community-images/shared/archive/commitlog"
	"community-images/shared/archive/format"
)

// monthCheck compares the stored index of a month with the one that the log makes, while
// the log of the month is verified.
type monthCheck struct {
	// key names the stored index.
	key string
	// data is the stored index. It is nil if there is none.
	data []byte
	// stored is the header of the stored index. It is nil if there is none, or if it is
	// damaged.
	stored *commitlog.MonthIndex
	// built has the commits so far.
	built *commitlog.MonthIndex
}

// beginMonthCheck reads the stored index of a month. It reports a damaged one.
func (v *verifier) beginMonthCheck(month string) (*monthCheck, error) {
	key, err := v.keys.MonthIndex(v.audit.RegionID, month)
	if err != nil {
		return nil, err
	}
	check := &monthCheck{key: key, built: commitlog.NewMonthIndex(v.audit.RegionID, month, 0, "")}
	data, _, err := v.bucket.Get(v.ctx, key, "")
	if errors.Is(err, fs.ErrNotExist) {
		return check, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading month index %q: %w", key, err)
	}
	check.data = data
	if check.stored, err = commitlog.DecodeMonthIndex(v.audit.RegionID, month, data); err != nil {
		v.report(key, "%v", err)
	}
	return check, nil
}

// add adds a commit whose line stands between two offsets. It compares the indexes when
// the stored one ends with this commit.
func (m *monthCheck) add(v *verifier, c *format.Commit, offset, length int64) error {
	if len(m.built.Offsets) == 0 {
		m.built.FirstSequence = c.Sequence
	}
	m.built.Add(c, offset, length)
	if m.stored == nil || m.stored.LastSequence() != c.Sequence {
		return nil
	}
	data, err := m.built.Encode()
	if err == nil && !bytes.Equal(data, m.data) {
		v.report(m.key, "it is not the index of the log up to commit %d", c.Sequence)
	}
	return err
}

// finish notes how far the stored index goes at the end of the month, and reports one that
// goes beyond it. It is not called for a month with a line that cannot be read.
func (m *monthCheck) finish(v *verifier) {
	last := m.built.LastSequence()
	switch {
	case len(m.built.Offsets) == 0: // that is reported as a fault of the log
	case m.data == nil || m.stored != nil && m.stored.LastSequence() < last:
		v.unindexed = append(v.unindexed, m)
	case m.stored != nil && m.stored.LastSequence() > last:
		v.report(m.key, "it goes to commit %d, the month ends with %d", m.stored.LastSequence(), last)
	}
}

// verifyIndexedMonths checks that the months of which the head says so are indexed. A run
// that put an older index later has lost nothing: the index is only behind.
func (v *verifier) verifyIndexedMonths(claim format.IndexedMonth) {
	for _, m := range v.unindexed {
		isClaimed := m.built.Month < claim.Month
		covered := int64(0)
		if m.stored != nil {
			covered = m.stored.Length
		}
		if m.built.Month == claim.Month {
			isClaimed = covered < claim.Length
		}
		if isClaimed {
			v.report(m.key, "it covers %d bytes of the log, the head says that more are indexed", covered)
			v.markBehind(m.key, len(v.audit.Findings)-1)
		}
	}
}

// reportIndexesWithoutLog adds the indexes of months that are not kept to the orphans: the
// next sweep removes them.
func (v *verifier) reportIndexesWithoutLog(months, indexed []string) {
	for _, month := range indexed {
		if slices.Contains(months, month) {
			continue
		}
		if key, err := v.keys.MonthIndex(v.audit.RegionID, month); err == nil {
			v.audit.Orphans = append(v.audit.Orphans, key)
		}
	}
}
