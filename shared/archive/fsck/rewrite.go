package fsck

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"

	"community-images/shared/archive/format"
)

// Rewriter turns a log that is a normal object, as every copy of a bucket is, into an
// appendable one. It can be killed at any moment, and the next Rewrite goes on:
//
//  1. The head is brought level with the log. A run that finds a head, and not the log
//     that it names, writes nothing. So no run begins the log anew in step 3.
//  2. A copy of the log is appended to another key, and compared with the log.
//  3. The log is removed, and appended from the copy, piece by piece. A run can append
//     to it only at its old length, so only when all of it is there again.
//  4. The log is compared with the copy, and the copy is removed.
//
// Until step 3 nothing can change the log, because nobody can append to it.
type Rewriter struct {
	// writer reads the archive and repairs the head.
	writer *archive.Writer
	// bucket is the writer's, with the verb that removes objects.
	bucket archive.Sweeper
	// quiet is how long ago the last run must have ended.
	quiet time.Duration
}

// NewRewriter returns a rewriter. bucket must be the one that writer writes to. The rewriter
// refuses to begin unless the last run of a region ended at least quiet ago, by the writer's
// clock. quiet may be 0 if it is certain that no run goes on.
func NewRewriter(writer *archive.Writer, bucket archive.Sweeper, quiet time.Duration) *Rewriter {
	return &Rewriter{writer: writer, bucket: bucket, quiet: quiet}
}

// ActiveRunError means that a run ended so recently that others may go on.
type ActiveRunError struct {
	// EndedAt is when the last run ended.
	EndedAt catalog.Time
	// Quiet is how long ago that must be.
	Quiet time.Duration
}

// Error implements error. It says what to do.
func (e *ActiveRunError) Error() string {
	return fmt.Sprintf("a run ended at %s: stop all runs, by disabling the triggers of the snapshot function, and wait "+
		"until no run has ended for %s", e.EndedAt, e.Quiet)
}

// Rewrite rewrites the last file of a region's log if it is not appendable, and goes on
// with a rewriting that did not finish. It returns the months that are appendable now
// and were not. *ActiveRunError means that runs may go on. *format.DamagedError means that the
// log must be mended first.
func (w *Rewriter) Rewrite(ctx context.Context, region string) (rewritten []string, err error) {
	months, err := w.monthsToRewrite(ctx, region)
	if err != nil || len(months) == 0 {
		return nil, err
	}
	if err := w.checkQuiet(ctx, region); err != nil {
		return nil, err
	}
	for _, month := range months {
		if err := w.rewriteMonth(ctx, region, month); err != nil {
			return rewritten, fmt.Errorf("rewriting the log of %s: %w", month, err)
		}
		rewritten = append(rewritten, month)
	}
	return rewritten, nil
}

// monthsToRewrite returns the months of which there is a copy, and the last month if
// its log is not appendable.
func (w *Rewriter) monthsToRewrite(ctx context.Context, region string) ([]string, error) {
	root, err := w.writer.Keys().Region(region)
	if err != nil {
		return nil, err
	}
	keys, err := w.bucket.List(ctx, root+"log/")
	if err != nil {
		return nil, fmt.Errorf("listing %q: %w", root+"log/", err)
	}
	var months []string
	last := archive.ParsedKey{}
	for _, key := range keys { // in the order of the months; a copy follows its log
		switch p, err := w.writer.Keys().Parse(key); {
		case err != nil: // not an object of the archive
		case p.Kind == archive.LogCopyKind:
			months = append(months, p.Month)
			last = p
		default:
			last = p
		}
	}
	if last.Kind != archive.LogKind {
		return months, nil
	}
	key, err := w.writer.Keys().Log(region, last.Month)
	if err != nil {
		return nil, err
	}
	appendable, err := w.bucket.IsAppendable(ctx, key)
	if err == nil && !appendable {
		months = append(months, last.Month)
	}
	return months, err
}

