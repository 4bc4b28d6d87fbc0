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
	backend   *backend
	functions *functions
	log       *logFile
	out       io.Writer
}

// takeOneSnapshot takes one snapshot and prints what is stored where. It returns
// an error if a region was not committed.
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
	if s.backend.advance != nil {
		tick, err := s.backend.advance(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, errInterrupted
		case err != nil:
			return nil, err
		}
		if showProgress {
			fmt.Fprintf(s.out, "the timer fires, tick %d of the embedded E-HPC\n", tick)
		}
	}
	if showProgress {
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

// timerEvent returns the event of FC's timer trigger.
func timerEvent(now time.Time) []byte {
	event, _ := json.Marshal(map[string]string{ // strings only
		"triggerTime": now.UTC().Format(time.RFC3339Nano), "triggerName": "local", "payload": "",
	})
	return event
}
