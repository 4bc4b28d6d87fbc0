package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"community-images/shared/capture"
)

// session is the running product.
type session struct {
	options
	// backend has the services that the functions call.
	backend *backend
	// functions are the running processes of both.
	functions *functions
	// log has what the functions print.
	log *logFile
	// out is where a person reads.
	out io.Writer
}

// takeOneSnapshot takes one snapshot and prints what is stored where. It returns
// an error if a region was not committed, so that scripts see it by the exit
// code. Single scopes may fail.
func (s *session) takeOneSnapshot(ctx context.Context) error {
	report, err := s.takeSnapshot(ctx, true)
	if err != nil {
		return err
	}
	s.printSummary(ctx, report)
	s.printStored(ctx)
	return checkCommitted(report)
}

// checkCommitted returns an error if a region of the report was not committed.
func checkCommitted(report *capture.Report) error {
	for _, region := range report.Regions {
		if region.Error != "" {
			return fmt.Errorf("region %s was not committed: %s", region.RegionID, region.Error)
		}
	}
	return nil
}

// errInterrupted is returned after Ctrl-C.
var errInterrupted = errors.New("interrupted before the snapshot was done; what was committed stays")

// takeSnapshot advances the simulated E-HPC and invokes the snapshot function
// with a timer event. It prints the functions' warnings afterwards, because they
// would break the progress bar.
func (s *session) takeSnapshot(ctx context.Context, showProgress bool) (*capture.Report, error) {
	if err := s.advance(ctx, showProgress); err != nil {
		return nil, err
	}
	if showProgress {
		// Counted after the advance, which may add or remove clusters.
		total := 0
		if s.backend.countQuestions != nil {
			total = s.backend.countQuestions()
		}
		s.backend.progress.start(total)
	}
	response, err := s.functions.snapshot.Invoke(ctx, timerEvent(time.Now()))
	if showProgress {
		s.backend.progress.stop()
	}
	for _, warning := range s.log.takeWarnings() {
		fmt.Fprintln(s.out, " ", warning)
	}
	// After Ctrl-C the invocation fails, too: the interruption explains it.
	switch {
	case ctx.Err() != nil:
		return nil, errInterrupted
	case err != nil:
		return nil, fmt.Errorf("running the snapshot function: %w", err)
	case response.Error != nil:
		return nil, fmt.Errorf("the snapshot function failed: %w; its log is %s", response.Error, s.log.path)
	}
	var report capture.Report
	if err := json.Unmarshal(response.Payload, &report); err != nil {
		return nil, fmt.Errorf("reading the report of the snapshot function: %w", err)
	}
	return &report, nil
}

// advance moves the simulated E-HPC on by one tick. It does nothing in the
// cloud.
func (s *session) advance(ctx context.Context, show bool) error {
	if s.backend.advance == nil {
		return nil
	}
	tick, err := s.backend.advance(ctx)
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case err != nil:
		return err
	}
	if show {
		fmt.Fprintf(s.out, "the timer fires, tick %d of the embedded E-HPC\n", tick)
	}
	return nil
}

// timerEvent returns the event of FC's timer trigger with an empty payload, as
// the template's timer has it: everything is captured.
func timerEvent(now time.Time) []byte {
	event, _ := json.Marshal(map[string]string{ // strings only
		"triggerTime": now.UTC().Format(time.RFC3339Nano), "triggerName": "local", "payload": "",
	})
	return event
}
