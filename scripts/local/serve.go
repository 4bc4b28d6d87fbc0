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

// serve takes snapshots in the rhythm of the timer and answers lookups until
// ctx ends. A snapshot that fails is told; the next one may succeed.
func (s *session) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: s.pair.query.HTTPHandler(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	defer server.Close()
	if report, err := s.snapshot(ctx, true); err == nil {
		s.summary(ctx, report)
	} else if ctx.Err() == nil {
		fmt.Fprintln(s.out, "snapshot failed:", err)
	}
	if ctx.Err() != nil {
		return s.goodbye()
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	s.stored(ctx)
	base := "http://" + reachable(listener.Addr())
	fmt.Fprintf(s.out, "\nserving %s, the timer fires every %s, Ctrl-C ends it\n", base, s.every)
	for _, line := range s.curls(ctx, base) {
		fmt.Fprintln(s.out, " ", line)
	}
	fmt.Fprintln(s.out)
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			s.shutdown(server)
			return s.goodbye()
		case err := <-ended:
			return fmt.Errorf("serving %s: %w", base, err)
		case <-ticker.C:
			s.again(ctx)
		}
	}
}

// again is a snapshot while lookups are being served: one line.
func (s *session) again(ctx context.Context) {
	report, err := s.snapshot(ctx, false)
	at := time.Now().Format(time.TimeOnly)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		fmt.Fprintf(s.out, "%s snapshot failed: %v\n", at, err)
	default:
		fmt.Fprintf(s.out, "%s %s\n", at, line(report))
	}
}

// shutdown lets lookups that are in flight finish, for a moment.
func (s *session) shutdown(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		fmt.Fprintln(s.out, "ending the server:", err)
	}
}

func (s *session) goodbye() error {
	fmt.Fprintf(s.out, "\nended; the data stays in %s\n", s.options.data)
	return nil
}

// reachable is an address to paste: a wildcard host is this machine.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
	}
	return addr.String()
}
