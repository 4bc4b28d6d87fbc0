package ehpctest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Fault is what happens to a call instead of, or before, its answer. The zero
// Fault does nothing.
type Fault struct {
	Delay time.Duration // before anything else

	Reset bool // the connection is reset without an answer

	// Status is sent if it is not 0. With Code, the body has the shape of E-HPC's errors.
	Status  int
	Code    string
	Message string
	Header  http.Header // sent along, for example Retry-After

	// Body is sent as it is if it is not nil, with Status (0: 200) and
	// ContentType (empty: JSON).
	Body        []byte
	ContentType string

	// CutAfter > 0 ends the connection after that many bytes of a body whose
	// Content-Length was announced in full.
	CutAfter int
	// Drip > 0 sends the body one byte per Drip.
	Drip time.Duration
	// Answer means: cut or drip the answer that would have been given.
	// It needs CutAfter or Drip.
	Answer bool
}

// apply carries out the fault. If it returns false, the call must be answered as usual,
// by the writer that apply may have replaced with one that cuts or drips.
func (f *Fault) apply(reply *answerWriter, r *http.Request) bool {
	if f.Reset {
		resetConnection(reply.w)
		return true
	}
	if f.Answer {
		reply.w = &slowWriter{ResponseWriter: reply.w, ctx: r.Context(), cutAfter: f.CutAfter, drip: f.Drip}
		return false
	}
	if f.Status == 0 && f.Body == nil {
		return false
	}
	h := reply.w.Header()
	for name, values := range f.Header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	if f.Body == nil {
		if f.Code == "" {
			reply.w.WriteHeader(f.Status)
			return true
		}
		f.writeBody(reply, r, []byte(newErrorBody(reply.requestID, reply.host, f.Code, f.Message)))
		return true
	}
	f.writeBody(reply, r, f.Body)
	return true
}

// writeBody sends a body with the fault's status, cut or byte by byte if it says so.
func (f *Fault) writeBody(reply *answerWriter, r *http.Request, body []byte) {
	h := reply.w.Header()
	h.Set("Content-Type", "application/json;charset=utf-8")
	if f.ContentType != "" {
		h.Set("Content-Type", f.ContentType)
	}
	if h.Get("Content-Length") == "" {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	if f.Status != 0 {
		reply.w.WriteHeader(f.Status)
	}
	var w io.Writer = reply.w
	if f.CutAfter > 0 || f.Drip > 0 {
		w = &slowWriter{ResponseWriter: reply.w, ctx: r.Context(), cutAfter: f.CutAfter, drip: f.Drip}
	}
	_, _ = io.Copy(w, bytes.NewReader(body)) // an error means that the client has gone
}

// slowWriter sends a body byte by byte, or cuts it.
type slowWriter struct {
	http.ResponseWriter
	ctx      context.Context
	cutAfter int
	drip     time.Duration
	sent     int
}

// Write sends p, panicking with http.ErrAbortHandler at the cut.
func (s *slowWriter) Write(p []byte) (int, error) {
	for i := range p {
		if s.cutAfter > 0 && s.sent == s.cutAfter {
			_ = http.NewResponseController(s.ResponseWriter).Flush() // so that the bytes before the cut arrive
			panic(http.ErrAbortHandler)
		}
		if s.drip == 0 && s.cutAfter == 0 {
			return s.ResponseWriter.Write(p)
		}
		if _, err := s.ResponseWriter.Write(p[i : i+1]); err != nil {
			return i, err
		}
		s.sent++
		if s.drip > 0 {
			_ = http.NewResponseController(s.ResponseWriter).Flush() // an error shows at the next Write
			if !sleep(s.ctx, s.drip) {
				return i + 1, s.ctx.Err()
			}
		}
	}
	return len(p), nil
}

// resetConnection closes the connection so that the client sees a reset.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the client would see an end of file
	}
	_ = conn.Close()
}

// sleep sleeps for d. It returns false if ctx ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func quoteJSON(s string) string {
	b, _ := json.Marshal(s) // no error: every string has a JSON form
	return string(b)
}
