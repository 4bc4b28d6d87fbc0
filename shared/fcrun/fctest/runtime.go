package fctest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// maxPayload is FC's limit for a synchronous answer.
const maxPayload = 32 << 20

// routes is the runtime API as the FC SDK speaks it.
func (i *instance) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2020-11-11/runtime/invocation/next", i.next)
	mux.HandleFunc("POST /2020-11-11/runtime/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) {
		i.answer(w, r, func(body []byte) Response { return Response{Payload: body} })
	})
	mux.HandleFunc("POST /2020-11-11/runtime/invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) {
		i.answer(w, r, func(body []byte) Response { return Response{Error: functionError(body)} })
	})
	return mux
}

// next waits for an invocation and hands it out.
func (i *instance) next(w http.ResponseWriter, r *http.Request) {
	i.first.Do(func() { close(i.ready) })
	select {
	case inv := <-i.queue:
		describe(w.Header(), inv)
		_, _ = w.Write(inv.call.Event) // a process that cannot be reached has ended
	case <-r.Context().Done():
	case <-i.gone:
	}
}

// describe sets every header that FC sends with an event.
func describe(h http.Header, inv *invocation) {
	o := inv.options
	seconds := int((o.Timeout + time.Second - 1) / time.Second)
	for name, value := range map[string]string{
		"request-id":        inv.call.RequestID,
		"function-deadline": strconv.FormatInt(inv.call.Deadline.UnixMilli(), 10),
		"function-timeout":  strconv.Itoa(seconds),
		"function-type":     "0",
		"function-name":     o.Name,
		"function-handler":  o.Name,
		"function-memory":   strconv.Itoa(o.Memory),
		"region":            o.Region,
		"account-id":        o.AccountID,
		"qualifier":         "LATEST",
		"version-id":        "",
		"retry-count":       strconv.Itoa(inv.call.RetryCount),
		"access-key-id":     o.Credentials.AccessKeyID,
		"access-key-secret": o.Credentials.AccessKeySecret,
		"security-token":    o.Credentials.SecurityToken,
	} {
		h.Set("x-fc-"+name, value)
	}
	h.Set("Content-Type", "application/octet-stream")
}

// answer takes what the process posts about one of its invocations.
func (i *instance) answer(w http.ResponseWriter, r *http.Request, outcome func(body []byte) Response) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	var tooLarge *http.MaxBytesError
	if err != nil && !errors.As(err, &tooLarge) {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	inv := i.take(r.PathValue("id"))
	switch {
	case inv == nil:
		http.Error(w, "no such invocation is in flight", http.StatusNotFound)
		return
	case tooLarge != nil:
		inv.answered <- Response{Error: &FunctionError{Type: TooLarge, Message: "the answer is larger than 32 MB"}}
	default:
		inv.answered <- outcome(body)
	}
	w.WriteHeader(http.StatusOK)
}

func functionError(body []byte) *FunctionError {
	e := &FunctionError{}
	if err := json.Unmarshal(body, e); err != nil {
		return &FunctionError{Type: "Unknown", Message: string(body)}
	}
	return e
}
