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
	place *place
	data  *data
	pair  *pair
	out   io.Writer
}

// once takes one snapshot and says what is stored where.
func (s *session) once(ctx context.Context) error {
	report, err := s.snapshot(ctx, true)
	if err != nil {
		return err
	}
	s.summary(ctx, report)
	s.stored(ctx)
	return failed(report)
}

// failed is the fault of a report in which a region was not committed.
func failed(report *capture.Report) error {
	for _, region := range report.Regions {
		if region.Error != "" {
			return fmt.Errorf("region %s was not committed: %s", region.RegionID, region.Error)
		}
	}
	return nil
}

var errInterrupted = errors.New("interrupted before the snapshot was done; what was committed stays")

// snapshot lets the world move on and fires the timer. Warnings of the
// functions are shown when it is over, since they would tear the bar apart.
func (s *session) snapshot(ctx context.Context, progress bool) (*capture.Report, error) {
	if s.place.tick != nil {
		tick, err := s.place.tick(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, errInterrupted
		case err != nil:
			return nil, err
		}
		if progress {
			fmt.Fprintf(s.out, "the timer fires, tick %d of the embedded E-HPC\n", tick)
		}
	}
	if progress {
		total := 0
		if s.place.count != nil {
			total = s.place.count()
		}
		s.place.meter.begin(total)
	}
	response, err := s.pair.snapshot.Invoke(ctx, timerEvent(time.Now()))
	if progress {
		s.place.meter.end()
	}
	for _, warning := range s.data.log.take() {
		fmt.Fprintln(s.out, " ", warning)
	}
	switch {
	case ctx.Err() != nil:
		return nil, errInterrupted
	case err != nil:
		return nil, fmt.Errorf("running the snapshot function: %w", err)
	case response.Error != nil:
		return nil, fmt.Errorf("the snapshot function failed: %w; its log is %s", response.Error, s.data.log.path)
	}
	var report capture.Report
	if err := json.Unmarshal(response.Payload, &report); err != nil {
		return nil, fmt.Errorf("reading the report of the snapshot function: %w", err)
	}
	return &report, nil
}

// timerEvent is what FC's timer trigger sends.
func timerEvent(now time.Time) []byte {
	event, _ := json.Marshal(map[string]string{ // strings only
		"triggerTime": now.UTC().Format(time.RFC3339Nano), "triggerName": "local", "payload": "",
	})
	return event
}
