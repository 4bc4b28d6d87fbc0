package fcrun

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"community-images/shared/apierror"

	"go.uber.org/zap"
)

// maxEvent bounds an event, in bytes. FC accepts 8 KB of headers and 4 KB of path and
// query; the rest is a body, and no route takes a large one.
const maxEvent = 256 << 10

// The codes of errors that are found before or after the handler.
const (
	codeRequestTooLarge  = "RequestTooLarge"
	codeResponseTooLarge = "ResponseTooLarge"
	codeInvalidEvent     = "InvalidEvent"
	codeInternal         = "InternalError"
	codeTimeout          = "ServiceUnavailable"
)

// HTTP returns a Handler that serves an http.Handler behind an HTTP trigger. The
// response always has the full shape and is never a function error: an event that is
// not an HTTP request is answered with 400, a panic with 500.
//
// The request has the invocation's id in RequestIDHeader. Its context ends shortly
// before FC's deadline, so that a response can still be sent. Headers that FC reserves
// are dropped, and so are the longest headers if all exceed 8 KB together. Several
// values of a header are joined by ", ".
func HTTP(handler http.Handler, o Options) Handler {
	return func(ctx context.Context, event []byte) (any, error) {
		ctx, inv := beginInvocation(ctx, o.Credentials)
		ctx, cancel := beforeDeadline(ctx)
		defer cancel()
		// A usual answer has 8 to 11 headers.
		rec := &recorder{header: make(http.Header, 12), onDrop: func(names []string) {
			o.Log.Warn("response headers dropped, together over 8 KB",
				zap.String("requestId", inv.RequestID), zap.Strings("names", names))
		}}
		// Check the size before anything is decoded.
		if len(event) > maxEvent {
			return rec.errorResponse(inv, "", apierror.New(http.StatusRequestEntityTooLarge, codeRequestTooLarge,
				"The request is larger than 256 KB.", "")), nil
		}
		e, err := decodeHTTP(event)
		if err != nil {
			return rec.errorResponse(inv, "", invalidEvent(err)), nil
		}
		r, err := e.request(ctx, inv.RequestID)
		if err != nil {
			return rec.errorResponse(inv, e.host, invalidEvent(err)).forMethod(e.method), nil
		}
		return o.serve(handler, rec, r, inv), nil
	}
}

// serve runs the handler. It answers with an error if the handler panics or has not
// written anything at the deadline.
func (o Options) serve(handler http.Handler, rec *recorder, r *http.Request, inv *Invocation) (out *response) {
	// The handler may change the request; the error must name what was asked.
	host, method := r.Host, r.Method
	defer func() {
		if p := recover(); p != nil {
			o.logPanic(inv, p)
			out = rec.errorResponse(inv, host, apierror.New(http.StatusInternalServerError, codeInternal,
				"The request could not be answered because of an unexpected failure.",
				"Look for the request id in the function's log.")).forMethod(method)
		}
	}()
	handler.ServeHTTP(rec, r)
	// Nothing was written and the time is over: the caller gets a 503 that can be
	// retried. An answer that was begun is sent as it is.
	if rec.status == 0 && errors.Is(r.Context().Err(), context.DeadlineExceeded) {
		late := apierror.New(http.StatusServiceUnavailable, codeTimeout,
			"The request could not be answered in the function's time.", "Try again.")
		late.RetryAfter = 1
		return rec.errorResponse(inv, host, late).forMethod(method)
	}
	out, tooLarge := rec.response(method)
	if tooLarge != nil {
		return rec.errorResponse(inv, host, tooLarge)
	}
	return out
}

// beforeDeadline returns a context that ends before the deadline of ctx. It leaves a
// tenth of the remaining time, at most half a second, for sending the response.
func beforeDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	at, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, at.Add(-min(time.Until(at)/10, 500*time.Millisecond)))
}

// invalidEvent is the error for an event that is not an HTTP request.
func invalidEvent(err error) *apierror.Error {
	return apierror.New(http.StatusBadRequest, codeInvalidEvent, "Not an HTTP request: "+err.Error()+".",
		`Call the function through its HTTP trigger, or invoke it with an event such as `+
			`{"rawPath":"/v1/status","requestContext":{"http":{"method":"GET"}}}.`)
}

// errorResponse returns an error as the response. It replaces whatever was recorded.
func (r *recorder) errorResponse(inv *Invocation, host string, e *apierror.Error) *response {
	headers := map[string]string{"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
	if e.RetryAfter > 0 {
		headers["Retry-After"] = strconv.Itoa(e.RetryAfter)
	}
	body := append(e.AppendJSON(nil, inv.RequestID, host), '\n')
	return &response{StatusCode: e.Status, Headers: headers, Body: string(body)}
}

// forMethod removes the body of an answer to HEAD.
func (r *response) forMethod(method string) *response {
	if method == http.MethodHead {
		r.Body = ""
	}
	return r
}
