package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// serve takes snapshots at the interval of the timer and answers lookups until
// ctx ends. It prints a failed snapshot and goes on, as the next may succeed.
func (s *session) serve(ctx context.Context, listener net.Listener) error {
	// Errors of single connections are of no interest here: they are clients that
	// went away.
	server := &http.Server{
		Handler:           s.functions.query.HTTPHandler(),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	defer server.Close()
	s.takeFirstSnapshot(ctx)
	if ctx.Err() != nil {
		return s.printEnd()
	}
	// The listener is open since the start, so connections that came during the
	// snapshot are served now.
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	s.printStored(ctx)
	base := "http://" + clientAddress(listener.Addr())
	fmt.Fprintf(s.out, "\nserving %s, the timer fires every %s, Ctrl-C ends it\n", base, s.every)
	fmt.Fprintf(s.out, "open %s/ in a browser, or try:\n", base)
	for _, line := range s.curlCommands(ctx, base) {
		fmt.Fprintln(s.out, " ", line)
	}
	fmt.Fprintln(s.out)
	// A snapshot that takes longer than the interval drops ticks and does not
	// queue them.
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			s.shutdown(server)
			return s.printEnd()
		// The server ends by itself only if the listener breaks.
		case err := <-ended:
			return fmt.Errorf("serving %s: %w", base, err)
		case <-ticker.C:
			s.takeNextSnapshot(ctx)
		}
	}
}

// takeFirstSnapshot takes a snapshot and shows it in full. It comes before lookups,
// because the examples need something to ask for.
func (s *session) takeFirstSnapshot(ctx context.Context) {
	report, err := s.takeSnapshot(ctx, true)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		fmt.Fprintln(s.out, "snapshot failed:", err)
	default:
		s.printSummary(ctx, report)
	}
}

// takeNextSnapshot takes a snapshot while lookups are served and prints one line
// with the time of day. A failure is printed, too: the timer goes on.
func (s *session) takeNextSnapshot(ctx context.Context) {
	report, err := s.takeSnapshot(ctx, false)
	at := time.Now().Format(time.TimeOnly)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		fmt.Fprintf(s.out, "%s snapshot failed: %v\n", at, err)
	default:
		fmt.Fprintf(s.out, "%s %s\n", at, runLine(report))
	}
}

// shutdown waits up to two seconds for lookups in flight, then closes.
func (s *session) shutdown(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		fmt.Fprintln(s.out, "ending the server:", err)
	}
}

// printEnd says where the data is. It returns nil: Ctrl-C is the way to end.
func (s *session) printEnd() error {
	fmt.Fprintf(s.out, "\nended; the data stays in %s\n", s.options.data)
	return nil
}

// clientAddress returns the address for clients on this machine: a wildcard host
// becomes 127.0.0.1. A client cannot connect to a wildcard on every system.
func clientAddress(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
	}
	return addr.String()
}
