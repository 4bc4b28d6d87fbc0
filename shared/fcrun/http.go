package fcrun

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// maxEvent bounds an event, in bytes. FC lets 8 KB of headers and 4 KB of path
// and query in; what is over is a body, and no route takes a large one.
const maxEvent = 256 << 10

// HTTP makes a Handler of an http.Handler behind an HTTP trigger. The answer
// always has the full response shape and is never a function error: an event
// that is no HTTP request is answered 400, a panic 500.
//
// The request carries the invocation's id in RequestIDHeader. Its context ends
// shortly before FC's deadline, so that an answer still leaves. Headers that FC
// reserves are dropped, and so are the longest ones if they exceed 8 KB
// together; several values of a header are joined by ", ".
func HTTP(handler http.Handler, o Options) Handler {
	return func(ctx context.Context, event []byte) (any, error) {
		ctx, inv := enter(ctx, o.Credentials)
		ctx, cancel := beforeDeadline(ctx)
		defer cancel()
		rec := &recorder{header: make(http.Header, 12), drop: func(names []string) {
			o.Log.Warn("response headers dropped, together over 8 KB", zap.String("requestId", inv.RequestID), zap.Strings("names", names))
		}}
		if len(event) > maxEvent {
			return rec.fault(inv, "", fault{Status: http.StatusRequestEntityTooLarge, Code: "RequestTooLarge", Message: "The request is larger than 256 KB."}), nil
		}
		e, err := decodeHTTP(event)
		if err != nil {
			return rec.fault(inv, "", invalidEvent(err)), nil
		}
		r, err := e.request(ctx, inv.RequestID)
		if err != nil {
			return rec.fault(inv, e.host, invalidEvent(err)).forMethod(e.method), nil
		}
		return o.serve(handler, rec, r, inv), nil
	}
}

// serve runs the handler and turns a panic, or silence at the deadline, into a
// fault.
func (o Options) serve(handler http.Handler, rec *recorder, r *http.Request, inv *Invocation) (out *response) {
	host, method := r.Host, r.Method
	defer func() {
		if p := recover(); p != nil {
			o.logPanic(inv, p)
			out = rec.fault(inv, host, fault{
				Status: http.StatusInternalServerError, Code: "InternalError",
				Message:   "The request could not be answered because of an unexpected failure.",
				Recommend: "Look for the request id in the function's log.",
			}).forMethod(method)
		}
	}()
	handler.ServeHTTP(rec, r)
	if rec.status == 0 && errors.Is(r.Context().Err(), context.DeadlineExceeded) {
		rec.header.Set("Retry-After", "1")
		return rec.fault(inv, host, fault{
			Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable",
			Message: "The request could not be answered in the function's time.", Recommend: "Try again.",
		}).forMethod(method)
	}
	return rec.response(method)
}

// beforeDeadline keeps a tenth of the time that is left, at most half a
// second, for the answer's way out.
func beforeDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	at, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	d := &deadline{Context: ctx, at: at.Add(-min(time.Until(at)/10, 500*time.Millisecond))}
	return d, d.end
}

// fault is an error of this package's own, answered in E-HPC's shape.
type fault struct {
	Status    int
	Code      string
	Message   string
	Recommend string
}

func invalidEvent(err error) fault {
	return fault{
		Status: http.StatusBadRequest, Code: "InvalidEvent", Message: "Not an HTTP request: " + err.Error() + ".",
		Recommend: `Call the function through its HTTP trigger, or invoke it with an event such as {"rawPath":"/v1/status","requestContext":{"http":{"method":"GET"}}}.`,
	}
}

// fault replaces whatever was recorded, but for a Retry-After.
func (r *recorder) fault(inv *Invocation, host string, f fault) *response {
	body, _ := json.Marshal(struct { // strings only: cannot fail
		RequestID string `json:"RequestId"`
		HostID    string `json:"HostId"`
		Code      string
		Message   string
		Recommend string
	}{inv.RequestID, host, f.Code, f.Message, f.Recommend})
	headers := map[string]string{"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
	if after := r.header.Get("Retry-After"); after != "" && f.Status == http.StatusServiceUnavailable {
		headers["Retry-After"] = after
	}
	return &response{StatusCode: f.Status, Headers: headers, Body: string(body) + "\n"}
}

// forMethod takes the body from an answer to HEAD.
func (r *response) forMethod(method string) *response {
	if method == http.MethodHead {
		r.Body = ""
	}
	return r
}