// checkQuiet returns *ActiveRunError if a run ended recently. Only the head says when
// the last run ended. Without one the log says when the last one committed.
func (w *Rewriter) checkQuiet(ctx context.Context, region string) error {
	if w.quiet == 0 {
		return nil
	}
	key, err := w.writer.Keys().Head(region)
	if err != nil {
		return err
	}
	data, _, err := w.bucket.Get(ctx, key, "")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading head %q: %w", key, err)
	}
	// A head that cannot be read, or is missing, says nothing.
	r, err := format.DecodeHead(region, data)
	if err != nil {
		replayed, err := w.writer.ReplayLastMonth(ctx, region)
		if err != nil {
			return err
		}
		r = &replayed.Head
	}
	ended := r.CommittedAt
	if r.Run.FinishedAt.After(ended.Time) {
		ended = r.Run.FinishedAt
	}
	if w.writer.Clock().Sub(ended.Time) < w.quiet {
		return &ActiveRunError{EndedAt: ended, Quiet: w.quiet}
	}
	return nil
}

// rewriteMonth makes the log of a month appendable, from whatever state an earlier call
// has left it in.
func (w *Rewriter) rewriteMonth(ctx context.Context, region, month string) error {
	log, err := w.writer.Keys().Log(region, month)
	if err != nil {
		return err
	}
	spare, err := w.writer.Keys().LogCopy(region, month)
	if err != nil {
		return err
	}
	appendable, err := w.bucket.IsAppendable(ctx, log)
	switch {
	case errors.Is(err, fs.ErrNotExist): // an earlier call has removed it
		if err := w.checkHead(ctx, region, month, spare); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	case err != nil:
		return err
	case !appendable:
		if err := w.copyLog(ctx, region, log, spare); err != nil {
			return err
		}
		if err := w.checkHead(ctx, region, month, spare); err != nil {
			return err
		}
		if err := w.bucket.Delete(ctx, log); err != nil {
			return fmt.Errorf("removing log %q: %w", log, err)
		}
	}
	if err := w.appendMissing(ctx, spare, log); err != nil {
		return err
	}
	// Runs may go on with the log as soon as it is whole, so it may be longer.
	if order, err := w.compare(ctx, spare, log); err != nil || order > 0 {
		return cmp.Or(err, differenceError(log, spare))
	}
	if err := w.bucket.Delete(ctx, spare); err != nil {
		return fmt.Errorf("removing %q: %w", spare, err)
	}
	return nil
}

// copyLog makes a copy of a log, which is a normal object. It returns an error if a log
// that was removed could not be appended again.
func (w *Rewriter) copyLog(ctx context.Context, region, log, spare string) error {
	order, err := w.compare(ctx, log, spare)
	// A tool may have copied the bucket while a rewriting had appended a part of the log.
	// Then the copy has all of it.
	if err != nil || order < 0 {
		return err
	}
	if _, err := Repair(ctx, w.writer, region); err != nil {
		return err
	}
	// The copy is made, removed and made again. Where a bucket keeps versions, OSS refuses
	// the second time, as it would refuse the log: a removed object leaves a marker.
	if err := w.appendMissing(ctx, log, spare); err != nil && !isNotAppendable(err) {
		return err
	}
	if err := w.bucket.Delete(ctx, spare); err != nil {
		return fmt.Errorf("removing %q: %w", spare, err)
	}
	if err := w.appendMissing(ctx, log, spare); isNotAppendable(err) {
		return fmt.Errorf("the bucket keeps versions, and OSS does not append where an object was removed; nothing has "+
			"been changed: restore a backup into a bucket without versions instead: %w", err)
	} else if err != nil {
		return err
	}
	if order, err = w.compare(ctx, log, spare); err != nil || order != 0 {
		return cmp.Or(err, differenceError(log, spare))
	}
	return nil
}

// checkHead returns an error unless the head stands in the log of a month, or before its
// first commit, and the copy is as long as the head says.
func (w *Rewriter) checkHead(ctx context.Context, region, month, spare string) error {
	key, err := w.writer.Keys().Head(region)
	if err != nil {
		return err
	}
	data, _, err := w.bucket.Get(ctx, key, "")
	if err != nil {
		return fmt.Errorf("reading head %q: %w", key, err)
	}
	r, err := format.DecodeHead(region, data)
	switch {
	case err != nil:
		return &format.DamagedError{Key: key, Reason: err.Error()}
	case r.Log.Successor == month: // the file has no commit yet
		return nil
	case r.Log.Month != month || r.Log.Length == 0:
		return &format.DamagedError{Key: key, Reason: "it does not name the log of " + month}
	}
	if last, err := w.bucket.GetFrom(ctx, spare, r.Log.Length-1, 1); err != nil || len(last) == 0 {
		return cmp.Or(err, error(&format.DamagedError{Key: spare, Reason: "it is shorter than the head says"}))
	}
	return nil
}
