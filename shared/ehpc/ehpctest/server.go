package ehpctest

import (
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Server serves an endpoint over HTTP until Close.
type Server struct {
	URL         string // http://host:port
	http        *http.Server
	connections atomic.Int64
}

// Listen serves h on a free port of the loopback interface.
func Listen(h http.Handler) (*Server, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return Serve(ln, h), nil
}

// Serve serves h on ln. Close closes ln.
func Serve(ln net.Listener, h http.Handler) *Server {
	s := &Server{URL: "http://" + ln.Addr().String()}
	s.http = &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // faults cut connections, which http.Server logs
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				s.connections.Add(1)
			}
		},
	}
	go func() { _ = s.http.Serve(ln) }() // ends with ErrServerClosed
	return s
}

// Connections returns the number of connections accepted so far.
func (s *Server) Connections() int { return int(s.connections.Load()) }

// Close ends the server and all its connections.
func (s *Server) Close() error { return s.http.Close() }
