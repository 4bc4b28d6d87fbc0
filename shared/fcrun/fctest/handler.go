package fctest

import (
	"encoding/json"
	"errors"
	"net/http"
)

// FC's limits of a request through an HTTP trigger, in bytes.
const (
	maxHeaders = 8 << 10
	maxTarget  = 4 << 10
)

// HTTPHandler is FC's HTTP trigger in front of the function: it makes an event
// of each request and HTTP of each answer, keeps to FC's limits, and answers
// 502 for the function where that fails to answer in the documented shape.
func (f *Function) HTTPHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := NewRequestID()
		w.Header().Set("X-Fc-Request-Id", id)
		r.Body = http.MaxBytesReader(w, r.Body, maxPayload)
		if headerBytes(r.Header) > maxHeaders || len(r.RequestURI) > maxTarget {
			platformError(w, id, http.StatusBadRequest, "InvalidArgument", "the headers exceed 8 KB or the path and query 4 KB")
			return
		}
		event, err := HTTPEvent(r, id)
		if err != nil {
			platformError(w, id, http.StatusBadRequest, "InvalidArgument", err.Error())
			return
		}
		response, err := f.Do(r.Context(), Call{Event: event, RequestID: id})
		if err == nil && response.Error != nil {
			w.Header().Set("X-Fc-Error-Type", response.Error.Type)
			err = response.Error
		}
		var out HTTPResponse
		if err == nil {
			out, err = ParseHTTPResponse(response.Payload)
		}
		if err == nil && headerBytes(multi(out.Headers)) > maxHeaders {
			err = errors.New("the headers of the answer exceed 8 KB")
		}
		if err != nil {
			platformError(w, id, http.StatusBadGateway, "BadResponse", err.Error())
			return
		}
		for name, value := range out.Headers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(out.Status)
		_, _ = w.Write(out.Body) // a client that has gone away
	})
}

func headerBytes(h http.Header) (n int) {
	for name, values := range h {
		for _, value := range values {
			n += len(name) + len(value)
		}
	}
	return n
}

func multi(single map[string]string) http.Header {
	h := make(http.Header, len(single))
	for name, value := range single {
		h[name] = []string{value}
	}
	return h
}

// platformError is an answer of FC itself.
func platformError(w http.ResponseWriter, id string, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"RequestId": id, "ErrorCode": code, "ErrorMessage": message})
}
