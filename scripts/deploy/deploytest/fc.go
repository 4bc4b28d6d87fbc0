package deploytest

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"community-images/shared/fcrun/fctest"
)

// serveFC serves InvokeFunction.
func (c *Cloud) serveFC(w http.ResponseWriter, r *http.Request) {
	action, body, ok := c.readCall(w, r, "2023-03-30")
	if !ok {
		return
	}
	name, isInvoke := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/2023-03-30/functions/"), "/invocations")
	isSync := r.Method == http.MethodPost && r.Header.Get("X-Fc-Invocation-Type") == "Sync"
	if action != "InvokeFunction" || !isInvoke || !isSync {
		respondError(w, http.StatusNotFound, "InvalidAction.NotFound", noSuchAction)
		return
	}
	f, err := c.startFunction(name)
	var response fctest.Response
	if err == nil {
		response, err = f.Invoke(r.Context(), body)
	}
	var missing *apiError
	switch {
	case errors.As(err, &missing):
		respondError(w, missing.status, missing.code, missing.message)
	case err != nil:
		response.Error = &fctest.FunctionError{Type: "FunctionNotStarted", Message: err.Error()}
		fallthrough
	case response.Error != nil:
		w.Header().Set("X-Fc-Error-Type", response.Error.Type)
		respond(w, response.Error)
	default:
		_, _ = w.Write(response.Payload) // fails if the client has gone away
	}
}

// startFunction starts a function, unless it is running.
func (c *Cloud) startFunction(name string) (*fctest.Function, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.funcs[name]
	if f == nil {
		return nil, newError(http.StatusNotFound, "FunctionNotFound", "function %q does not exist", name)
	}
	if f.running == nil {
		running, err := fctest.Start(context.Background(), f.binary, f.options)
		if err != nil {
			return nil, err
		}
		f.running = running
	}
	return f.running, nil
}
