package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"community-images/shared/archive/commitlog"
	"community-images/shared/archive/format"
)

// appendCommit appends a commit after cur and completes next, the state after it.
// It returns false if another run's commit stands there.
func (w *Writer) appendCommit(ctx context.Context, cur, next *Region, commit *format.Commit) (bool, error) {
	at, free, err := w.findAppendPosition(ctx, cur, commit)
	if err != nil || !free {
		return false, err
	}
	beginsFile := at.Month != cur.Log.Month || cur.Sequence == 0
	if beginsFile {
		next.Files = append(next.Files, format.LogFile{
			FirstCommittedAt: commit.CommittedAt, FirstSequence: commit.Sequence, Month: at.Month,
			Previous: commit.Previous,
		})
	}
	if beginsFile || cur.needsCheckpoint(w.checkpointDistance) && commit.Successor == "" {
		commit.Checkpoint = next.MakeCheckpoint()
	}
	// From here on the bytes of the commit are fixed: what is hashed is what is written.
	data, hash, err := commit.Encode()
	if err != nil {
		return false, err
	}
	if len(data) > w.log.MaxLine {
		return false, fmt.Errorf("commit %d has %d bytes; a line of the log may have %d",
			commit.Sequence, len(data), w.log.MaxLine)
	}
	// A writer before this one died within its line. A line end closes that line,
	// which then counts for nobody.
	if at.Torn {
		data = append([]byte{'\n'}, data...)
	}
	// The position of next counts the line end that closes a torn line too.
	key, err := w.keys.Log(cur.RegionID, at.Month)
	if err != nil {
		return false, err
	}
	next.Log = format.LogPosition{
		Month: at.Month, Length: at.Length + int64(len(data)), Hash: hash, Checkpoint: at.Checkpoint,
		Successor: commit.Successor,
	}
	next.Log.NoteCheckpoint(commit, at.Length)
	return w.AppendBytes(ctx, key, at.Length, data)
}

// needsCheckpoint reports whether so much of the log has come since the last checkpoint
// that the next commit has another one: minDistance bytes, or sixteen times the size of a
// checkpoint if that is more. So a past state costs no more to read than that, and
// checkpoints take about a sixteenth of the log.
func (r *Region) needsCheckpoint(minDistance int64) bool {
	const ratio = 16
	return r.Log.Length-r.Log.Checkpoint > max(minDistance, int64(ratio*r.CheckpointSize()))
}

// findAppendPosition returns where the commit after cur goes: the end of cur's
// file, or of the file that follows a seal or begins an empty archive. free is
// false if another run has begun that file meanwhile.
func (w *Writer) findAppendPosition(
	ctx context.Context, cur *Region, commit *format.Commit,
) (_ format.LogPosition, free bool, err error) {
	switch {
	case !cur.Log.IsSealed() && cur.Log.Month != "":
		return cur.Log, true, nil
	// There is no log yet.
	case !cur.Log.IsSealed():
		return format.LogPosition{Month: format.MonthOf(commit.CommittedAt.Time)}, true, nil
	}
	// The new file may hold bytes of a writer that did not finish its line.
	begun := cur.clone()
	begun.Log = format.LogPosition{Month: cur.Log.Successor, Hash: cur.Log.Hash}
	lines, err := w.OpenLog(ctx, cur.RegionID, cur.Log.Successor)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return begun.Log, true, nil
	case err != nil:
		return format.LogPosition{}, false, err
	}
	if _, err := commitlog.Replay(&begun.Head, lines, nil); err != nil {
		return format.LogPosition{}, false, err
	}
	return begun.Log, begun.Sequence == cur.Sequence, nil
}

// AppendBytes appends data at an offset and finds out whether that succeeded,
// whatever the store answers. It returns true if the bytes stand at the offset,
// false if others do.
func (w *Writer) AppendBytes(ctx context.Context, key string, at int64, data []byte) (bool, error) {
	backOff := w.newBackOff()
	for try := 1; ; try++ {
		_, err := w.bucket.Append(ctx, key, at, data)
		if err == nil {
			return true, nil
		}
		// A refusal is certain: nothing was applied. Any other error may hide a
		// success, even fs.ErrExist if an earlier try of this loop was applied.
		if errors.Is(err, fs.ErrPermission) {
			return false, fmt.Errorf("appending to log %q: %w", key, err)
		}
		if errors.Is(err, errors.ErrUnsupported) {
			return false, errors.Join(&NotAppendableError{Key: key}, err)
		}
		// What stands at the position decides. Nobody can have replaced it: a log only grows.
		stored, readErr := w.bucket.GetFrom(ctx, key, at, int64(len(data)))
		switch {
		case readErr == nil && bytes.HasPrefix(stored, data):
			return true, nil
		case readErr == nil && len(stored) > 0:
			return false, nil
		case try == maxUnknown:
			return false, fmt.Errorf("appending to log %q at %d: %w", key, at, err)
		}
		if err := sleep(ctx, backOff.NextBackOff()); err != nil {
			return false, fmt.Errorf("appending to log %q at %d: %w", key, at, err)
		}
	}
}

// sleep waits for d. It returns ctx's error if ctx ends before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
